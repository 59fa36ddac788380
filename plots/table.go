package main

import (
	"errors"
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
	Floor   bool // what the bare connection of raw costs stands beside it
}

// columns are those of this record. Records from before TCP and IP were counted
// have the bytes at the socket.
func (r *report) columns() []column {
	ip := ""
	if r.countsTCPIP() {
		ip = "IP "
	}
	all := []column{
		{"staleness\np50", []string{"staleness/p50"}, false},
		{"staleness\np99", []string{"staleness/p99"}, false},
		{ip + "down,\nper event", []string{"bytes/total/down"}, true},
		{ip + "up,\nper event", []string{"bytes/total/up"}, true},
		{"server CPU,\nper event", []string{"server/cpu"}, true},
		{"requests,\nper event", []string{"requests"}, false},
		{"set-up\ntime, p50", []string{"connect/p50"}, false},
		{"set-up\n" + ip + "bytes", r.setupBytes(), true},
	}
	if len(r.run.Trials) == 0 {
		return all
	}
	return slices.DeleteFunc(all, func(c column) bool { return !r.records(c.Metrics) })
}

// records reports whether some trial has all of the metrics: a scenario of
// memory has no events to speak of.
func (r *report) records(metrics []string) bool {
	return slices.ContainsFunc(r.run.Trials, func(t *results.Trial) bool {
		for _, m := range metrics {
			var missing *results.NoMetricError
			if _, err := t.Value(m); errors.As(err, &missing) && !missing.Empty {
				return false
			}
		}
		return true
	})
}

// setupBytes are the metrics that add up to the bytes of a connection's set-up,
// as far down as the record counts.
func (r *report) setupBytes() []string {
	ms := []string{"conn/bytes/down", "conn/bytes/up"}
	if r.countsTCPIP() {
		ms = append(ms, "conn/tcpip/down", "conn/tcpip/up")
	}
	return ms
}

// block of the table: the transports under one condition.
type grouping struct {
	Condition []string // what this group has that others do not; none where there is one group
	Names     []string
	Cells     [][]cell // by row, then column
	Baseline  string   // the transport that ratios refer to, "" for none
	Floor     bool     // raw is there, and ratios to it
	Columns   []column
	IP        bool // bytes are those of IP
}

// groups makes the table's numbers, a group for each condition.
func (r *report) groups() []grouping {
	columns := r.columns()
	if len(columns) == 0 {
		return nil // a record of memory: its exhibits have the numbers
	}
	var gs []grouping
	for _, c := range r.conditions() {
		g := grouping{Columns: columns, IP: r.countsTCPIP()}
		for _, k := range r.varying {
			if k != "transport" {
				g.Condition = append(g.Condition, phrase(k, c[k]))
			}
		}
		base, ok := r.baseline(c)
		if ok {
			g.Baseline = base.Transport()
		}
		var floor results.Treatment
		floor, g.Floor = r.floor(c)
		for _, t := range r.under(c) {
			row := make([]cell, len(g.Columns))
			for i, col := range g.Columns {
				row[i] = r.cell(t, base, col.Metrics)
				if g.Floor && col.Floor {
					row[i].overFloor(r, t, floor, col.Metrics)
				}
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

// lines are the lines of a cell: value, interval, and the ratios there are.
func (c cell) lines(notes *footnotes) [4]string {
	mark := notes.mark(c.Why)
	ls := [4]string{c.Value, c.Interval, c.Ratio, c.Floor}
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
	for _, c := range g.Columns {
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
	for i := range g.Columns {
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
	for _, c := range g.Columns {
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
	for i := range g.Columns {
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
	if g.Floor {
		s += "; × … raw: likewise the ratio to the floor, events on the bare connection"
	}
	if g.IP {
		s += ". IP bytes: body, encoding, headers or framing, TLS, and the headers of TCP and IP, acknowledgements too"
	}
	return s + ". Quantiles are per event and subscriber, from the instant the event was due."
}
