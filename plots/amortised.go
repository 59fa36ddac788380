package main

import (
	"fmt"
	"math"
	"strings"

	"pushbench/results"
	"pushbench/scenarios"
	"pushbench/servers/units"
)

// What an event costs falls with the events that share a connection: on one
// that lives for n of them it is set-up/n + each. A connection for every
// request pays its set-up with every request, so that its line is level.

// longest is the number of events up to which lines are drawn.
const longest = 10_000

// lifelong is what a connection costs to set up, and what each event costs.
type lifelong struct{ setup, each quantity }

// costs are the quantities that amortise.
var costs = map[string]struct {
	unit  string
	name  string
	about string
	note  string
	setup func(r *report) []string
	each  []string // nothing where a connection, once there, costs nothing
	level []string // of a connection for every request
}{
	"bytes": {
		unit:  "B/event",
		name:  "IP bytes",
		about: "bytes in both directions for each event of a connection that lives for n events, set-up included",
		note:  "Set-up: handshakes of TCP and TLS, and the heads of the first request and response, which for a poll bring its first event: that one is counted with them and as an event.",
		setup: func(r *report) []string { return r.setupBytes() },
		each:  []string{"bytes/total/down", "bytes/total/up"},
		level: []string{"bytes/total/down", "bytes/total/up"},
	},
	"server-cpu": {
		unit:  "s/event",
		name:  "server CPU time",
		about: "server CPU time for each event of a connection that lives for n events, set-up included",
		note:  "Set-up: the server's CPU time for a connection, its first event included, which counts once more as an event.",
		setup: func(*report) []string { return []string{"conn/server-cpu"} },
		each:  []string{"server/cpu"},
		level: []string{"server/cpu"},
	},
	"time": {
		unit:  "s",
		name:  "set-up time",
		about: "time to set a connection up, shared by the n events that it lives for",
		note:  "Set-up: from the dial until the connection is ready (the median of the subscribers). Without keep-alive every request waits for that.",
		setup: func(*report) []string { return []string{"connect/p50"} },
	},
}

// lifetimes are the numbers of events that lines are drawn at: ten a decade.
func lifetimes() []float64 {
	var ns []float64
	for i := 0; i <= 10*int(math.Log10(longest)); i++ {
		ns = append(ns, math.Pow(10, float64(i)/10))
	}
	return ns
}

// lifelong reads both parts of a treatment's cost.
func (r *report) lifelong(t results.Treatment, of string) (c lifelong, why string) {
	kind := costs[of]
	setup, why := r.sum(t, kind.setup(r)...)
	if why != "" {
		return c, why
	}
	each := blockwise(kind.unit, func([]float64) float64 { return 0 }, setup)
	if kind.each != nil {
		if each, why = r.sum(t, kind.each...); why != "" {
			return c, why
		}
	}
	if keepsNone(t.Transport()) {
		if of == "time" {
			requests, why := r.sum(t, "requests")
			if why != "" {
				return c, why
			}
			each = blockwise(kind.unit, func(v []float64) float64 { return v[0] * v[1] }, setup, requests)
		}
		setup = blockwise(kind.unit, func([]float64) float64 { return 0 }, setup)
	}
	return lifelong{setup, each}, ""
}

// keepsNone reports whether a transport connects anew for every request.
func keepsNone(transport string) bool { return strings.Contains(transport, "keepalive=off") }

// after is the cost of an event on a connection that lives for n.
func (c lifelong) after(n float64, unit string) quantity {
	return blockwise(unit, func(v []float64) float64 { return v[0]/n + v[1] }, c.setup, c.each)
}

// meets is the number of events at which two connections have cost the same, in
// blocks where there is one.
func (c lifelong) meets(o lifelong) quantity {
	return blockwise("1", func(v []float64) float64 {
		if n := (v[0] - v[1]) / (v[3] - v[2]); n >= 1 {
			return n
		}
		return math.NaN()
	}, c.setup, o.setup, c.each, o.each)
}

// dearer tells which of two connections costs more for each of n events: 1 the
// first, −1 the second, 0 where the interval of their difference has room for
// none.
func (c lifelong) dearer(o lifelong, n float64) int {
	d := blockwise("", func(v []float64) float64 { return v[0] - v[1] }, c.after(n, ""), o.after(n, "")).summary()
	switch {
	case d.Lo > 0 && d.Finite():
		return 1
	case d.Hi < 0 && d.Finite():
		return -1
	}
	return 0
}

func (r *report) amortised(p scenarios.Plot) (*drawing, error) {
	kind := costs[p.Of]
	ch := &lineChart{}
	var ys []float64
	var shown []results.Treatment
	var missing, marks footnotes
	lines := map[string]lifelong{}
	found := exhibit{
		Title: r.caption(p, "Set-up and each event, by "+p.Of),
		Head:  []string{"transport", "set-up", "each event", "crosses ws\nat n ="}, Words: 1,
	}
	for _, l := range r.lines(p) {
		c, why := r.lifelong(l.ts[0], p.Of)
		if why != "" {
			missing.mark(fmt.Sprintf("Not drawn: %s: %s.", l.name, why))
			found.Rows = append(found.Rows, []string{l.name, "– " + marks.mark(why), "–", "–"})
			continue
		}
		shown = append(shown, l.ts[0])
		lines[l.name] = c
		s := series{Name: l.name, Style: l.style}
		for _, n := range lifetimes() {
			v := c.after(n, kind.unit).summary()
			decade := math.Abs(math.Log10(n)-math.Round(math.Log10(n))) < 1e-9
			s.Points = append(s.Points, point{X: n, Y: v.Center, Lo: v.Lo, Hi: v.Hi, Mark: decade})
			ys = append(ys, v.Center, v.Lo, v.Hi)
		}
		ch.Series = append(ch.Series, s)
		each := c.each.reading().value(&marks)
		if kind.each == nil && allZero(c.each.blocks) {
			each = "none"
		}
		setup := c.setup.reading().value(&marks)
		if keepsNone(l.name) {
			setup = "in each event"
		}
		found.Rows = append(found.Rows, []string{l.name, setup, each, ""})
	}
	if len(shown) == 0 {
		return nil, errNoData
	}
	told := []string{r.intervalNote(shown, "bands and upright lines", append(kind.setup(r), kind.each...)...), kind.note}
	if meeting := r.meetings(p, lines, ch, found.Rows); meeting != "" {
		told = append(told, meeting)
	}
	name, old := kind.name, p.Of == "bytes" && !r.countsTCPIP()
	if old {
		name = "bytes at the socket"
	}
	ch.X = logAxis("n, the events that a connection lives for (logarithmic scale)", "1", []float64{1, longest})
	ch.X.Min, ch.X.Max = 1, longest
	for i, t := range ch.X.Ticks {
		if t.Label != "" {
			ch.X.Ticks[i].Label = count(t.Value)
		}
	}
	ch.Y = logAxis(name+" for each event (logarithmic scale)", kind.unit, ys)
	if old {
		told = append(told, "Without TCP and IP headers: "+oldRecord+".")
	}
	found.Notes = append([]string{"Means over blocks with their " + confidence() + ". " + kind.note}, marks.paragraphs()...)
	return &drawing{chart: ch, about: kind.about, notes: append(told, brief(missing.list)...), tables: []exhibit{found}}, nil
}

// meetings rings where lines cross that of ws, tells in words which is cheaper
// where, and fills the last column of the table.
func (r *report) meetings(p scenarios.Plot, lines map[string]lifelong, ch *lineChart, rows [][]string) string {
	base, ok := r.baseline(p.Where)
	ws, drawn := lines["ws"]
	if !ok || !drawn || p.Per != "transport" {
		return ""
	}
	var told []string
	for i, row := range rows {
		c, drawn := lines[row[0]]
		name, _, _ := strings.Cut(row[0], "?")
		if !drawn || name == "ws" || strings.HasPrefix(name, "ws#") {
			continue
		}
		var words, say string
		first, last := c.dearer(ws, 1), c.dearer(ws, longest)
		cheaper := map[int]string{1: base.Transport(), -1: row[0]}
		switch n := ws.meets(c).summary(); {
		case first*last < 0 && n.N > 0:
			words = valueWithInterval(n.Center, n.Lo, n.Hi, "1")
			say = fmt.Sprintf("%s crosses at n = %s, beyond which %s is the cheaper", row[0], words, cheaper[last])
			ch.Crossings = append(ch.Crossings, crossingAt(n.Center, c))
		case first == 0 && last == 0:
			words, say = "~ alike", row[0]+" is not told apart"
		case first == last:
			words, say = "– "+cheaper[last]+" is cheaper", row[0]+" does not cross: "+cheaper[last]+" is the cheaper throughout"
		case first == 0:
			words, say = "in the end "+cheaper[last]+" is cheaper", row[0]+" is not told apart at n = 1, and "+cheaper[last]+" is the cheaper on a long life"
		default:
			words, say = "at first "+cheaper[first]+" is cheaper", row[0]+" is not told apart on a long life, and "+cheaper[first]+" is the cheaper at n = 1"
		}
		rows[i][3] = words
		told = append(told, say)
	}
	if len(told) == 0 {
		return ""
	}
	return "Against " + base.Transport() + ": " + strings.Join(told, "; ") + "."
}

func crossingAt(n float64, c lifelong) crossing {
	return crossing{X: n, Y: c.after(n, "").summary().Center, Words: "n = " + units.Format(n, "1")}
}
