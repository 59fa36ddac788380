package main

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"pushbench/results"
	"pushbench/scenarios"
)

// bars compares one metric, or a sum of some, between transports.
func (r *report) bars(p scenarios.Plot) (*drawing, error) {
	var bars []bar
	var shown []results.Treatment
	unit := ""
	for _, l := range r.lines(p) {
		v := r.plotted(l.ts[0], p)
		b := rowOf(l, v)
		r.markNoticed(&b, l.ts[0], p.Metrics())
		bars = append(bars, b)
		if v.why == "" {
			unit = v.unit
			shown = append(shown, l.ts[0])
		}
	}
	if len(shown) == 0 {
		return nil, r.noData(p)
	}
	notes := []string{r.intervalNote(shown, "whiskers and brackets", p.Metrics()...)}
	if s := noticeNote(p); s != "" {
		notes = append(notes, s)
	}
	return &drawing{
		chart: newBarChart(axisOf(p), unit, bars),
		about: r.about(p),
		notes: notes,
		rows:  len(bars),
	}, nil
}

// plotted summarises what a plot is of, divided by what it is by.
func (r *report) plotted(t results.Treatment, p scenarios.Plot) reading {
	if p.By == "" {
		return r.reading(t, p.Metrics()...)
	}
	of, why := r.sum(t, p.Metrics()...)
	by, whyBy := r.sum(t, p.Divisor()...)
	if why = cmp.Or(why, whyBy); why != "" {
		return reading{why: why}
	}
	if allZero(by.blocks) {
		return reading{why: p.By + " is 0"}
	}
	return blockwise("1", func(v []float64) float64 { return v[0] / v[1] }, of, by).reading()
}

// axisOf names the axis of a plot's values.
func axisOf(p scenarios.Plot) string {
	if p.By != "" {
		return p.Of + " ÷ " + p.By
	}
	return p.Of
}

func rowOf(l line, v reading) bar {
	b := bar{Name: l.name, Style: l.style, Value: v.Center, Lo: v.Lo, Hi: v.Hi, Note: v.why}
	if v.why != "" {
		b.Value, b.Lo, b.Hi = math.NaN(), math.Inf(-1), math.Inf(1)
	}
	return b
}

// stack shows of which parts a sum consists.
func (r *report) stack(p scenarios.Plot) (*drawing, error) {
	metrics := p.Metrics()
	words := partWords(p.Of, metrics)
	saving := slices.IndexFunc(metrics, func(m string) bool { return strings.HasPrefix(m, "bytes/compression/") })
	var stacks []stack
	var shown []results.Treatment
	unit := ""
	for _, l := range r.lines(p) {
		t := l.ts[0]
		sum := r.reading(t, metrics...)
		s := stack{bar: rowOf(l, sum)}
		for _, m := range metrics {
			part := r.reading(t, m)
			if part.why != "" {
				part.Center = math.NaN()
			}
			s.Parts = append(s.Parts, part.Center)
		}
		stacks = append(stacks, s)
		if sum.why == "" {
			unit = sum.unit
			shown = append(shown, t)
		}
	}
	if len(shown) == 0 {
		return nil, r.noData(p)
	}
	var parts []string
	for i, m := range metrics {
		if means := r.meaning(m); means != "" {
			parts = append(parts, words[i]+": "+means)
		}
	}
	told := "Beside each bar: the mean of the sum of its parts. "
	ch := newStackChart(p.Of, unit, words, saving, stacks)
	if ch.saves() {
		told = "Right of 0: what there was to carry; left of it, hatched: what compression took off that; beside each bar and at its mark: the mean of the sum, which is what was carried. "
	}
	return &drawing{
		chart: ch,
		about: strings.Join(parts, " · "),
		notes: []string{told + r.intervalNote(shown, "whiskers and brackets", p.Metrics()...)},
		rows:  len(stacks),
	}, nil
}

// partWords are what the metrics of a stack differ by: the words in braces.
func partWords(of string, metrics []string) []string {
	before, _, ok := strings.Cut(of, "{")
	end := strings.LastIndexByte(of, '}')
	if !ok || end < 0 {
		return metrics
	}
	after := of[end+1:]
	words := make([]string, len(metrics))
	for i, m := range metrics {
		words[i] = strings.TrimSuffix(strings.TrimPrefix(m, before), after)
	}
	return words
}
