package main

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"pushbench/results"
	"pushbench/scenarios"
	"pushbench/servers/units"
)

// An exhibit is a figure in numbers: a table that stands below that of the last
// screen, for what a row per transport does not hold.
type exhibit struct {
	Title string
	Head  []string
	Words int // columns of words, on the left; the others are numbers
	Rows  [][]string
	Notes []string
	Ruled bool // a rule between rows, whose cells take two lines
}

// exhibits are those of all the scenario's plots, each once.
func (r *report) exhibits() []exhibit {
	var list []exhibit
	for _, p := range r.scenario.Plots {
		d, err := r.build(p)
		if err != nil {
			continue // said where the figures are told
		}
		for _, e := range d.tables {
			same := func(o exhibit) bool { return o.markdown() == e.markdown() }
			if len(e.Rows) > 0 && !slices.ContainsFunc(list, same) {
				list = append(list, e)
			}
		}
	}
	return list
}

// caption is what an exhibit is called: what it shows, and which of the levels
// that vary its figure holds still.
func (r *report) caption(p scenarios.Plot, what string) string {
	if held := r.say(p.Where, r.varying); len(held) > 0 {
		what += ", " + strings.Join(held, ", ")
	}
	return strings.ToUpper(what[:1]) + what[1:]
}

// writer is the table, with its words aligned so and its numbers to the right.
func (e exhibit) writer(words text.Align) table.Writer {
	w := newTable(e.Head, e.Ruled, func(column int) (cells, name text.Align) {
		if column < e.Words {
			return words, words
		}
		return text.AlignRight, text.AlignRight
	})
	for _, cells := range e.Rows {
		w.AppendRow(tableRow(cells...))
	}
	return w
}

// String sets the exhibit for a terminal.
func (e exhibit) String() string {
	folded := e
	folded.Head, folded.Rows = eachCell(e.Head, foldName), nil
	for _, row := range e.Rows {
		folded.Rows = append(folded.Rows, append(eachCell(row[:e.Words], foldName), row[e.Words:]...))
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\n%s\n", paragraph(e.Title+":"), rendered(folded.writer(text.AlignLeft)))
	for _, n := range e.Notes {
		b.WriteString(paragraph(n) + "\n")
	}
	return b.String()
}

// markdown sets it for a README.
func (e exhibit) markdown() string {
	flat := e
	flat.Head, flat.Rows = eachCell(e.Head, oneLine), nil
	last := make([]string, len(e.Head))
	for _, row := range e.Rows {
		row = eachCell(row, oneLine)
		for i := range min(e.Words, len(row)) { // a blank repeats what stands above it
			if row[i] == "" {
				row[i] = last[i]
			}
		}
		copy(last, row)
		flat.Rows = append(flat.Rows, row)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s:\n\n%s\n\n", e.Title, flat.writer(text.AlignLeft).RenderMarkdown())
	for _, n := range e.Notes {
		b.WriteString(n + "\n\n")
	}
	return b.String()
}

// eachCell is what of makes of every cell.
func eachCell(cells []string, of func(string) string) []string {
	made := make([]string, len(cells))
	for i, c := range cells {
		made[i] = of(c)
	}
	return made
}

// oneLine keeps the knobs of a name that was folded together.
func oneLine(cell string) string {
	return strings.Join(strings.Fields(strings.ReplaceAll(cell, "\n?", "?")), " ")
}

// value is a reading for a cell: "8.61 µs (8.4–8.9)", or the reason that there
// is none, as a footnote's number.
func (v reading) value(notes *footnotes) string {
	if v.why != "" {
		return "– " + notes.mark(v.why)
	}
	s := valueWithInterval(v.Center, v.Lo, v.Hi, v.unit)
	if !v.Finite() {
		s += fmt.Sprintf(" (n = %d)", v.N)
	}
	return s
}

// within is the interval, or why there is none, for a cell of its own.
func (v reading) within() string {
	switch {
	case v.Exact:
		return "exact"
	case v.Finite():
		return interval(v.Center, v.Lo, v.Hi, v.unit)
	}
	return fmt.Sprintf("n = %d", v.N)
}

func (v reading) short() string {
	if v.unit == inAll {
		step := math.Pow(10, max(math.Floor(math.Log10(math.Abs(v.Center)))-2, 0)) // three digits
		return count(math.Round(v.Center/step) * step)
	}
	return units.FormatShort(v.Center, v.unit)
}

func (v reading) stacked(notes *footnotes) string {
	return strings.Replace(v.value(notes), " (", "\n(", 1)
}

// paragraphs are the footnotes as notes of an exhibit.
func (f *footnotes) paragraphs() []string {
	var list []string
	for i, why := range f.list {
		list = append(list, fmt.Sprintf("[%d] %s", i+1, why))
	}
	return list
}

func (f *footnotes) markdown() (list string) {
	for _, note := range f.paragraphs() {
		list += "- " + note + "\n"
	}
	return list
}

// confidence is how sure an interval is, in words.
func confidence() string { return fmt.Sprintf("%.0f %% intervals", 100*results.Confidence) }
