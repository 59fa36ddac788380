package main

import (
	"slices"
	"strings"

	"pushbench/results"
	"pushbench/scenarios"
	"pushbench/servers/units"
)

// The values of some figures are in no column of the table. They have a table below it.

// partsTable has the parts of named rows, each with its interval.
func (s scope) partsTable(ls []line) exhibit {
	p := s.plot
	e := exhibit{Title: s.caption(p, axisName(p, true)), Head: []string{p.Per[0], "row"}, Words: 2, Ruled: true}
	for _, part := range p.X.Rows[0].Parts {
		e.Head = append(e.Head, strings.Replace(part.Name, " ", "\n", 1))
	}
	e.Head = append(e.Head, sumWord)
	var notes footnotes
	var shown []results.Treatment
	for _, l := range ls {
		name := l.name
		shown = append(shown, l.ts[0])
		for _, row := range p.X.Rows {
			cells := []string{name, row.Name}
			name = ""
			for _, part := range row.Parts {
				cells = append(cells, s.read(part.Expr, l.ts[0]).stacked(&notes))
			}
			sum, _ := s.stacked(row, l.ts[0])
			e.Rows = append(e.Rows, append(cells, sum.stacked(&notes)))
		}
	}
	e.Notes = append([]string{s.intervalNote(shown, "in brackets", p.Metrics()...)}, notes.paragraphs()...)
	return e
}

// linesTable has the values of lines at their markers, and where they cross.
func (s *strokes) linesTable(p scenarios.Plot, crossed string) exhibit {
	e := exhibit{Title: s.caption(p, axisName(p, false)), Head: []string{p.Per[0]}, Words: 1, Ruled: true}
	for _, l := range s.ch.Series {
		cells := append([]string{l.Name}, make([]string, len(e.Head)-1)...)
		for _, pt := range l.Points {
			if !pt.Mark {
				continue
			}
			at := axisWord(p) + " = " + units.Format(pt.X, "1")
			i := slices.Index(e.Head, at)
			if i < 0 {
				i, e.Head, cells = len(e.Head), append(e.Head, at), append(cells, "")
			}
			cells[i] = strings.Replace(valueWithInterval(pt.Y, pt.Lo, pt.Hi, s.unitY), " (", "\n(", 1)
		}
		e.Rows = append(e.Rows, cells)
	}
	e.Notes = slices.DeleteFunc([]string{s.intervalNote(s.shown, "in brackets", p.Metrics()...), crossed}, func(n string) bool { return n == "" })
	return e
}

// filled is the exhibit without columns that hold nothing.
func (e exhibit) filled() exhibit {
	for i := len(e.Head) - 1; i >= 0; i-- {
		if slices.ContainsFunc(e.Rows, func(row []string) bool { return row[i] != "" }) {
			continue
		}
		e.Head = slices.Delete(e.Head, i, i+1)
		for n := range e.Rows {
			e.Rows[n] = slices.Delete(e.Rows[n], i, i+1)
		}
		if i < e.Words {
			e.Words--
		}
	}
	return e
}
