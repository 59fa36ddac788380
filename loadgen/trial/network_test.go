package trial

import (
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"pushbench/loadgen/lab"
	"pushbench/scenarios"
)

const milli = time.Millisecond

// What a treatment asks for is what the lab is to make.
func TestConditions(t *testing.T) {
	fourG := lab.Profiles["4g"]
	fourG.Congestion = "reno"
	for _, test := range []struct {
		asked scenarios.Network
		want  lab.Conditions
	}{
		{scenarios.Network{}, lab.Conditions{}},
		{scenarios.Network{Profile: "none", RTT: 20 * milli, Jitter: 5 * milli, Reorder: true, Loss: 0.01, Bandwidth: 1e6, Congestion: "bbr"},
			lab.Conditions{RTT: 20 * milli, Jitter: 5 * milli, Reorder: true, Loss: 0.01, Down: 1e6, Up: 1e6, Congestion: "bbr"}},
		{scenarios.Network{Profile: "4g", Congestion: "reno"}, fourG},
	} {
		got, err := Config{Treatment: scenarios.Treatment{Network: test.asked}}.conditions()
		if err != nil || got != test.want {
			t.Errorf("%+v: %+v, %v; want %+v", test.asked, got, err, test.want)
		}
	}
}

// How long to wait on paths whose times can be reckoned by hand.
func TestTimesOfPaths(t *testing.T) {
	for _, test := range []struct {
		name                          string
		path                          lab.Conditions
		queueing, recovery, stillness time.Duration
	}{
		{"nothing", lab.Conditions{}, 0, 0, 50 * milli},
		{"near", lab.Conditions{RTT: 20 * milli}, 0, 0, (40 + 10 + 10) * milli},
		{"far", lab.Conditions{RTT: 100 * milli}, 0, 0, (100 + 50 + 10) * milli},
		{"beyond what an acknowledgement waits", lab.Conditions{RTT: 300 * milli}, 0, 0, (200 + 150 + 10) * milli},
		{"unsteady", lab.Conditions{RTT: 20 * milli, Jitter: 20 * milli}, 0, 0, (40 + 20 + 10) * milli},
		{"losing", lab.Conditions{RTT: 20 * milli, Loss: 0.01}, 0, 31 * time.Second, (40 + 10 + 10) * milli},
		// A queue of 64 KiB and a packet beside it, 0.5363 s; the packet alone 12 milli.
		{"narrow", lab.Conditions{RTT: 20 * milli, Down: 1e6, Up: 4e6}, 536288 * time.Microsecond, 31 * time.Second, (40 + 10 + 10 + 12) * milli},
		{"narrow upwards", lab.Conditions{Up: 100e3, Queue: 98_500}, 8 * time.Second, 31 * 8200 * milli, 50 * milli},
	} {
		if got := queueing(test.path); got.Round(time.Microsecond) != test.queueing {
			t.Errorf("%s: a packet queues for %v, want %v", test.name, got, test.queueing)
		}
		if got := recovery(test.path); got.Round(milli) != test.recovery {
			t.Errorf("%s: recovery takes %v, want %v", test.name, got, test.recovery)
		}
		if got := stillness(test.path); got.Round(milli) != test.stillness {
			t.Errorf("%s: still for %v, want %v", test.name, got, test.stillness)
		}
	}
}

// Connections are not set up faster than a quarter of a narrow path can carry.
func TestDialsOver(t *testing.T) {
	for _, test := range []struct {
		path    lab.Conditions
		payload int
		tls     bool
		want    float64
	}{
		{lab.Conditions{RTT: 100 * milli, Loss: 0.05}, 200, false, math.Inf(1)},
		{lab.Conditions{Down: 1e6, Up: 1e6}, 1000, false, 0.25 * 125_000 / 2000},
		{lab.Conditions{Down: 8e6, Up: 1e6}, 1000, false, 0.25 * 125_000 / 2000},
		{lab.Conditions{Down: 1e6}, 1000, true, 0.25 * 125_000 / 5000},
	} {
		got := dialsOver(test.path, scenarios.Treatment{Payload: test.payload, TLS: test.tls})
		if math.Abs(got/test.want-1) > 1e-9 {
			t.Errorf("%+v: %v dials a second, want %v", test.path, got, test.want)
		}
	}
}

// On loopback nothing is as it would be over a path; over one a mark waits for
// the path and the kernel, except where heartbeats leave no time for that.
func TestPlanOverPath(t *testing.T) {
	plan := func(transport string, n int, path scenarios.Network, still time.Duration) plan {
		t.Helper()
		c := Config{Treatment: scenarios.Treatment{Transport: transport, Subscribers: n, Network: path}, Warmup: time.Second, Measure: time.Second, still: still}
		p, err := c.plan()
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	burst := Config{Treatment: scenarios.Treatment{Subscribers: 50}}.burst()
	if p := plan("ws", 50, scenarios.Network{}, 0); p.Emulated || p.trip != 0 || p.slack != burst || p.Still != 0 || p.dialRate != 1000 {
		t.Errorf("on loopback: %+v", p)
	}
	if p := plan("ws", 50, scenarios.Network{}, 3*milli); p.Still != 3*milli {
		t.Errorf("still for %v on loopback, want what was asked for", p.Still)
	}
	path := scenarios.Network{RTT: 100 * milli}
	if p := plan("ws", 50, path, 3*milli); !p.Emulated || p.trip != 100*milli || p.slack != 400*milli+burst || p.Still != 160*milli || p.dialRate != 1000 || p.Mark1 != time.Second {
		t.Errorf("over 100 milli: %+v", p)
	}
	if p := plan("ws", 50, path, time.Second); p.Still != time.Second {
		t.Errorf("still for %v, want what was asked for", p.Still)
	}
	for _, test := range []struct {
		n     int
		still time.Duration
	}{{2, 160 * milli}, {3, 0}} {
		if p := plan("ws?ping=1s&pong=1s", test.n, path, 0); p.Still != test.still {
			t.Errorf("%d connections with a heartbeat a second: still for %v, want %v", test.n, p.Still, test.still)
		}
	}
	narrow := plan("ws", 50, scenarios.Network{Bandwidth: 1e6}, 0)
	if want := 0.25 * 125_000 / 1000; math.Abs(narrow.dialRate-want) > 1e-9 || narrow.connect != time.Duration(50/want*float64(time.Second)) {
		t.Errorf("over 1 Mbit/s: %v dials a second, %v in all", narrow.dialRate, narrow.connect)
	}

	over := Config{Treatment: scenarios.Treatment{Transport: "ws", Subscribers: 50}, Measure: time.Second}
	usual := over.Estimate()
	over.Treatment.Network = path
	if got, want := over.Estimate()-usual, linkTime+600*milli+480*milli; got != want {
		t.Errorf("a path takes %v more, want %v", got, want)
	}
}

// A longer, narrower or worse path is waited for no less.
func TestTimesGrow(t *testing.T) {
	widths := []float64{0, 100e6, 1e6, 100e3} // the first has no limit
	narrower := func(a, b float64) float64 {
		return widths[max(slices.Index(widths, a), slices.Index(widths, b))]
	}
	rapid.Check(t, func(t *rapid.T) {
		draw := func(name string) lab.Conditions {
			c := lab.Conditions{RTT: time.Duration(rapid.Int64Range(0, int64(300*milli)).Draw(t, name+" rtt"))}
			c.Jitter = time.Duration(rapid.Int64Range(0, int64(c.RTT)).Draw(t, name+" jitter"))
			c.Loss = rapid.SampledFrom([]float64{0, 0.01, 0.05}).Draw(t, name+" loss")
			c.Down = rapid.SampledFrom(widths).Draw(t, name+" down")
			c.Up = rapid.SampledFrom(widths).Draw(t, name+" up")
			return c
		}
		a, b := draw("a"), draw("b")
		b.RTT, b.Jitter, b.Loss = max(a.RTT, b.RTT), max(a.Jitter, b.Jitter), max(a.Loss, b.Loss)
		b.Down, b.Up = narrower(a.Down, b.Down), narrower(a.Up, b.Up)
		if stillness(a) > stillness(b) || recovery(a) > recovery(b) || stillness(a) < 50*milli || stillness(a) > time.Second {
			t.Errorf("%+v: %v and %v; %+v: %v and %v", a, stillness(a), recovery(a), b, stillness(b), recovery(b))
		}
	})
}
