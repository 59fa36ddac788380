package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"pushbench/results"
	"pushbench/scenarios"
	"pushbench/servers/units"
)

// What does freshness cost? A tradeoff sets one metric against another, a point
// for each transport. Who is better at both lies in one corner; between those who
// are not, a reader chooses.

func (r *report) tradeoff(p scenarios.Plot) (*drawing, error) {
	ch := &scatterChart{}
	var xs, ys []float64
	var shown []results.Treatment
	var missing footnotes
	unitX, unitY := "", ""
	for _, l := range r.lines(p) {
		t := l.ts[0]
		x, y := r.reading(t, p.Metrics()...), r.reading(t, p.Upwards()...)
		why := cmp.Or(x.why, y.why)
		if r.noneNoticed(t, p.Metrics()) || r.noneNoticed(t, p.Upwards()) {
			why = noneNoticed
		}
		if why != "" {
			missing.mark(fmt.Sprintf("Not drawn: %s: %s.", l.name, why))
			continue
		}
		unitX, unitY = x.unit, y.unit
		shown = append(shown, t)
		s := spot{Name: l.name, Style: l.style, X: span{x.Center, x.Lo, x.Hi}, Y: span{y.Center, y.Lo, y.Hi}}
		if p.Per == "transport" {
			s.Path = pathOf(t.Transport())
			if p.And != "" {
				s.Path += " " + t[p.And]
			}
		}
		ch.Spots = append(ch.Spots, s)
		xs, ys = append(xs, x.Center, x.Lo, x.Hi), append(ys, y.Center, y.Lo, y.Hi)
	}
	if len(shown) == 0 {
		return nil, errNoData
	}
	ch.X = spotAxis(p.Of, unitX, p.Log, xs)
	ch.Y = spotAxis(p.To, unitY, p.Log, ys)
	ch.Better = [2]int{betterWay(p.Metrics()[0]), betterWay(p.Upwards()[0])}
	notes := []string{r.intervalNote(shown, "arms of the crosses", slices.Concat(p.Metrics(), p.Upwards())...)}
	if ch.paths() != nil {
		notes = append(notes, "Thin lines join a transport at several values of one knob.")
	}
	upwards := p
	upwards.Of, upwards.By = p.To, ""
	return &drawing{
		chart: ch,
		about: "Across: " + r.about(p) + ". Upwards: " + r.about(upwards),
		notes: append(notes, brief(missing.list)...),
	}, nil
}

// spotAxis is logarithmic on demand, and where values lie some way apart: of
// points it is the place that counts and no length, and where most are alike they
// would be one heap. Spots stand clear of its ends.
func spotAxis(name, unit string, log bool, vs []float64) axis {
	const some, clear = 3, 1.25
	lo, hi := extent(vs, func(float64) bool { return true })
	if lo >= least && (log || hi > some*lo) {
		return logAxis(name+" (logarithmic scale)", unit, append(slices.Clone(vs), lo/clear, hi*clear))
	}
	return linearAxis(name, unit, vs)
}

// betterWay is where the better values of a metric lie: −1 for the lower, 1 for
// the higher, 0 where neither is better.
func betterWay(metric string) int {
	info, _ := results.Describe(metric)
	return map[string]int{"lower": -1, "higher": 1}[info.Better]
}

// pathOf is what treatments share that differ in the value of one knob: the
// transport with that value left out. It is "" for one without such a knob.
func pathOf(transport string) string {
	name, query, knobbed := strings.Cut(transport, "?")
	if !knobbed || strings.Contains(transport, "#") {
		return ""
	}
	found := false
	knobs := strings.Split(query, "&")
	for i, pair := range knobs {
		k, v, _ := strings.Cut(pair, "=")
		if _, unit, err := units.Parse(v); err == nil && unit != "1" {
			knobs[i], found = k, true
		}
	}
	if !found {
		return ""
	}
	slices.Sort(knobs)
	return name + "?" + strings.Join(knobs, "&")
}
