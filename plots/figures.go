package main

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"pushbench/results"
	"pushbench/scenarios"
)

// figures draws every plot that the scenario asks for. Those that this run has
// no data for are told in skipped.
func (r *report) figures() (fs []*figure, skipped []string) {
	taken := map[string]int{}
	for _, p := range r.scenario.Plots {
		f, err := r.figure(p)
		if err != nil {
			skipped = append(skipped, fmt.Sprintf("no figure %s: %v", figureName("", p), err))
			continue
		}
		name := f.Name
		if taken[name]++; taken[name] > 1 {
			f.Name = fmt.Sprintf("%s-%d", name, taken[name])
		}
		fs = append(fs, f)
	}
	return fs, skipped
}

var errNoData = errors.New("no trial that counts has it")

// noData is why a plot has nothing to show.
func (r *report) noData(p scenarios.Plot) error {
	for _, t := range r.shown(p) {
		for _, m := range p.Metrics() {
			if _, why := r.sum(t, m); why != "" {
				return errors.New(why)
			}
		}
	}
	return errNoData
}

// chart makes the chart that a plot asks for, by its mark.
func (r *report) chart(p scenarios.Plot) (*drawing, error) {
	build := map[string]func(scenarios.Plot) (*drawing, error){
		"bars": r.bars, "dots": r.dots, "line": r.strokes, "points": r.strokes, "spectrum": r.spectrum,
	}[p.Mark]
	switch p.X.Run {
	case "claims":
		build = r.forest
	case "order":
		build = r.inOrder
	}
	if build == nil {
		return nil, fmt.Errorf("this program knows no mark %q", p.Mark)
	}
	return build(p)
}

func (r *report) figure(p scenarios.Plot) (*figure, error) {
	d, err := r.build(p)
	if err != nil {
		return nil, err
	}
	f := &figure{
		Name:       figureName(r.name(), p),
		Title:      cmp.Or(p.Title, r.scenario.Question),
		Subtitle:   r.about(p),
		Conditions: dots(append(r.given(p.Where), r.window()...)),
		Chart:      d.chart,
		Height:     cmp.Or(d.height, figureHeight),
	}
	notes := append(slices.Clone(d.notes), r.oldBytes(p.Metrics()))
	notes = slices.DeleteFunc(notes, func(s string) bool { return s == "" })
	asked := "Scenario " + r.run.Header.Scenario.Name + ", run " + r.when() + "."
	if p.Title != "" {
		asked = strings.TrimSuffix(asked, ".") + ": " + r.scenario.Question
	}
	f.Caption = []string{strings.Join(notes, " "), asked + " " + r.host() + "."}
	return f, nil
}

// figureName is that of the figure's file: as the sentence says, or made of its words.
func figureName(run string, p scenarios.Plot) string {
	if p.Name != "" {
		return fileName(run, p.Name)
	}
	kind := cmp.Or(map[string]string{"spectrum": "quantiles", "line": "curve", "points": "curve"}[p.Mark], p.Mark)
	if p.X.Run != "" {
		kind = p.Mark
	} else if p.X.Stacked {
		kind = "stack"
	}
	parts := []string{run, kind}
	for _, a := range []scenarios.Axis{p.Y, p.X} {
		shown := cmp.Or(a.Run, a.Text, strings.Join(a.Exprs(), " "))
		if shown != "" {
			parts = append(parts, strings.ReplaceAll(shown, " ÷ ", " by "))
		}
	}
	for _, over := range []string{p.X.Factor, p.Along} {
		if over != "" {
			parts = append(parts, "over", over)
		}
	}
	if apart := slices.Concat(p.Per, p.Facet); len(apart) > 0 && !slices.Equal(apart, []string{"transport"}) {
		parts = append(append(parts, "per"), apart...)
	}
	for _, k := range sortedKeys(p.Where) {
		parts = append(parts, k, p.Where[k])
	}
	return fileName(parts...)
}

// line is one level of the factor that tells lines or bars apart, with its
// treatments.
type line struct {
	name  string
	style style
	ts    []results.Treatment
}

// at is the treatment of a line at a level of a factor.
func (l line) at(factor string, level level) (results.Treatment, bool) {
	for _, t := range l.ts {
		if t[factor] == level.Text {
			return t, true
		}
	}
	return nil, false
}

// lines are the levels of what tells marks apart, among the treatments that p shows.
func (r *report) lines(p scenarios.Plot) []line {
	per, and := p.Per[0], ""
	name := func(t results.Treatment) string { return t[per] }
	if len(p.Per) > 1 {
		and = p.Per[1]
		name = func(t results.Treatment) string { return t[per] + ", " + spaced(t[and]) }
	}
	var ls []line
	for _, ts := range grouped(r.shown(p), name) {
		ls = append(ls, line{name: name(ts[0]), ts: ts})
	}
	first, second := r.levels(per), r.levels(and)
	if and == "" { // of the levels that are shown
		first = nil
		for _, l := range ls {
			first = append(first, l.name)
		}
	}
	styles := levelStyles(len(first))
	for i := range ls {
		t := ls[i].ts[0]
		if per == "transport" {
			ls[i].style = styleOf(t[per])
		} else {
			ls[i].style = styles[slices.Index(first, t[per])]
		}
		if and != "" {
			ls[i].style = ls[i].style.nth(slices.Index(second, t[and]))
		}
	}
	return ls
}

// reading is a metric of one treatment, with why it cannot be quoted.
type reading struct {
	results.Summary
	unit string
	why  string
	of   quantity
}

// blocksOf is in how many blocks t has each of some metrics that count; without any, in
// how many it is sound.
func (r *report) blocksOf(t results.Treatment, metrics ...string) int {
	n, _ := r.run.SoundBlocks(t)
	for _, m := range metrics {
		if q, why := r.sum(t, m); why == "" {
			n = min(n, len(q.blocks))
		}
	}
	return n
}
