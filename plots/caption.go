package main

import (
	"fmt"
	"slices"
	"strings"

	"gonum.org/v1/plot/vg"

	"pushbench/results"
	"pushbench/scenarios"
)

// Here is every word of a figure that neither its sentence nor the vocabulary has: what
// is drawn, what the marks mean, and what could not be drawn.

// The words of keys, and of notes beside marks.
const (
	measuredWord = "measured"
	foundWord    = "measured, with its interval"
	heldWord     = "reference"
	savedWord    = ": saved, left of 0"
	sumWord      = "the sum"
	notRun       = " (computed, not run)"
	noEffect     = "its sides cannot be compared here"
	effectWord   = "left side less right side, as a share of the right side"
	ownMean      = " ÷ its treatment's mean"
	orderWord    = "trials in the order of the run; upright lines: where a block begins"
	logScale     = " (logarithmic scale)"
	logScaleToo  = ", on a logarithmic scale"
	sideNote     = "Points that would lie upon each other stand side by side."
)

const (
	forestNote = "Each row is a claim; its cases of one verdict share a row. Dot and bar: the difference of the two sides and its 95 % interval. " +
		"Beside them: this difference in words, or that of the lowest and highest case. " +
		"Shaded: what the claim allows, at its strictest. Where the right side is 0, effects are shares of what is allowed."
	orderNote = "Each point is a trial. Measured numbers are divided by the mean of their treatment, so that what the host did to all treatments shows; " +
		"numbers of the host are as they are. A trial that does not count for a number has no point there."
)

// drawing is a chart and what must be said of it.
type drawing struct {
	chart  chart
	notes  []string  // sentences for the caption, "" for none
	height vg.Length // of a chart that knows its own, else 0
	tables []exhibit
}

func axisName(p scenarios.Plot, across bool) string {
	a, given := p.Y, p.Upwards
	if across {
		a, given = p.X, p.Across
	}
	switch {
	case given != "":
		return given
	case a.Text != "":
		return stackWords(a.Text)
	case a.To > 0:
		return "n"
	}
	return worded(strings.Join(a.Exprs(), ", "))
}

// axisWord is a crossing's word for the value along x: k of "k: events in a poll".
func axisWord(p scenarios.Plot) string {
	if word, _, named := strings.Cut(p.Across, ":"); named && len(word) == 1 {
		return word
	}
	return "x"
}

// about says what a figure shows: its expressions, and what their metrics mean.
func (r *report) about(p scenarios.Plot) string {
	a := p.Y
	if p.Mark == "bars" {
		a = p.X
	}
	if p.X.Run == "claims" {
		return "All claims of the scenario, by verdict"
	}
	if a.Stacked {
		var parts []string
		for _, part := range a.Rows[0].Parts {
			if m := r.meaning(part.Expr); m != "" && p.Across == "" {
				part.Name += ": " + m
			}
			parts = append(parts, part.Name)
		}
		return strings.TrimPrefix(p.Across+": ", ": ") + strings.Join(parts, " · ")
	}
	if p.Mark == "dots" {
		return axisName(p, true) + ", by what is counted"
	}
	if p.Upwards != "" {
		return p.Upwards + ": " + worded(a.Expr())
	}
	about := r.explained(a.Expr())
	if p.Mark == "points" && p.X.Expr() != "" {
		about = "Across: " + r.explained(p.X.Expr()) + ". Upwards: " + about
	}
	return about
}

// explained is an expression with the meanings of its metrics, each once.
func (r *report) explained(expr string) string {
	f, err := results.ParseFormula(expr)
	if err != nil { // a distribution
		return expr + ": " + r.meaning(expr)
	}
	about := worded(expr)
	var means []string
	for _, term := range f.Terms() {
		names, _ := term.Metrics()
		if m := meaning(term.Name); m != "" {
			names = []string{term.Name}
		}
		for _, name := range names {
			if m := r.meaning(name); m != "" && !slices.Contains(means, m) {
				means = append(means, m)
			}
		}
	}
	if len(means) > 0 {
		about += ": " + strings.Join(means, " + ")
	}
	return about
}

// meaning is what a metric or histogram is in this record.
func (r *report) meaning(name string) string {
	if r.oldBytes([]string{name}) != "" {
		return "all bytes at the socket of the connection, steady state"
	}
	return meaning(name)
}

// meaning is what the vocabulary says of a metric, a histogram or a derived word.
func meaning(name string) string {
	for _, known := range []string{name, name + "/mean"} {
		if i, ok := results.Describe(known); ok {
			return i.Meaning
		}
	}
	return derived(name)
}

// derived is what a derived word means, "" for any other name.
func derived(name string) string {
	for _, d := range results.Derived {
		if d.Name == name {
			return d.Meaning
		}
	}
	return ""
}

// blocksNote says how many blocks stand behind each value drawn.
func (r *report) blocksNote(ts []results.Treatment, metrics ...string) string {
	least, most := r.blocksBehind(ts, metrics)
	if least == most {
		return fmt.Sprintf("n = %d blocks", least)
	}
	return fmt.Sprintf("n = %d to %d blocks", least, most)
}

// blocksBehind are the fewest and the most blocks behind values of some treatments.
func (r *report) blocksBehind(ts []results.Treatment, metrics []string) (least, most int) {
	var ns []int
	for _, t := range ts {
		ns = append(ns, r.blocksOf(t, metrics...))
	}
	return slices.Min(ns), slices.Max(ns)
}

// intervalNote explains what is drawn around a value.
func (r *report) intervalNote(ts []results.Treatment, around string, metrics ...string) string {
	where := " (none where the protocol fixes the value)"
	if least, _ := r.blocksBehind(ts, metrics); least < results.MinBlocks {
		where = fmt.Sprintf(", where there are the %d blocks it takes", results.MinBlocks)
	}
	return fmt.Sprintf("Values: geometric means over blocks, %s; %s: their %s%s.", r.blocksNote(ts, metrics...), around, confidence(), where)
}

func stackNote(ch *rowChart) string {
	less := false
	ch.each(nil, func(r row, _ float64) {
		less = less || slices.ContainsFunc(r.Parts, func(v float64) bool { return v < 0 })
	})
	switch {
	case ch.Parts == nil:
		return ""
	case ch.saves():
		return "Right of 0: the bytes before compression. Left of 0, hatched: the bytes that compression saved. The mark and the number beside each bar: the mean of the sum, which was carried."
	case less:
		return "Beside each bar: the mean of the sum of its parts. A part below zero is not drawn."
	}
	return "Beside each bar: the mean of the sum of its parts."
}

func noticeNote(p scenarios.Plot) string {
	for _, m := range p.Metrics() {
		if _, ok := noticing(m); ok && p.Mark == "bars" {
			return "Times are of the ends that noticed; their share follows the time. An open bar: none noticed while the trial watched, for as long as the measured window."
		}
	}
	return ""
}

// referenceNote says what marks are held against.
func (r *report) referenceNote(p scenarios.Plot) string {
	ref, said := p.Reference, p.Says
	switch of, fitted := strings.CutPrefix(ref.Expr, "fit("); {
	case ref.Expr == "" && ref.Of == nil:
		return ""
	case said != "":
	case fitted:
		said = "a model of " + strings.TrimSuffix(of, ")") + ", fitted to all subscribers and rates of a transport"
	case ref.Expr != "":
		said = r.explained(ref.Expr)
	default:
		var parts []string
		names := sortedKeys(ref.Of)
		if len(p.Y.Rows) > 1 { // in the order of rows
			names = nil
			for _, row := range p.Y.Rows {
				names = append(names, row.Name)
			}
		}
		for _, name := range names {
			if c := ref.Of[name]; c.Expr != "" {
				parts = append(parts, name+" "+worded(c.Expr))
			}
		}
		for _, name := range sortedKeys(p.Let) {
			parts = append(parts, name+" = "+choiceText(p.Let[name]))
		}
		said = strings.Join(parts, "; ")
	}
	mark := "Dashed lines"
	switch p.Mark {
	case "dots":
		mark = "Diamonds"
	case "line":
		mark = "Dotted lines"
	}
	return mark + ": " + said + "."
}

func choiceText(c scenarios.Choice) string {
	if c.Of == nil {
		return worded(c.Expr)
	}
	var levels []string
	for _, level := range sortedKeys(c.Of) {
		levels = append(levels, level+" "+choiceText(c.Of[level]))
	}
	return strings.Join(levels, ", ")
}

// alsoNote says what is computed and was not run.
func alsoNote(p scenarios.Plot) string {
	if len(p.Also) == 0 {
		return ""
	}
	return "Hollow: computed from the values of the largest number that was run."
}

func missingNote(what, why string) string { return fmt.Sprintf("Not drawn: %s: %s.", what, why) }

// brief keeps a caption from listing what a reader would not read.
func brief(notes []string) []string {
	const most = 2
	if len(notes) <= most {
		return notes
	}
	return append(slices.Clone(notes[:most]), fmt.Sprintf("Not drawn for like reasons: %d more.", len(notes)-most))
}

// crossingNote says where a line crosses another, or which of the two is lower; at the
// ends, 1 says that the first is the higher.
func crossingNote(name string, first, last int, at, base string) string {
	lower := map[int]string{1: base, -1: name}
	switch {
	case at != "":
		return fmt.Sprintf("%s crosses at %s, and beyond it %s is lower", name, at, lower[last])
	case first == last && first != 0:
		return fmt.Sprintf("%s does not cross, and %s is lower", name, lower[first])
	}
	return "no crossing of " + name + " can be told"
}

func crossingsNote(base string, said []string) string {
	if len(said) == 0 {
		return ""
	}
	return "Against " + base + ", in each block: " + strings.Join(said, "; ") + "."
}

func quantileWord(of string) string {
	return "quantile (share of all " + of + " at or below the value)"
}

func (r *report) spectrumNote(ts []results.Treatment, hist string) string {
	return "Lines: all blocks pooled, " + r.blocksNote(ts, hist+"/mean") + "; bands: from the lowest to the highest block. " +
		"Each line begins and ends where fewer than ten different values would lie beyond it in a trial."
}
