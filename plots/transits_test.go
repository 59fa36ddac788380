package main

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"gonum.org/v1/plot/vg"

	"pushbench/results"
	"pushbench/scenarios"
)

// formOf is the closed form of a treatment in a run that measured for 10 s.
func formOf(levels results.Treatment) freshForm {
	run := &results.Run{Header: results.Header{Plan: results.Planned{Measure: 10 * time.Second}}}
	return (&report{run: run}).freshForm(levels)
}

// The closed forms by their known answers, in ms.
func TestFreshForms(t *testing.T) {
	nan := math.NaN()
	for _, c := range []struct {
		transport, arrivals string
		rtt, rate           float64 // ms, 1/s
		want                float64 // ms
	}{
		{"ws", "poisson", 100, 40, 50},
		{"sse?heartbeat=15s", "poisson", 100, 40, 50},
		{"ws?batch=on#twin", "constant", 100, 40, 50},
		{"poll", "poisson", 100, 4, 550},
		{"poll?interval=1s", "poisson", 100, 4, 550},
		{"poll?interval=250ms#late", "poisson", 100, 4, 175},
		{"poll?interval=100ms", "poisson", 90, 4, 95},
		{"poll?interval=100ms", "poisson", 100, 4, 150}, // every other slot passes while a poll is out
		{"poll?interval=100ms", "poisson", 250, 4, 275},
		{"poll?interval=1s&pace=after", "poisson", 100, 4, 600},
		{"poll?interval=100ms&keepalive=off", "poisson", 60, 4, 130}, // a poll takes two trips

		// As the predictions have it that were written down before any run.
		{"longpoll", "poisson", 100, 1, 55.0},
		{"longpoll", "poisson", 100, 4, 68.7},
		{"longpoll", "poisson", 100, 10, 86.6},
		{"longpoll?batch=on", "poisson", 100, 40, 99.8},
		{"longpoll", "poisson", 50, 10, 36.3},
		{"longpoll", "poisson", 200, 1, 119.6},
		{"longpoll", "poisson", 0, 10, 0},
		{"longpoll?batch=off", "poisson", 100, 5, 100}, // a load of one half doubles it
		{"longpoll?batch=off", "poisson", 100, 10, nan},
		{"longpoll?batch=off", "poisson", 200, 40, nan},

		{"longpoll", "constant", 250, 4, 125},
		{"longpoll?batch=off", "constant", 240, 4, 120},
		{"longpoll?batch=off", "constant", 300, 4, 150 + 39./2*50},
		// Every 300 ms an answer, at which events have waited for 0, 50, 100, 150, 200
		// or 250 ms; of 40 the last four for 0, 50, 100 and 150.
		{"longpoll", "constant", 300, 4, 150 + (6*750+300)/40.},
		{"longpoll", "constant", 500, 4, 250 + 125},
	} {
		form := formOf(results.Treatment{"transport": c.transport, "arrivals": c.arrivals, "rtt": "50ms", "loss": "0%", "bandwidth": "unlimited", "network": "none"})
		if form == nil {
			t.Errorf("%s has no closed form", c.transport)
			continue
		}
		if got := form(c.rtt/1e3, c.rate) * 1e3; math.Abs(got-c.want) > 0.06 || math.IsNaN(got) != math.IsNaN(c.want) {
			t.Errorf("%s, %s arrivals at %v/s, RTT %v ms: %.2f ms, want %v", c.transport, c.arrivals, c.rate, c.rtt, got, c.want)
		}
	}
}

// Where the path or the transport has another rule, there is none.
func TestNoFreshForm(t *testing.T) {
	for _, levels := range []results.Treatment{
		{"transport": "ws", "loss": "1%"},
		{"transport": "ws", "jitter": "5ms"},
		{"transport": "ws", "bandwidth": "1Mbps"},
		{"transport": "ws", "network": "4g"},
		{"transport": "ws", "want": "latest"},
		{"transport": "ws?batch=10ms"},
		{"transport": "longpoll?hold=1s"},
		{"transport": "carrier-pigeon"},
		{},
	} {
		if formOf(levels) != nil {
			t.Errorf("%v has a closed form", levels)
		}
	}
}

// A curve of the mean over a round trip has the closed forms under its points, one
// for all pushes; no other curve has any.
func TestClosedFormsOfCurves(t *testing.T) {
	r := inMemory(t, "testdata/rtt.yaml")
	at10 := map[string]string{"rate": "10/s"}
	for _, c := range []struct {
		name string
		plot scenarios.Plot
		thin int
	}{
		{"mean over rtt", scenarios.Plot{Kind: "curve", Of: "staleness/mean", Over: "rtt", Per: "transport", Where: at10}, 4},
		{"of one transport", scenarios.Plot{Kind: "curve", Of: "staleness/mean", Over: "rtt", Per: "rate", Where: map[string]string{"transport": "longpoll"}}, 2},
		{"mean over rate on a path", scenarios.Plot{Kind: "curve", Of: "staleness/mean", Over: "rate", Per: "transport", Where: map[string]string{"rtt": "50ms"}}, 4},
		{"mean over rate on none", scenarios.Plot{Kind: "curve", Of: "staleness/mean", Over: "rate", Per: "transport", Where: map[string]string{"rtt": "0ms"}}, 0},
		{"quantile", scenarios.Plot{Kind: "curve", Of: "staleness/p90", Over: "rtt", Per: "transport", Where: at10}, 0},
		{"ratio", scenarios.Plot{Kind: "curve", Of: "staleness/mean", By: "delivery/mean", Over: "rtt", Per: "transport", Where: at10}, 0},
		{"another metric", scenarios.Plot{Kind: "curve", Of: "server/cpu", Over: "rtt", Per: "transport", Where: at10}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, err := r.curve(c.plot)
			if err != nil {
				t.Fatal(err)
			}
			ch := d.chart.(*lineChart)
			thin := 0
			for _, s := range ch.Series {
				if s.Thin {
					thin++
				} else if s.Loose != (c.thin > 0) {
					t.Errorf("%s is tied by a line: %v", s.Name, !s.Loose)
				}
			}
			if thin != c.thin || (ch.Held != "") != (c.thin > 0) || strings.Contains(strings.Join(d.notes, " "), "Closed forms") != (c.thin > 0) {
				t.Errorf("%d closed forms, want %d; the key says %q, the caption %q", thin, c.thin, ch.Held, d.notes)
			}
		})
	}
}

// A bandwidth without limit stands beyond the others, and no line leads there.
func TestUnlimited(t *testing.T) {
	r := inMemory(t, "testdata/path.yaml")
	d, err := r.curve(scenarios.Plot{Kind: "curve", Of: "staleness/p90", Over: "bandwidth", Per: "transport", Where: map[string]string{"loss": "0%"}})
	if err != nil {
		t.Fatal(err)
	}
	ch := d.chart.(*lineChart)
	if last := ch.X.Ticks[len(ch.X.Ticks)-1]; last.Label != "unlimited" || !(last.Value > 10e6) || !ch.X.Log {
		t.Errorf("the axis ends at %+v, logarithmic %v", last, ch.X.Log)
	}
	for _, s := range ch.Series {
		if n := len(s.Points); n != 5 || finite(s.Points[3].Y) || !finite(s.Points[4].Y) || s.Points[4].X <= s.Points[2].X {
			t.Errorf("%s: %+v", s.Name, s.Points)
		}
	}
	for _, only := range [][]level{{{"1Mbps", 1e6}}, {{"1Mbps", 1e6}, {"2Mbps", 2e6}}} {
		for _, log := range []bool{false, true} {
			ls := r.withUnlimited("bandwidth", only, log)
			if beyond := ls[len(ls)-1]; beyond.Text != unlimited || !(beyond.Value > only[len(only)-1].Value) || !finite(beyond.Value) {
				t.Errorf("after %v comes %+v", only, beyond)
			}
		}
	}
}

// Points that lie upon each other stand side by side, in the order of their
// series, a hollow one around one of its shape; others stay where they are.
func TestSideBySide(t *testing.T) {
	named := func(name string, m marker, hollow bool) *series {
		return &series{Name: name, Style: style{Marker: m, Hollow: hollow}}
	}
	a, b, c := named("a", circle, false), named("b", square, false), named("c", triangle, false)
	twin, stray := named("a's twin", circle, true), named("stray", diamond, true)
	spot := func(s *series, y vg.Length) spotOf { return spotOf{series: s, at: vg.Point{X: 100, Y: y}} }
	for _, test := range []struct {
		name  string
		spots []spotOf
		room  vg.Length
		want  string // heaps from below, in each name@place
	}{
		{"apart", []spotOf{spot(a, 52), spot(b, 200)}, 50, "a@100 | b@100"},
		{"upon each other", []spotOf{spot(a, 52), spot(b, 200), spot(c, 50)}, 50, "a@96 c@104 | b@100"},
		{"three, touching one by one", []spotOf{spot(c, 60), spot(b, 50), spot(a, 55)}, 50, "c@92 b@100 a@108"},
		{"little room", []spotOf{spot(a, 50), spot(b, 50), spot(c, 50)}, 10, "a@95 b@100 c@105"},
		{"none", []spotOf{spot(a, 50), spot(b, 50)}, -3, "a@100 b@100"},
		{"a ring", []spotOf{spot(a, 50), spot(b, 50), spot(twin, 51)}, 50, "a@96 b@104 a's twin@96"},
		{"a ring around nothing", []spotOf{spot(a, 50), spot(stray, 51)}, 50, "a@96 stray@104"},
		{"a ring alone", []spotOf{spot(a, 50), spot(twin, 51)}, 50, "a@100 a's twin@100"},
	} {
		var said []string
		for _, heap := range heaps(test.spots) {
			spreadOut(heap, test.room)
			var names []string
			for _, s := range heap {
				names = append(names, fmt.Sprintf("%s@%.0f", s.Name, s.at.X))
			}
			said = append(said, strings.Join(names, " "))
		}
		if got := strings.Join(said, " | "); got != test.want {
			t.Errorf("%s: %s, want %s", test.name, got, test.want)
		}
	}
}
