package main

import (
	"cmp"
	"fmt"
	"slices"

	"pushbench/results"
	"pushbench/scenarios"
)

// A curve shows a metric, a sum of some, or one divided by another, over a
// factor: a line per transport, its interval as a band, a marker at every level
// that was measured.

func (r *report) curve(p scenarios.Plot) (*drawing, error) {
	levels := r.numericLevels(p.Over)
	if len(levels) == 0 {
		return nil, fmt.Errorf("%s has no level that is a number", p.Over)
	}
	// Levels that span more than a decade are chosen by their ratios.
	log := p.Log || levels[0].Value > 0 && levels[len(levels)-1].Value > 10*levels[0].Value
	ch := &lineChart{X: levelAxis(p.Over, levels, log)}
	var ys []float64
	var shown []results.Treatment
	var missing footnotes
	unit := ""
	for _, l := range r.lines(p) {
		s := series{Name: l.name, Style: l.style}
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
			s.Points = append(s.Points, point{X: level.Value, Y: v.Center, Lo: v.Lo, Hi: v.Hi, Mark: true})
			ys = append(ys, v.Center, v.Lo, v.Hi)
		}
		ch.Series = append(ch.Series, s)
	}
	if len(shown) == 0 {
		return nil, errNoData
	}
	if p.Log && slices.ContainsFunc(ys, func(y float64) bool { return y > 0 }) {
		ch.Y = logAxis(axisOf(p)+" (logarithmic scale)", unit, ys)
	} else {
		ch.Y = linearAxis(axisOf(p), unit, ys)
	}
	notes := append([]string{r.intervalNote(shown, "bands and upright lines")}, brief(missing.list)...)
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

// numericLevels are the levels of a factor in rising order.
func (r *report) numericLevels(key string) []level {
	var ls []level
	for _, text := range r.levels(key) {
		if v, _, err := results.ParseQuantity(text); err == nil && finite(v) {
			ls = append(ls, level{text, v})
		}
	}
	slices.SortFunc(ls, func(a, b level) int { return cmp.Compare(a.Value, b.Value) })
	return ls
}
