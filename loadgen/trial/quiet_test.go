package trial

import (
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"pushbench/results"
	"pushbench/scenarios"
	"pushbench/servers/control"
	"pushbench/servers/wire"
)

// Times count from the fault to the end of the window; what comes later was not
// noticed, and what had ended before could not notice.
func TestNotices(t *testing.T) {
	const second = int64(time.Second)
	for _, test := range []struct {
		name  string
		of    int
		ended []int64 // s, the fault at 100 and the window 10 long
		want  []int64
		share float64
	}{
		{"none", 4, nil, nil, 0},
		{"all", 4, []int64{100, 101, 105, 110}, []int64{0, 1, 5, 10}, 1},
		{"some too late", 4, []int64{101, 103, 111, 200}, []int64{1, 3}, 0.5},
		{"one before", 4, []int64{99, 101, 103}, []int64{1, 3}, 2. / 3},
		{"one more", 5, []int64{101}, []int64{1}, 0.2},
		{"all before", 4, []int64{1, 2, 3, 4}, nil, math.NaN()},
	} {
		t.Run(test.name, func(t *testing.T) {
			o := &observation{config: Config{Measure: 10 * time.Second}}
			o.config.Treatment.Subscribers = 4
			n := notice{end: "server", of: test.of}
			for _, at := range test.ended {
				n.ended = append(n.ended, at*second)
			}
			o.silence = silence{began: 100 * second, notices: []notice{n}}
			trial := &results.Trial{Metrics: map[string]results.Metric{}, Hists: map[string]*results.Hist{}}
			o.measureFault(trial)
			h := trial.Hists["notice/server"]
			sum := int64(0)
			for _, s := range test.want {
				sum += s
			}
			if h.N() != int64(len(test.want)) || h.Sum() != float64(sum*second) || h.Dropped() != 0 {
				t.Errorf("%d noticed after %v s in all, want %v", h.N(), h.Sum()/1e9, test.want)
			}
			share, ok := trial.Metrics["notice/server-share"]
			if ok != !math.IsNaN(test.share) || ok && (math.Abs(share.Value-test.share) > 1e-9 || share.Unit != "1") {
				t.Errorf("the share is %+v, %v, not %v", share, ok, test.share)
			}
		})
	}
	o := new(observation)
	trial := &results.Trial{Metrics: map[string]results.Metric{}, Hists: map[string]*results.Hist{}}
	if o.measureFault(trial); len(trial.Metrics)+len(trial.Hists) > 0 {
		t.Errorf("a trial without a fault measures %v and %v", trial.Metrics, trial.Hists)
	}
}

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
	if with.connect != 2*time.Second || with.beat != 2*time.Second || without.connect != 50*time.Millisecond {
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

// What a connection of a quiet feed costs: heartbeats by the clock, polls by
// trial time, which rests while the ends settle.
func TestQuietCosts(t *testing.T) {
	for _, test := range []struct {
		transport string
		seconds   float64 // 100 s between the fleet's readings, 50 s of trial time
	}{
		{"ws", 100}, {"poll?interval=1s", 50},
	} {
		c := Config{Treatment: scenarios.Treatment{Transport: test.transport, Subscribers: 10, Fault: scenarios.FleetStops}, Warmup: time.Second, Measure: 49 * time.Second}
		p, err := c.plan()
		if err != nil {
			t.Fatal(err)
		}
		if p.interval == 0 {
			p.mark2 = p.mark1 + 50*time.Second
		}
		o := &observation{config: c, plan: p}
		o.after.fleet.At, o.after.at = 100e9, 80e9
		o.after.fleet.Counts = wire.Counts{BytesRead: 2000, BytesWritten: 6000}
		o.after.fleet.TCP = wire.TCP{BytesReceived: 2000, BytesSent: 6000}
		o.after.server.Usage = control.Usage{User: 0.6, System: 0.2}
		trial := &results.Trial{Metrics: map[string]results.Metric{}}
		o.measureQuiet(trial)
		cpuSeconds := 80.
		if p.interval > 0 {
			cpuSeconds = 50
		}
		for metric, want := range map[string]results.Metric{
			"idle/bytes/down": {Value: 200 / test.seconds, Unit: "B/s"},
			"idle/bytes/up":   {Value: 600 / test.seconds, Unit: "B/s"},
			"idle/total/down": {Value: 200 / test.seconds, Unit: "B/s"},
			"idle/total/up":   {Value: 600 / test.seconds, Unit: "B/s"},
			"idle/server-cpu": {Value: 0.08 / cpuSeconds, Unit: "1"},
		} {
			if got := trial.Metrics[metric]; got.Unit != want.Unit || math.Abs(got.Value-want.Value) > 1e-9*want.Value {
				t.Errorf("%s: %s is %+v, not %+v", test.transport, metric, got, want)
			}
		}
	}
}
