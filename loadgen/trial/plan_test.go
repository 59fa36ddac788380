package trial

import (
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"pushbench/scenarios"
	"pushbench/servers/all"
	"pushbench/servers/feed"
)

func planOf(t testing.TB, transport string, warmup, measure time.Duration) plan {
	t.Helper()
	p, err := Config{Treatment: scenarios.Treatment{Transport: transport, Subscribers: 50}, Warmup: warmup, Measure: measure}.plan()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestPlan(t *testing.T) {
	const ms = time.Millisecond
	for _, test := range []struct {
		transport           string
		warmup, measure     time.Duration
		mark1, until, mark2 time.Duration
	}{
		{"ws", 100 * ms, 300 * ms, 100 * ms, 400 * ms, 400 * ms},
		{"ws", 0, 300 * ms, 0, 300 * ms, 300 * ms},
		{"longpoll?hold=5s", 100 * ms, 300 * ms, 100 * ms, 400 * ms, 400 * ms},
		{"poll?interval=100ms", 200 * ms, 300 * ms, 200 * ms, 500 * ms, 600 * ms},
		{"poll?interval=100ms", 200 * ms, 350 * ms, 200 * ms, 550 * ms, 700 * ms}, // a whole number of intervals
		{"poll?interval=1s", 100 * ms, 500 * ms, 1000 * ms, 1500 * ms, 3000 * ms}, // the warm-up is an interval long
		{"poll", 100 * ms, 5000 * ms, 1000 * ms, 6000 * ms, 7000 * ms},            // its default is 1s
	} {
		p := planOf(t, test.transport, test.warmup, test.measure)
		if p.Mark1 != test.mark1 || (p.Mark1+p.Window) != test.until || p.Mark2 != test.mark2 {
			t.Errorf("%s, %v and %v: marks at %v and %v, window %v to %v; want %+v",
				test.transport, test.warmup, test.measure, p.Mark1, p.Mark2, p.Mark1, p.Mark1+p.Window, test)
		}
		if p.connect != 50*ms {
			t.Errorf("%v to connect 50 subscribers, want 50ms", p.connect)
		}
	}
}

// What a poll brings of the time before the first mark it leaves of the time
// before the second, if the marks lie a whole number of intervals apart.
func TestPlanProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		duration := func(name string, low, high time.Duration) time.Duration {
			return time.Duration(rapid.Int64Range(int64(low), int64(high)).Draw(t, name))
		}
		interval := duration("interval in ms", 1, 3_600_000) * time.Millisecond
		measure := duration("measure", time.Millisecond, time.Hour)
		warmup := duration("warmup", 0, time.Hour)
		p, err := Config{Treatment: scenarios.Treatment{Transport: "poll?interval=" + interval.String()}, Warmup: warmup, Measure: measure}.plan()
		if err != nil {
			t.Fatal(err)
		}
		switch {
		case p.Mark1 < interval || p.Mark1 < warmup:
			t.Errorf("warm-up of %v; want %v, and an interval of %v", p.Mark1, warmup, interval)
		case (p.Mark2-p.Mark1)%interval != 0:
			t.Errorf("marks %v apart, which is no multiple of %v", p.Mark2-p.Mark1, interval)
		case p.Window != measure:
			t.Errorf("window %v to %v, want %v after %v", p.Mark1, p.Mark1+p.Window, measure, p.Mark1)
		case p.Mark2-p.Mark1-p.Window < interval:
			t.Errorf("the feed runs for %v after the window, want an interval of %v", p.Mark2-p.Mark1-p.Window, interval)
		case p.Mark2-p.Mark1-p.Window >= 2*interval:
			t.Errorf("the feed runs for %v after the window, which wastes intervals of %v", p.Mark2-p.Mark1-p.Window, interval)
		}
	})
}

// Treatments of a block do equal work: with one lead the events that are due in the
// window have the same numbers, at the same instants of trial time, whatever the
// transport; and every window is a whole one that begins after what each needs.
func TestTreatmentsDoEqualWork(t *testing.T) {
	for _, arrivals := range []string{"constant", "poisson"} {
		for block := 1; block <= 3; block++ {
			var trials []Config
			add := func(transport string) {
				trials = append(trials, Config{
					Treatment: scenarios.Treatment{Transport: transport, Subscribers: 50, Rate: 40, Arrivals: arrivals},
					Seed:      7, Block: block, Warmup: 500 * time.Millisecond, Measure: 4500 * time.Millisecond,
				})
			}
			for _, transport := range all.Transports {
				add(transport.Name)
			}
			add("poll?interval=700ms&pace=after")
			add("ws?ping=2s")
			lead := Lead(trials...)
			if lead != time.Second { // the interval of a poll that says nothing else
				t.Fatalf("a lead of %v, want 1s", lead)
			}
			var first []time.Duration
			for _, c := range trials {
				without, err := c.plan()
				if err != nil {
					t.Fatal(err)
				}
				c.Lead = lead
				p, err := c.plan()
				if err != nil {
					t.Fatal(err)
				}
				if p.Mark1 != lead || p.Mark1 < without.Mark1 || p.Window != c.Measure {
					t.Errorf("%s: window %v to %v", c.Treatment.Transport, p.Mark1, p.Mark1+p.Window)
				}
				due := scheduled(t, c, p)
				if first == nil {
					first = due
				}
				if !slices.Equal(due, first) || len(due) < 100 {
					t.Errorf("%s, %s, block %d: events are due at\n%v, and for %s at\n%v", c.Treatment.Transport, arrivals, block, due, trials[0].Treatment.Transport, first)
				}
			}
		}
	}
}

// What publishes nothing on schedule has no window that others have to share, and
// what cannot be run none at all.
func TestLead(t *testing.T) {
	ws := Config{Treatment: scenarios.Treatment{Transport: "ws", Rate: 1}, Warmup: time.Second}
	slow := Config{Treatment: scenarios.Treatment{Transport: "poll?interval=1m"}}
	quiet, memory, running := slow, slow, slow
	quiet.Treatment.Fault = scenarios.FleetStops
	memory.Steps = []int{1, 2}
	running.Treatment.Rate = 1
	for _, test := range []struct {
		trials []Config
		want   time.Duration
	}{
		{nil, 0},
		{[]Config{ws}, time.Second},
		{[]Config{ws, quiet, memory, {Treatment: scenarios.Treatment{Transport: "pigeon"}}}, time.Second},
		{[]Config{running, ws}, time.Minute},
	} {
		if got := Lead(test.trials...); got != test.want {
			t.Errorf("a lead of %v of %d trials, want %v", got, len(test.trials), test.want)
		}
	}
}

// Each subscriber has sent a message by the end of the warm-up, so that a second
// connection is there.
func TestPlanOfAnUplink(t *testing.T) {
	c := Config{Treatment: scenarios.Treatment{Transport: "poll?interval=100ms", Subscribers: 50, Uplink: 0.5}, Warmup: time.Second, Measure: time.Second}
	p, err := c.plan()
	if err != nil {
		t.Fatal(err)
	}
	if p.Mark1 != 2*time.Second || (p.Mark2-p.Mark1)%(100*time.Millisecond) != 0 {
		t.Errorf("marks at %v and %v, want the first at the end of a message's period of 2 s", p.Mark1, p.Mark2)
	}
	c.Treatment.Uplink = 100
	if p, _ := c.plan(); p.Mark1 != time.Second {
		t.Errorf("warm-up of %v, want 1s", p.Mark1)
	}
}

func TestPlanOfAnUnknownTransport(t *testing.T) {
	c := Config{Treatment: scenarios.Treatment{Transport: "pigeon"}}
	if _, err := c.plan(); err == nil || !strings.Contains(err.Error(), "pigeon") {
		t.Errorf("error %v", err)
	}
	if d := c.Estimate(); d != 0 {
		t.Errorf("estimate %v of what cannot be run", d)
	}
}

func TestEstimate(t *testing.T) {
	short := Config{Treatment: scenarios.Treatment{Transport: "ws", Subscribers: 50}, Warmup: time.Second, Measure: 5 * time.Second}
	if d := short.Estimate(); d < 6*time.Second || d > 7*time.Second {
		t.Errorf("%v, want a little more than the 6 s of trial time", d)
	}
	many := short
	many.Treatment.Subscribers = 2000
	if d := many.Estimate() - short.Estimate(); d != 1950*time.Millisecond {
		t.Errorf("1,950 more subscribers add %v, dialled at 1,000/s", d)
	}
}

// The server keeps what piles up, and what piled up has its time to come.
func TestBacklog(t *testing.T) {
	var p plan
	if p.ring() != feed.DefaultRing || p.backlogTime() != 0 {
		t.Errorf("%d events, %v; want the default and no time", p.ring(), p.backlogTime())
	}
	p.Saturate, p.Treatment.Rate, p.Mark2 = true, 10_000, 4*time.Second
	if got := p.ring(); got < 50_000 || got > 1<<20 {
		t.Errorf("room for %d of 40,000 events", got)
	}
	if got := p.backlogTime(); got < 40*time.Second {
		t.Errorf("%v for what piled up in 4 s", got)
	}
}

// Polls are prompt where each is answered before the next is due, whatever the path.
func TestPromptPolls(t *testing.T) {
	for _, test := range []struct {
		transport string
		trip      time.Duration
		loss      float64
		want      bool
	}{
		{"poll?interval=100ms", 99 * time.Millisecond, 0, true},
		{"poll?interval=100ms", 100 * time.Millisecond, 0, false},
		{"poll?interval=100ms", 0, 0.01, false},
		{"poll?interval=100ms&keepalive=off", 33 * time.Millisecond, 0, true},
		{"poll?interval=100ms&keepalive=off", 40 * time.Millisecond, 0, false},
		{"ws", 0, 0, false},
	} {
		p := planOf(t, test.transport, time.Second, time.Second)
		p.trip, p.Path.Loss = test.trip, test.loss
		if got := p.promptPolls(); got != test.want {
			t.Errorf("%s over %v, loss %v: prompt is %t", test.transport, test.trip, test.loss, got)
		}
	}
}
