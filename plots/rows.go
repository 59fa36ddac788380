package main

import (
	"math"
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
		v := r.reading(l.ts[0], p.Metrics()...)
		bars = append(bars, rowOf(l, v))
		if v.why == "" {
			unit = v.unit
			shown = append(shown, l.ts[0])
		}
	}
	if len(shown) == 0 {
		return nil, errNoData
	}
	return &drawing{
		chart: newBarChart(p.Of, unit, bars),
		about: r.about(p),
		notes: []string{r.intervalNote(shown, "whiskers and brackets")},
		rows:  len(bars),
	}, nil
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
		return nil, errNoData
	}
	var parts []string
	for i, m := range metrics {
		if means := r.meaning(m); means != "" {
			parts = append(parts, words[i]+": "+means)
		}
	}
	return &drawing{
		chart: newStackChart(p.Of, unit, words, stacks),
		about: strings.Join(parts, " · "),
		notes: []string{"Beside each bar: the sum of its parts. " + r.intervalNote(shown, "whiskers and brackets")},
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
