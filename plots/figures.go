package main

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"gonum.org/v1/plot/vg"

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
			skipped = append(skipped, fmt.Sprintf("no figure %s: %v", strings.TrimSuffix(p.Kind+" of "+p.Of, " of "), err))
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
	for _, t := range r.under(p.Where) {
		if _, why := r.sum(t, p.Metrics()...); why != "" {
			return errors.New(why)
		}
	}
	return errNoData
}

// chart makes the chart that a plot asks for, by its kind.
func (r *report) chart(p scenarios.Plot) (*drawing, error) {
	kinds := map[string]func(scenarios.Plot) (*drawing, error){
		"quantiles": r.spectrum, "curve": r.curve, "bars": r.bars, "stack": r.stack, "tradeoff": r.tradeoff,
		"overhead": r.overhead, "breakeven": r.breakeven, "amortised": r.amortised,
		"memory": r.memory, "fit": r.fit, "bandwidth": r.bandwidth,
	}
	build := kinds[p.Kind]
	if build == nil {
		return nil, fmt.Errorf("this program knows no such kind; it knows %s", strings.Join(sortedKeys(kinds), ", "))
	}
	return build(p)
}

// figure draws one plot.
func (r *report) figure(p scenarios.Plot) (*figure, error) {
	d, err := r.build(p)
	if err != nil {
		return nil, err
	}
	f := &figure{
		Name:       figureName(r.name(), p),
		Title:      r.scenario.Question,
		Subtitle:   d.about,
		Conditions: dots(append(r.given(p.Where), r.window()...)),
		Chart:      d.chart,
	}
	if p.Title != "" {
		f.Title = p.Title
	}
	if d.rows > 0 {
		f.Height = rowsHeight(d.rows)
	}
	if d.height > 0 {
		f.Height = d.height
	}
	notes := slices.Clone(d.notes)
	asked := "Scenario " + r.run.Header.Scenario.Name + ", run " + r.when() + "."
	if p.Title != "" {
		asked = strings.TrimSuffix(asked, ".") + ": " + r.scenario.Question
	}
	if s := r.oldBytes(slices.Concat(p.Metrics(), p.Divisor(), p.Upwards())); s != "" {
		notes = append(notes, s)
	}
	f.Caption = []string{strings.Join(notes, " "), asked + " " + r.host() + "."}
	return f, nil
}

// drawing is a chart and what must be said of it.
type drawing struct {
	chart chart
	about string
	notes []string // sentences for the caption
	rows  int      // of a bar chart
	// height is of a chart that knows its own.
	height vg.Length
	tables []exhibit // the same in numbers, for the last screen
}

func figureName(run string, p scenarios.Plot) string {
	parts := []string{run, p.Kind, p.Of}
	if p.By != "" {
		parts = append(parts, "by", p.By)
	}
	if p.To != "" {
		parts = append(parts, "to", p.To)
	}
	if p.Over != "" {
		parts = append(parts, "over", p.Over)
	}
	if p.Per != "" && p.Per != "transport" || p.And != "" {
		parts = append(parts, "per", p.Per)
	}
	if p.And != "" {
		parts = append(parts, p.And)
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

// lines are the levels of p.Per among the treatments that p shows.
func (r *report) lines(p scenarios.Plot) []line {
	per := p.Per
	if per == "" {
		per = "transport"
	}
	var ls []line
	for _, t := range r.under(p.Where) {
		name := t[per]
		if p.And != "" {
			name += ", " + spaced(t[p.And])
		}
		i := slices.IndexFunc(ls, func(l line) bool { return l.name == name })
		if i < 0 {
			ls = append(ls, line{name: name})
			i = len(ls) - 1
		}
		ls[i].ts = append(ls[i].ts, t)
	}
	first, second := r.levels(per), r.levels(p.And)
	if p.And == "" { // of the levels that are shown
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
		if p.And != "" {
			ls[i].style = ls[i].style.nth(slices.Index(second, t[p.And]))
		}
	}
	return ls
}

// reading is a metric of one treatment, with why it cannot be quoted.
type reading struct {
	results.Summary
	unit string
	why  string
}

// reading summarises the sum of metrics.
func (r *report) reading(t results.Treatment, metrics ...string) reading {
	q, why := r.sum(t, metrics...)
	if why != "" {
		return reading{why: why}
	}
	return reading{Summary: q.summary(), unit: q.unit}
}

// blocksOf is in how many blocks t has all of some metrics that count; without any, in
// how many it is sound.
func (r *report) blocksOf(t results.Treatment, metrics ...string) int {
	if q, why := r.sum(t, metrics...); len(metrics) > 0 && why == "" {
		return len(q.blocks)
	}
	sound, _ := r.run.SoundBlocks(t)
	return sound
}

// blocksNote says how many blocks stand behind each value drawn.
func (r *report) blocksNote(ts []results.Treatment, metrics ...string) string {
	ns := map[int]bool{}
	for _, t := range ts {
		ns[r.blocksOf(t, metrics...)] = true
	}
	counts := slices.Sorted(maps.Keys(ns))
	switch len(counts) {
	case 0:
		return ""
	case 1:
		return fmt.Sprintf("n = %d blocks", counts[0])
	default:
		return fmt.Sprintf("n = %d to %d blocks", counts[0], counts[len(counts)-1])
	}
}

// intervalNote explains what is drawn around a value.
func (r *report) intervalNote(ts []results.Treatment, around string, metrics ...string) string {
	s := "Values: geometric means over blocks, " + r.blocksNote(ts, metrics...)
	for _, t := range ts {
		if r.blocksOf(t, metrics...) < results.MinBlocks {
			return s + fmt.Sprintf("; %s: their %.0f %% intervals, where there are the %d blocks it takes.", around, 100*results.Confidence, results.MinBlocks)
		}
	}
	return s + fmt.Sprintf("; %s: their %.0f %% intervals (none where the protocol fixes the value).", around, 100*results.Confidence)
}

// meaning is what a metric or histogram is in this record.
func (r *report) meaning(name string) string {
	if r.oldBytes([]string{name}) != "" {
		return "all bytes at the socket of the connection, steady state"
	}
	return meaning(name)
}

// meaning is what the vocabulary says of a metric or histogram.
func meaning(name string) string {
	if i, ok := results.Describe(name); ok {
		return i.Meaning
	}
	for _, i := range results.Vocabulary() {
		if i.Name == name {
			return i.Meaning
		}
	}
	return ""
}

// about is a metric with its meaning, or a sum with those of its parts, each
// once.
func (r *report) about(p scenarios.Plot) string {
	names := p.Metrics()
	var means []string
	for _, name := range names {
		if m := r.meaning(name); m != "" && !slices.Contains(means, m) {
			means = append(means, m)
		}
	}
	about := p.Of
	if len(names) > 1 {
		about += ", added up"
	}
	if len(means) > 0 {
		about += ": " + strings.Join(means, " + ")
	}
	if by := p.Divisor(); len(by) > 0 {
		about += ", as a multiple of " + p.By
		if m := r.meaning(by[0]); m != "" && len(by) == 1 {
			about += ": " + m
		}
	}
	return about
}
