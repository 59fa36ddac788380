package main

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"pushbench/results"
)

// The table of the last screen: a row per transport and server, the costs that a reader
// weighs against each other as columns, each cell with its interval and its
// ratio to WebSocket.

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
	if len(r.columns(r.ts)) == 0 {
		return nil // a record of memory: its exhibits have the numbers
	}
	var gs []grouping
	for _, c := range r.conditions() {
		g := grouping{Columns: r.columns(r.under(c)), IP: r.countsTCPIP(), Condition: r.say(c, r.varying)}
		base, ok := r.named(baselineTransport, c)
		if ok {
			g.Baseline = base.Transport()
		}
		var floor results.Treatment
		floor, g.Floor = r.named(floorTransport, c)
		for _, t := range r.under(c) {
			row := make([]cell, len(g.Columns))
			for i, col := range g.Columns {
				row[i] = r.cell(t, base, col)
				if g.Floor && col.Floor {
					row[i].overFloor(r, t, floor, col)
				}
			}
			g.Names, g.Cells = append(g.Names, r.row(t)), append(g.Cells, row)
		}
		gs = append(gs, g)
	}
	return gs
}

// fitted leaves out what a screen has no room for, the most spare column first.
func (g grouping) fitted() grouping {
	for {
		wide := 0
		for line := range strings.Lines(renderTable(g, &footnotes{})) {
			wide = max(wide, utf8.RuneCountInString(strings.TrimSuffix(line, "\n")))
		}
		spare := mostSpare(g.Columns)
		if wide <= screenWidth || spare < 0 {
			return g
		}
		g.Columns = slices.Delete(slices.Clone(g.Columns), spare, spare+1)
		g.Cells = slices.Clone(g.Cells)
		for i, row := range g.Cells {
			g.Cells[i] = slices.Delete(slices.Clone(row), spare, spare+1)
		}
	}
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
func (c cell) lines(notes *footnotes) []string {
	mark := notes.mark(c.Why)
	ls := []string{c.Value, c.Interval, c.Ratio, c.Floor}
	if i := slices.Index(ls, "–"); i >= 0 && mark != "" {
		ls[i] += " " + mark
	}
	return ls
}

// × and – take one column here, whatever the locale.
func init() { text.OverrideRuneWidthEastAsianWidth(false) }

// exhibit is a group as a table, with its names and its cells as they are to be set.
func (g grouping) exhibit(notes *footnotes, name func(string) string, cell func(lines []string) string) exhibit {
	e := exhibit{Head: []string{"transport"}, Words: 1, Ruled: true}
	for _, c := range g.Columns {
		e.Head = append(e.Head, c.Head)
	}
	for i, n := range g.Names {
		row := []string{name(n)}
		for _, c := range g.Cells[i] {
			row = append(row, cell(c.lines(notes)))
		}
		e.Rows = append(e.Rows, row)
	}
	return e
}

// renderTable sets a group for a terminal.
func renderTable(g grouping, notes *footnotes) string {
	below := func(lines []string) string { return strings.TrimRight(strings.Join(lines, "\n"), "\n") }
	e := g.exhibit(notes, foldName, below)
	return rendered(e.writer(text.AlignLeft))
}

// markdownTable sets a group for a README.
func markdownTable(g grouping, notes *footnotes) string {
	code := func(name string) string { return "`" + name + "`" }
	e := g.exhibit(notes, code, func(lines []string) string { return joined("<br>", lines...) })
	e.Head = eachCell(e.Head, oneLine)
	return e.writer(text.AlignDefault).RenderMarkdown()
}

// rendered is a table for a terminal, whose rules end where its columns do.
func rendered(w table.Writer) string { return strings.ReplaceAll(w.Render(), "──\n", "\n") }

// nameWidth is what a transport's name may take of a line.
const nameWidth = 20

// foldName breaks a long name before its knobs. A knob that is too long by itself
// stands alone.
func foldName(name string) string {
	const marks = "?&#"
	var lines []string
	for len(name) > nameWidth {
		i := strings.LastIndexAny(name[1:nameWidth], marks) + 1
		if strings.TrimSpace(name[:i]) == "" {
			past := len(name) - len(strings.TrimLeft(name, " ")) + 1
			next := strings.IndexAny(name[past:], marks)
			if next < 0 {
				break
			}
			i = past + next
		}
		lines, name = append(lines, name[:i]), " "+name[i:]
	}
	return strings.Join(append(lines, name), "\n")
}

// newTable has no box, so that numbers stand freely, and rules between rows where it is
// ruled. align is that of a column's cells and of its name.
func newTable(head []string, ruled bool, align func(column int) (cells, name text.Align)) table.Writer {
	s := table.StyleLight
	s.Box.PaddingLeft, s.Box.PaddingRight = "", "  "
	s.Format.Header = text.FormatDefault
	s.Options = table.Options{SeparateHeader: true, SeparateRows: ruled}
	s.Box.MiddleSeparator = s.Box.MiddleHorizontal
	w := table.NewWriter()
	w.SetStyle(s)
	w.AppendHeader(tableRow(head...))
	var configs []table.ColumnConfig
	for i := range head {
		cells, name := align(i)
		configs = append(configs, table.ColumnConfig{Number: i + 1, Align: cells, AlignHeader: name, VAlignHeader: text.VAlignBottom})
	}
	w.SetColumnConfigs(configs)
	w.SuppressTrailingSpaces()
	return w
}

func tableRow(cells ...string) (r table.Row) {
	for _, c := range cells {
		r = append(r, c)
	}
	return r
}

// legend says how to read the cells of all groups.
func legend(gs []grouping) string {
	any := func(has func(grouping) bool) bool { return slices.ContainsFunc(gs, has) }
	speaks := func(metric string) bool {
		return any(func(g grouping) bool {
			return slices.ContainsFunc(g.Columns, func(c column) bool { return strings.HasPrefix(c.Expr, metric) })
		})
	}
	s := fmt.Sprintf("Each cell: the geometric mean over blocks (the plain mean where a value is 0); its %.0f %% interval (exact: fixed by the protocol; ±0: both ends round to the value; n: too few blocks for one)", 100*results.Confidence)
	if i := slices.IndexFunc(gs, func(g grouping) bool { return g.Baseline != "" }); i >= 0 {
		s += "; the ratio to " + gs[i].Baseline + " taken block by block (~ where its interval has room for 1: no difference seen)"
	}
	if any(func(g grouping) bool { return g.Floor }) {
		s += "; × … raw: likewise the ratio to the floor, events on the bare connection"
	}
	if any(func(g grouping) bool { return g.IP }) && speaks("bytes/total/") {
		s += ". IP bytes: body, encoding, headers or framing, TLS, and the headers of TCP and IP, acknowledgements too"
	}
	for _, of := range []struct{ metric, says string }{
		{"bytes/compression/", "Compression: the bytes that it adds to an event, below 0 where it saves"},
		{"age/", "Age: of the newest event that a subscriber has, over time"},
		{"roundtrip/", "Round trips: from the instant that a message was to be sent to its echo; messages: events delivered and messages echoed"},
		{"notice/", "Noticed: from the stop to the end of the connection at the other side, of those that noticed; " + never + ": none did while the trial watched"},
	} {
		if speaks(of.metric) {
			s += ". " + of.says
		}
	}
	if speaks("staleness/") || !speaks("notice/") {
		s += ". Quantiles are per event and subscriber, from the instant the event was due"
	}
	return s + "."
}
