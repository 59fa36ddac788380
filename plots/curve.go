package main

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"pushbench/results"
	"pushbench/scenarios"
	"pushbench/servers/units"
)

// A curve shows a metric, a sum of some, or one divided by another, over a
// factor: a line per transport, its interval as a band, a marker at every level
// that was measured. Where there is a closed form of it, that is the line, and the
// points stand by themselves.

func (r *report) curve(p scenarios.Plot) (*drawing, error) {
	levels := r.numericLevels(p.Over)
	if len(levels) == 0 {
		return nil, fmt.Errorf("%s has no level that is a number", p.Over)
	}
	// Levels that span more than a decade are chosen by their ratios; but what a
	// path adds it adds to whatever else there is.
	log := p.Log || levels[0].Value > 0 && levels[len(levels)-1].Value > 10*levels[0].Value
	log = log && !slices.Contains([]string{"rtt", "jitter", "loss"}, p.Over) || p.Over == "bandwidth"
	levels = r.withUnlimited(p.Over, levels, log)
	lines := r.lines(p)
	ch := &lineChart{X: factorAxis(p.Over, levels, log)}
	forms := r.closedForms(p, lines, ch.X)
	var ys []float64
	var shown []results.Treatment
	var missing footnotes
	unit := ""
	around := "upright lines"
	for _, l := range lines {
		s := series{Name: l.name, Style: l.style, Loose: len(forms) > 0 && r.freshForm(l.ts[0]) != nil}
		if s.Loose {
			s.Style.Hollow = s.Style.Hollow || s.Style.Dashes != nil // dashes do not tell points apart
		} else {
			around = "bands and upright lines"
		}
		for _, level := range levels {
			i := slices.IndexFunc(l.ts, func(t results.Treatment) bool { return t[p.Over] == level.Text })
			if i < 0 {
				continue
			}
			v := r.plotted(l.ts[i], p)
			if v.why != "" {
				missing.mark(fmt.Sprintf("Not drawn: %s at %s %s: %s.", l.name, p.Over, level.Text, v.why))
				s.Points = append(s.Points, gap(level.Value))
				continue
			}
			unit = v.unit
			shown = append(shown, l.ts[i])
			if level.Text == unlimited && len(s.Points) > 0 {
				s.Points = append(s.Points, gap(level.Value))
			}
			s.Points = append(s.Points, point{X: level.Value, Y: v.Center, Lo: v.Lo, Hi: v.Hi, Mark: true})
			ys = append(ys, v.Center, v.Lo, v.Hi)
		}
		ch.Series = append(ch.Series, s)
	}
	if len(shown) == 0 {
		return nil, r.noData(p)
	}
	if p.Log && slices.ContainsFunc(ys, func(y float64) bool { return y > 0 }) {
		ch.Y = logAxis(axisOf(p)+" (logarithmic scale)", unit, ys)
	} else {
		ch.Y = linearAxis(axisOf(p), unit, ys)
	}
	notes := []string{r.intervalNote(shown, around, p.Metrics()...)}
	if len(forms) > 0 {
		ch.X = ch.X.widened(0.045) // for points side by side
		ch.Series, ch.Held = append(forms, ch.Series...), "closed form"
		notes = append(notes, "Points that would lie upon each other stand side by side.", r.formNote(shown))
	}
	notes = append(notes, brief(missing.list)...)
	return &drawing{chart: ch, about: r.about(p), notes: notes}, nil
}

// brief keeps a caption from listing what a reader would not read.
func brief(notes []string) []string {
	const most = 2
	if len(notes) <= most {
		return notes
	}
	return append(slices.Clone(notes[:most]), fmt.Sprintf("Not drawn for like reasons: %d more.", len(notes)-most))
}

// withUnlimited adds to the levels of a bandwidth the one that is no number, a
// step beyond them: off the scale, and nothing leads there.
func (r *report) withUnlimited(key string, levels []level, log bool) []level {
	if key != "bandwidth" || !slices.Contains(r.levels(key), unlimited) {
		return levels
	}
	lo, hi := levels[0].Value, levels[len(levels)-1].Value
	beyond := hi + math.Max((hi-lo)/3, hi/3)
	if log {
		beyond = hi * math.Max(math.Pow(hi/lo, 1./3), 2)
	}
	return append(levels, level{unlimited, beyond})
}

// numericLevels are the levels of a factor in rising order.
func (r *report) numericLevels(key string) []level {
	var ls []level
	for _, text := range r.levels(key) {
		if v, _, err := units.Parse(text); err == nil && finite(v) {
			ls = append(ls, level{text, v})
		}
	}
	slices.SortFunc(ls, func(a, b level) int { return cmp.Compare(a.Value, b.Value) })
	return ls
}
