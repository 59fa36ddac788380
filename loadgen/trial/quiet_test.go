package trial

import (
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"pushbench/scenarios"
)

// Connections are dialled as slowly as it takes for their heartbeats to have
// every phase alike, and no faster than others.
func TestSpread(t *testing.T) {
	for _, test := range []struct {
		n    int
		beat time.Duration
		most float64
		want float64
	}{
		{50, time.Second, 1000, 50},
		{50, 5 * time.Second, 1000, 10},
		{50, 0, 1000, 1000},
		{2000, time.Second, 1000, 1000},
		{1500, time.Second, 1000, 750}, // two heartbeats, not one and a half
	} {
		if got := spread(test.n, test.beat, test.most); math.Abs(got-test.want) > 1e-9*test.want {
			t.Errorf("%d connections with a heartbeat every %v are dialled at %v/s, not %v/s", test.n, test.beat, got, test.want)
		}
	}
	rapid.Check(t, func(rt *rapid.T) {
		n := rapid.IntRange(1, 1_000_000).Draw(rt, "connections")
		beat := time.Duration(rapid.Int64Range(1, int64(time.Hour)).Draw(rt, "beat"))
		rate := spread(n, beat, 1000)
		beats := float64(n) / rate / beat.Seconds()
		if !(rate > 0) || rate > 1000*(1+1e-9) || math.Abs(beats-math.Round(beats)) > 1e-6*beats || beats < 1-1e-9 {
			rt.Errorf("%d connections at %v/s take %v heartbeats of %v", n, rate, beats, beat)
		}
	})
}

// A trial with a fault dials over a heartbeat, and is estimated with what comes
// after the marks; without one, nothing has changed.
func TestPlanOfFault(t *testing.T) {
	c := Config{
		Treatment: scenarios.Treatment{Transport: "ws?ping=2s", Subscribers: 50},
		Warmup:    time.Second, Measure: 5 * time.Second,
	}
	without, err := c.plan()
	if err != nil {
		t.Fatal(err)
	}
	usual := c.Estimate()
	c.Treatment.Fault = scenarios.NoFault
	if none, err := c.plan(); err != nil || none.connect != without.connect || c.Estimate() != usual {
		t.Errorf("with fault none %+v, %v; want %+v", none, err, without)
	}
	c.Treatment.Fault = scenarios.FleetStops
	with, err := c.plan()
	if err != nil {
		t.Fatal(err)
	}
	if with.connect != 2*time.Second || with.Rhythm.Beat != 2*time.Second || without.connect != 50*time.Millisecond {
		t.Errorf("dials take %v, without a fault %v", with.connect, without.connect)
	}
	// Over a narrow path as well it is a whole number of heartbeats: 31 dials a second
	// make 1.6 s of 50, and with 21 it is 2.4.
	for bandwidth, want := range map[float64]time.Duration{1e6: 2 * time.Second, 0.68e6: 4 * time.Second} {
		narrow := c
		narrow.Treatment.Network.Bandwidth = bandwidth
		if p, err := narrow.plan(); err != nil || p.connect != want {
			t.Errorf("over %v bit/s dials take %v, %v; want %v", bandwidth, p.connect, err, want)
		}
	}
	if got, want := c.Estimate()-usual, 1950*time.Millisecond+time.Second+5*time.Second; got != want {
		t.Errorf("a fault takes %v more, not %v", got, want)
	}
}
