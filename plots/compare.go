package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"pushbench/results"
)

// compare tells what changed between two runs of a scenario: a row per
// treatment and metric, the change with its interval, "~" where the two cannot
// be told apart.
func compare(w io.Writer, old, new *report) error {
	var b strings.Builder
	for _, side := range []struct {
		word string
		r    *report
	}{{"old", old}, {"new", new}} {
		b.WriteString(hanging(side.word+"  ", fmt.Sprintf("%s: scenario %s, %s; %s", side.r.path, side.r.run.Header.Scenario.Name, side.r.host(), side.r.when())) + "\n")
	}
	b.WriteByte('\n')
	text.OverrideRuneWidthEastAsianWidth(false)
	t := table.NewWriter()
	t.SetStyle(compareStyle())
	t.AppendHeader(table.Row{"metric", "old", "", "new", "", "new ÷ old", ""})
	var notes []string
	var marks footnotes
	rows := 0
	columns := commonColumns(old, new)
	for _, tr := range old.ts {
		other, ok := new.find(tr)
		if !ok {
			notes = append(notes, "only in old: "+old.label(tr))
			continue
		}
		t.AppendSeparator()
		name := old.label(tr)
		t.AppendRow(table.Row{name, name, name, name, name, name, name}, table.RowConfig{AutoMerge: true, AutoMergeAlign: text.AlignLeft})
		for _, col := range columns {
			row, ok := compareRow(old, new, tr, other, col, &marks)
			if !ok {
				continue
			}
			t.AppendRow(append(table.Row{"  " + col.name()}, row...))
			rows++
		}
	}
	for _, tr := range new.ts {
		if _, ok := old.find(tr); !ok {
			notes = append(notes, "only in new: "+new.label(tr))
		}
	}
	if rows == 0 {
		return inputError{fmt.Errorf("compare %s with %s: they have no treatment in common", old.path, new.path)}
	}
	var configs []table.ColumnConfig
	for n := 2; n <= 7; n++ {
		configs = append(configs, table.ColumnConfig{Number: n, Align: text.AlignRight, AlignHeader: text.AlignRight})
	}
	configs[1].Align, configs[3].Align, configs[5].Align = text.AlignLeft, text.AlignLeft, text.AlignLeft
	t.SetColumnConfigs(configs)
	t.SuppressTrailingSpaces()
	b.WriteString(rendered(t) + "\n")
	b.WriteString(paragraph(fmt.Sprintf("Medians over blocks with their %.0f %% intervals, their ratio, and p of the Mann–Whitney U-test; ~: that test sees no difference.", 100*results.Confidence)) + "\n")
	b.WriteString(marks.String())
	for _, s := range append(notes, differences(old, new)...) {
		b.WriteString(hanging("doubt  ", s) + "\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func compareStyle() table.Style {
	s := plainStyle()
	s.Options.SeparateRows = false
	return s
}

// commonColumns are the columns that mean the same in both runs. Where one counts
// TCP and IP headers and the other does not, bytes are those above them.
func commonColumns(old, new *report) []column {
	a, b := old.columns(old.ts), new.columns(new.ts)
	if old.countsTCPIP() == new.countsTCPIP() {
		return a
	}
	for i := range a {
		switch a[i].Metrics[0] {
		case "bytes/total/down", "bytes/total/up":
			_, way, _ := strings.Cut(a[i].Metrics[0], "total")
			a[i].Metrics = []string{"bytes/payload" + way, "bytes/envelope" + way, "bytes/protocol" + way}
		case "conn/bytes/down":
			if len(b[i].Metrics) < len(a[i].Metrics) {
				a[i] = b[i]
			}
		}
	}
	return a
}

// inBraces names a sum the way a scenario does: conn/bytes/{down,up}. Metrics
// that are no such pattern are joined by a plus.
func inBraces(metrics []string) string {
	var words [][]string // by place in the name, in order of appearance
	combinations := 1
	for i, m := range metrics {
		parts := strings.Split(m, "/")
		if i == 0 {
			words = make([][]string, len(parts))
		}
		if len(parts) != len(words) {
			return strings.Join(metrics, " + ")
		}
		for j, part := range parts {
			if !slices.Contains(words[j], part) {
				words[j] = append(words[j], part)
			}
		}
	}
	name := make([]string, len(words))
	for j, w := range words {
		combinations *= len(w)
		name[j] = strings.Join(w, ",")
		if len(w) > 1 {
			name[j] = "{" + name[j] + "}"
		}
	}
	if combinations != len(metrics) {
		return strings.Join(metrics, " + ")
	}
	return strings.Join(name, "/")
}

// find is the treatment of r with the same levels as t.
func (r *report) find(t results.Treatment) (results.Treatment, bool) {
	for _, o := range r.ts {
		if maps.Equal(complete(o), complete(t)) {
			return o, true
		}
	}
	return nil, false
}

// compareRow is one metric's cells; not ok where neither run has it.
func compareRow(old, new *report, a, b results.Treatment, col column, marks *footnotes) (table.Row, bool) {
	x, whyX := old.quote(a, col)
	y, whyY := new.quote(b, col)
	if whyX != "" && whyY != "" {
		return nil, false
	}
	row := table.Row{}
	for _, side := range []struct {
		q   quantity
		why string
	}{{x, whyX}, {y, whyY}} {
		if side.why != "" {
			row = append(row, "–", marks.mark(side.why))
			continue
		}
		v := side.q.reading()
		within := interval(v.Center, v.Lo, v.Hi, v.unit)
		if within == "" {
			within = fmt.Sprintf("n = %d", v.N)
		}
		row = append(row, results.FormatShort(v.Center, v.unit), within)
	}
	if whyX != "" || whyY != "" {
		return append(row, "", ""), true
	}
	return append(row, changed(x.summary(), y.summary())...), true
}

// changed is the ratio of the means, and how surely the two runs differ.
func changed(old, new results.Summary) table.Row {
	switch {
	case old.Exact && new.Exact && old.Center == new.Center:
		return table.Row{"=", "exact"}
	case old.Exact && new.Exact:
		return table.Row{"×" + results.Format(new.Center/old.Center, "1"), "exact"}
	}
	return table.Row{"", ""}
}

// differences are what else changed between the runs: a ratio may come from
// there as well.
func differences(old, new *report) []string {
	var list []string
	say := func(what string, a, b any) {
		if fmt.Sprint(a) != fmt.Sprint(b) {
			list = append(list, fmt.Sprintf("the runs differ in %s: %v, then %v", what, a, b))
		}
	}
	a, b := old.run.Header, new.run.Header
	if old.countsTCPIP() != new.countsTCPIP() {
		list = append(list, "one of the runs counts TCP and IP headers and the other does not: bytes are compared without them")
	}
	say("the scenario", a.Scenario.Name, b.Scenario.Name)
	if a.Scenario.Name == b.Scenario.Name && a.Scenario.Text != b.Scenario.Text {
		list = append(list, "the scenario's text has changed")
	}
	list = append(list, elsewhere("host", a.Host.Differences(b.Host))...)
	list = append(list, elsewhere("build", a.Build.Differences(b.Build))...)
	say("the measured window", seconds(a.Plan.Measure), seconds(b.Plan.Measure))
	say("the seed", a.Plan.Seed, b.Plan.Seed)
	return list
}

// elsewhere tells of every field in which two hosts, or two builds, differ. Groups of
// fields that an older record has not share a line.
func elsewhere(of string, differences []results.Difference) (list []string) {
	var unknown []string
	for _, d := range differences {
		if d.Old == "" && d.New == "" {
			unknown = append(unknown, d.Name)
			continue
		}
		list = append(list, fmt.Sprintf("the %ss differ in %s", of, strings.TrimPrefix(d.String(), "facts ")))
	}
	if unknown != nil {
		list = append(list, fmt.Sprintf("one of the records says nothing of its %s's %s, in which the two may differ", of, strings.Join(unknown, ", ")))
	}
	return list
}
