package main

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"pushbench/results"
	"pushbench/servers/units"
)

// comparison is the table of what changed between builds.
type comparison struct {
	table.Writer
	pairs   bool // of runs, and not two runs alone
	columns int
	rows    int
	marks   footnotes
}

func newComparison(pairs bool) *comparison {
	head := []string{"metric", "old", "", "new", "", "change", ""}
	if pairs {
		head = append(head, "p", "would show")
	}
	return &comparison{pairs: pairs, columns: len(head), Writer: newTable(head, false, func(column int) (cells, name text.Align) {
		switch {
		case column == 0:
			return text.AlignLeft, text.AlignLeft
		case column%2 == 0 && column < 7: // what stands behind a number
			return text.AlignLeft, text.AlignRight
		}
		return text.AlignRight, text.AlignRight
	})}
}

// treatment adds a treatment's changes; of laws, those that are broken, and how many
// are not.
func (t *comparison) treatment(s sides, tr results.Treatment, changes, laws []results.Change) {
	t.AppendSeparator()
	heading := slices.Repeat(table.Row{s.old[0].label(tr)}, t.columns)
	t.AppendRow(heading, table.RowConfig{AutoMerge: true, AutoMergeAlign: text.AlignLeft})
	for _, c := range changes {
		t.change(s, c)
	}
	same := 0
	for _, c := range laws {
		switch {
		case !c.Exact || c.Unit == "":
		case c.Why == "" && !c.Differs():
			same++
		default:
			t.change(s, c)
		}
	}
	if same > 0 {
		t.AppendRow(table.Row{"  " + fmt.Sprint(same) + " more, fixed by the protocol", "", "", "", "", "=", "exact"})
		t.rows++
	}
}

// change adds one row, unless no run has it.
func (t *comparison) change(s sides, c results.Change) {
	old, new := reading{Summary: c.Old, unit: c.Unit}, reading{Summary: c.New, unit: c.Unit}
	if c.Exact {
		old.Exact, new.Exact = true, true
	} else if !t.pairs {
		old, new = s.alone(s.old[0], c), s.alone(s.new[0], c)
	}
	row := table.Row{"  " + c.Quantity}
	switch missing := c.Unit == "" && (t.pairs || c.Exact); {
	case missing && (strings.HasPrefix(c.Why, "this record has no ") || strings.HasPrefix(c.Why, "a run has no ")):
		return
	case missing:
		row = append(row, "–", t.marks.mark(c.Why))
	case old.why != "" && new.why != "":
		return
	default:
		row = slices.Concat(row, t.side(old), t.side(new), t.told(c))
	}
	t.AppendRow(row)
	t.rows++
}

// alone is the quantity in the only run of a side.
func (s sides) alone(r *report, c results.Change) reading {
	i := slices.IndexFunc(s.columns, func(col column) bool { return col.Expr == c.Quantity })
	own, ok := r.find(c.Treatment)
	if i < 0 || !ok {
		return reading{why: c.Why}
	}
	q, why := r.quote(own, s.columns[i])
	if why != "" {
		return reading{why: why}
	}
	return q.reading()
}

// side is a value with its interval, over the blocks of its run or over its runs.
func (t *comparison) side(v reading) table.Row {
	if v.why != "" {
		return table.Row{"–", t.marks.mark(v.why)}
	}
	within := v.within()
	if v.Lo == v.Hi && !v.Exact {
		within = toTheDigit
	}
	return table.Row{units.FormatShort(v.Center, v.unit), within}
}

func (t *comparison) told(c results.Change) table.Row {
	by, unit, sign := c.By, "1", "×"
	if !c.Ratio {
		unit, sign = c.Unit, ""
		if by.Center > 0 {
			sign = "+"
		}
	}
	size := sign + units.FormatShort(by.Center, unit)
	switch {
	case c.Why != "" && !t.pairs && c.By.N == 1:
		return table.Row{"?", ""}
	case c.Why != "":
		return table.Row{"–", t.marks.mark(c.Why)}
	case c.Exact && !c.Differs():
		return table.Row{"=", "exact"}
	case c.Exact:
		return table.Row{size, "exact"}
	}
	shows := units.Format(c.Shows, "%")
	if !c.Ratio {
		shows = units.FormatShort(c.Shows, c.Unit)
	}
	if math.IsInf(c.Shows, 0) {
		shows = "nothing"
	}
	if !c.Differs() {
		size = "~ " + size
	}
	return table.Row{size, interval(by.Center, by.Lo, by.Hi, unit), fmt.Sprintf("%.2g", c.Adjusted), shows}
}

// String is the table with what explains it.
func (t *comparison) String() string {
	told := fmt.Sprintf("Each side: the geometric mean over the blocks of its run, with its %.0f %% interval. Exact: fixed by the protocol, = where it is the same. "+
		"?: one run a side cannot tell, since two runs of one build differ in most numbers as well. "+
		"To tell a change, run each build %d times by turns, and compare all: plots compare OLD NEW OLD NEW OLD NEW.", 100*results.Confidence, fewestPairs)
	if t.pairs {
		told = fmt.Sprintf("Each side: the mean over its runs, with its %.0f %% interval. Change: new ÷ old (new − old where a value is 0), over the pairs of runs, likewise. "+
			"Exact: fixed by the protocol, = where it is the same. ~: no change is told. p: of no change, among all rows (Holm). Would show: the least change that would have been told.", 100*results.Confidence)
	}
	return rendered(t.Writer) + "\n" + paragraph(told) + "\n" + t.marks.String()
}
