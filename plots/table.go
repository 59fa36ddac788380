package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"pushbench/results"
)

// The table of the last screen: a row per transport, the costs that a reader
// weighs against each other as columns, each cell with its interval and its
// ratio to WebSocket.

// column is one of the costs.
type column struct {
	Head    string // two lines
	Metrics []string
}

var columns = []column{
	{"staleness\np50", []string{"staleness/p50"}},
	{"staleness\np99", []string{"staleness/p99"}},
	{"down,\nper event", []string{"bytes/total/down"}},
	{"up,\nper event", []string{"bytes/total/up"}},
	{"server CPU,\nper event", []string{"server/cpu"}},
	{"requests,\nper event", []string{"requests"}},
	{"set-up\ntime, p50", []string{"connect/p50"}},
	{"set-up\nbytes", []string{"conn/bytes/down", "conn/bytes/up"}},
}

// block of the table: the transports under one condition.
type grouping struct {
	Condition []string // what this group has that others do not; none where there is one group
	Names     []string
	Cells     [][]cell // by row, then column
	Baseline  string   // the transport that ratios refer to, "" for none
}

// groups makes the table's numbers, a group for each condition.
func (r *report) groups() []grouping {
	var gs []grouping
	for _, c := range r.conditions() {
		g := grouping{}
		for _, k := range r.varying {
			if k != "transport" {
				g.Condition = append(g.Condition, phrase(k, c[k]))
			}
		}
		base, ok := r.baseline(c)
		if ok {
			g.Baseline = base.Transport()
		}
		for _, t := range r.under(c) {
			row := make([]cell, len(columns))
			for i, col := range columns {
				row[i] = r.cell(t, base, col.Metrics)
			}
			g.Names, g.Cells = append(g.Names, t.Transport()), append(g.Cells, row)
		}
		gs = append(gs, g)
	}
	return gs
}

// footnotes numbers reasons, equal ones alike.
type footnotes struct{ list []string }

// mark is the number of a reason, in brackets.
func (f *footnotes) mark(why string) string {
	if why == "" {
		return ""
	}
	i := slices.Index(f.list, why)
	if i < 0 {
		f.list = append(f.list, why)
		i = len(f.list) - 1
	}
	return fmt.Sprintf("[%d]", i+1)
}

// String lists the reasons, a paragraph each.
func (f *footnotes) String() string {
	var b strings.Builder
	for i, why := range f.list {
		b.WriteString(hanging(fmt.Sprintf("[%d] ", i+1), why) + "\n")
	}
	return b.String()
}

// lines are the three lines of a cell.
func (c cell) lines(notes *footnotes) [3]string {
	mark := notes.mark(c.Why)
	ls := [3]string{c.Value, c.Interval, c.Ratio}
	for i, l := range ls {
		if l == "–" && mark != "" {
			ls[i] = "– " + mark
			mark = ""
		}
	}
	return ls
}

// renderTable sets a group for a terminal.
func renderTable(g grouping, notes *footnotes) string {
	text.OverrideRuneWidthEastAsianWidth(false) // × and – take one column here, whatever the locale
	w := table.NewWriter()
	w.SetStyle(plainStyle())
	head := table.Row{"transport"}
	for _, c := range columns {
		head = append(head, c.Head)
	}
	w.AppendHeader(head)
	for i, name := range g.Names {
		row := table.Row{foldName(name)}
		for _, c := range g.Cells[i] {
			ls := c.lines(notes)
			row = append(row, strings.TrimRight(strings.Join(ls[:], "\n"), "\n"))
		}
		w.AppendRow(row)
	}
	configs := []table.ColumnConfig{{Number: 1, Align: text.AlignLeft, AlignHeader: text.AlignLeft, VAlignHeader: text.VAlignBottom}}
	for i := range columns {
		configs = append(configs, table.ColumnConfig{Number: i + 2, Align: text.AlignRight, AlignHeader: text.AlignRight})
	}
	w.SetColumnConfigs(configs)
	w.SuppressTrailingSpaces()
	return w.Render()
}

// nameWidth is what a transport's name may take of a line.
const nameWidth = 20

// foldName breaks a long name before its knobs.
func foldName(name string) string {
	var lines []string
	for len(name) > nameWidth {
		i := strings.LastIndexAny(name[1:nameWidth], "?&#") + 1
		if i <= 0 {
			break
		}
		lines, name = append(lines, name[:i]), " "+name[i:]
	}
	return strings.Join(append(lines, name), "\n")
}

// plainStyle has rules between rows and no box: numbers stand freely.
func plainStyle() table.Style {
	s := table.StyleLight
	s.Box.PaddingLeft, s.Box.PaddingRight = "", "  "
	s.Format.Header = text.FormatDefault
	s.Options = table.Options{SeparateHeader: true, SeparateRows: true}
	s.Box.MiddleSeparator = s.Box.MiddleHorizontal
	return s
}

// markdownTable sets a group for a README.
func markdownTable(g grouping, notes *footnotes) string {
	w := table.NewWriter()
	head := table.Row{"transport"}
	for _, c := range columns {
		head = append(head, strings.ReplaceAll(c.Head, "\n", " "))
	}
	w.AppendHeader(head)
	for i, name := range g.Names {
		row := table.Row{"`" + name + "`"}
		for _, c := range g.Cells[i] {
			ls := c.lines(notes)
			kept := slices.DeleteFunc(ls[:], func(s string) bool { return s == "" })
			row = append(row, strings.Join(kept, "<br>"))
		}
		w.AppendRow(row)
	}
	configs := []table.ColumnConfig{}
	for i := range columns {
		configs = append(configs, table.ColumnConfig{Number: i + 2, Align: text.AlignRight})
	}
	w.SetColumnConfigs(configs)
	return w.RenderMarkdown()
}

// legend says how to read a cell.
func legend(g grouping) string {
	s := fmt.Sprintf("Each cell: the median over blocks; its %.0f %% interval (exact: all blocks gave the same; n: too few blocks for one)", 100*results.Confidence)
	if g.Baseline != "" {
		s += "; the ratio to " + g.Baseline + " taken block by block (~ where its interval has room for 1: no difference seen)"
	}
	return s + ". Quantiles are per event and subscriber, from the instant the event was due."
}
