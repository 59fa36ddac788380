package wire_test

import (
	"math"
	"testing"
	"testing/synctest"
	"time"

	"pushbench/servers/feed/feedtest"
	"pushbench/servers/poll"
	"pushbench/servers/wire"
)

// What the heads of a poll with one event cost in steady state, request and
// answer together, frame headers included: over HTTP/2, whose table of fields
// (RFC 7541 §2.3) has had time to fill, beside the same over HTTP/1.1. The cursor
// differs in every request. Within a second the answer's Date is the same and
// takes a byte; at a poll a second and slower each answer has a new one.
//
// Numbers are bytes per poll, the mean over many: a field that has been crowded
// out of the table by cursors comes again in full.
func TestSteadyHeads(t *testing.T) {
	for _, c := range []struct {
		headers          string
		one              float64 // over HTTP/1.1
		sameSecond, date float64 // over HTTP/2
	}{
		{"minimal", 97 + 118, 59.2, 82.4},
		{"browser", 514 + 118, 72.3, 95.5},
		{"browser+cookie=1KB", 514 + 1024 + 118, 96.9, 120.1},
		{"lubbers2010", 716 + 194, 75.0, 99.2},
	} {
		t.Run(c.headers, func(t *testing.T) {
			check := func(what string, version2 bool, interval time.Duration, want float64) {
				up, down := steadyHeads(t, c.headers, version2, interval)
				t.Logf("%s: %.1f up and %.1f down, %.1f B", what, up, down, up+down)
				if got := up + down; math.Abs(got-want) > 1 {
					t.Errorf("%s a poll's heads take %.1f B, not %.1f", what, got, want)
				}
			}
			check("over HTTP/1.1", false, time.Millisecond, c.one)
			check("over HTTP/2, within a second", true, time.Millisecond, c.sameSecond)
			check("over HTTP/2, a second apart", true, time.Second, c.date)
		})
	}
}

// steadyHeads is the mean bytes of heads per poll, after as many polls as are
// measured.
func steadyHeads(t *testing.T, headers string, version2 bool, interval time.Duration) (up, down float64) {
	profile, err := wire.ParseProfile(headers)
	if err != nil {
		t.Fatal(err)
	}
	const polls = 400
	synctest.Test(t, func(t *testing.T) { // a second of it is exactly one of the Date's
		server := feedtest.Serve(t, poll.Transport, feedtest.Config{
			Addr:    feedtest.InMemory,
			Way:     feedtest.Way{HTTP2: version2},
			Profile: profile,
		})
		server.Publish(1)
		sub := server.Subscribe(0, "interval="+interval.String())
		synctest.Wait()
		run := func() (requests, up, down int64) {
			for range polls {
				server.Publish(1)
				<-time.After(interval)
				synctest.Wait()
			}
			return sub.Meter.Requests.Load(), sub.Headers.Up.Load(), sub.Headers.Down.Load()
		}
		n0, up0, down0 := run()
		n, up1, down1 := run()
		if n-n0 != polls {
			t.Fatalf("%d polls were sent, not %d", n-n0, polls)
		}
		server.Check(sub.Events(), 0, 2*polls+1)
		up, down = float64(up1-up0)/polls, float64(down1-down0)/polls
	})
	return up, down
}
