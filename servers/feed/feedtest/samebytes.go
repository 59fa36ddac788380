package feedtest

import (
	"fmt"
	"math"
	"testing"
	"testing/synctest"
	"time"

	"pushbench/servers/feed"
	"pushbench/servers/wire"
)

// sameBytes: the same events cost the same bytes at any hour, on any port and
// however long the feed has run; but for what compression saves, which depends on
// the digits.
func (s suite) sameBytes(t *testing.T) {
	want := s.bytesOfThree(t, Config{}, 0)
	check := func(t *testing.T, c Config, before int) {
		t.Helper()
		if got := s.bytesOfThree(t, c, before); got != want {
			t.Errorf("three events cost %+v, not %+v", got, want)
		}
	}
	for _, before := range []int{1, 9, 12_345} {
		t.Run(fmt.Sprintf("after %d events", before), func(t *testing.T) { check(t, Config{}, before) })
	}
	for _, at := range []int64{math.MinInt64, -1, 0, 1, math.MaxInt64} {
		t.Run(fmt.Sprintf("at %d", at), func(t *testing.T) {
			clock := feed.ClockAt(at)
			check(t, Config{Clock: &clock}, 0)
		})
	}
	if loops(s.transport) {
		t.Run("in a loop", func(t *testing.T) { check(t, Config{Way: Way{Loop: true}}, 0) })
	}
	t.Run("short port", func(t *testing.T) { check(t, Config{Addr: shortPort}, 0) })
	for _, later := range []time.Duration{0, time.Hour, 300*24*time.Hour + 12*time.Hour + 34*time.Minute} {
		t.Run(fmt.Sprintf("%v later", later), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				<-time.After(later)
				check(t, Config{Addr: InMemory}, 0)
			})
		})
	}
}

// bytesOfThree is what it takes to subscribe to three events that follow the
// given number of others.
func (s suite) bytesOfThree(t *testing.T, c Config, before int) wire.Counts {
	t.Helper()
	c.Codec, c.Still = s.codec, true
	server := Serve(t, s.transport, c)
	server.Publish(before + 3)
	newest := server.Log.Newest()
	sub := server.NewSubscriber(uint64(before), s.knobs)
	counted := make(chan struct{})
	defer close(counted)
	sub.OnEvent = func(e feed.Event) {
		if e.Seq == newest {
			<-counted // before another request is sent
		}
	}
	sub.Start()
	sub.Await(newest)
	server.Rest(sub)
	counts := sub.Tally.Counts()
	counts.Reads, counts.Writes = 0, 0 // how the bytes are cut up is the kernel's business
	counts.BytesRead -= sub.Meter.CompressionDown.Load()
	counts.BytesWritten -= sub.Meter.CompressionUp.Load()
	return counts
}
