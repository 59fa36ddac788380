package main

import (
	"fmt"
	"strings"
	"testing"

	"gonum.org/v1/plot/vg"

	"pushbench/scenarios"
)

// What points are held against is drawn under them, one line for all that lie upon each
// other; without a reference there is none.
func TestReferences(t *testing.T) {
	r := inMemory(t, "testdata/rtt.yaml")
	for _, c := range []struct {
		mark, expr string
		thin       int
	}{{"points", "0.5 × rtt", 1}, {"points", "requests × 1s", 3}, {"points", "", 0}, {"line", "", 0}} {
		d, err := r.strokes(scenarios.Plot{Mark: c.mark, X: scenarios.Axis{Factor: "rtt"}, Y: expr("staleness/mean"), Per: []string{"transport"},
			Where: map[string]string{"rate": "10/s"}, Reference: scenarios.Choice{Expr: c.expr}})
		if err != nil {
			t.Fatal(err)
		}
		ch := d.chart.(*lineChart)
		thin := 0
		for _, s := range ch.Series {
			if s.Thin {
				thin++
			} else if s.Loose != (c.mark == "points") {
				t.Errorf("%s of %s is tied by a line: %v", c.mark, s.Name, !s.Loose)
			}
		}
		if thin != c.thin || (ch.Held != "") != (c.thin > 0) || strings.Contains(strings.Join(d.notes, " "), "Dashed lines") != (c.thin > 0) {
			t.Errorf("%s, %q: %d lines, want %d; the key says %q, the caption %q", c.mark, c.expr, thin, c.thin, ch.Held, d.notes)
		}
	}
}

// expr is an axis of one expression.
func expr(text string) scenarios.Axis {
	return scenarios.Axis{Rows: []scenarios.Row{{Parts: []scenarios.Part{{Expr: text}}}}}
}

// A bandwidth without limit stands beyond the others, and no line leads there.
func TestUnlimited(t *testing.T) {
	r := inMemory(t, "testdata/path.yaml")
	d, err := r.strokes(scenarios.Plot{Mark: "line", X: scenarios.Axis{Factor: "bandwidth"}, Y: expr("staleness/p90"), Per: []string{"transport"}, Where: map[string]string{"loss": "0%"}})
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

// Sentences that no shipped scenario has are drawn, or say why not.
func TestUnusualSentences(t *testing.T) {
	r := inMemory(t, "testdata/feed.yaml")
	for sentence, why := range map[string]string{
		"{mark: dots, x: server/cpu}": "",
		"{mark: dots, x: 3B}":         "",
		"{mark: dots, x: \"2 × y\", y: {cpu: server/cpu, host: host/cpu}, per: transport}":                "",
		"{mark: points, x: staleness/p50, y: server/cpu}":                                                 "",
		"{mark: line, x: {n: 3..7}, y: server/cpu ÷ n, cross: ws}":                                        "",
		"{mark: line, x: {n: 1..10}, y: server/cpu ÷ n, per: [transport, rate], reference: {ws: 1s ÷ x}}": "",
		"{mark: bars, x: {one: server/cpu, other: host/cpu}}":                                             "",
		"{mark: bars, x: bytes/payload/up ÷ bytes/payload/up}":                                            "counts",
		"{mark: points, x: order, y: [canary]}":                                                           "",
		"{mark: points, x: order, y: [bytes/envelope/up]}":                                                "counts",
	} {
		before := len(r.scenario.Plots)
		if err := r.scenario.AddPlot(sentence); err != nil {
			t.Errorf("%s: %v", sentence, err)
			continue
		}
		f, err := r.figure(r.scenario.Plots[before])
		if (err == nil) != (why == "") || err != nil && !strings.Contains(err.Error(), why) {
			t.Errorf("%s: %v, want %q", sentence, err, why)
		}
		if err == nil {
			legibleWords(t, f, svgOf(t, f))
		}
	}
}

// A claim's cases share a row of the forest for each verdict, and all of them are in its
// values.
func TestForest(t *testing.T) {
	runs, err := referenceRuns()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range runs {
		d, err := r.forest(scenarios.Plot{})
		if err != nil {
			continue // a run without claims
		}
		rows, cases := 0, 0
		d.chart.(*rowChart).each(nil, func(row, float64) { rows++ })
		verdicts := r.verdicts()
		for _, v := range verdicts {
			cases += len(v.Cells)
		}
		if n := len(d.chart.values()); n != cases || rows > 3*len(verdicts) {
			t.Errorf("%s: %d of %d cases on %d rows for %d claims", r.path, n, cases, rows, len(verdicts))
		}
		f, err := r.figure(scenarios.Plot{Mark: "dots", X: scenarios.Axis{Run: "claims"}})
		if err != nil {
			t.Fatal(err)
		}
		legibleWords(t, f, svgOf(t, f))
	}
}
