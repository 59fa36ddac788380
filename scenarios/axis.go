package scenarios

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"pushbench/results"
	"pushbench/servers/units"
)

// Axis is what one direction of a figure shows: a factor, a count, or expressions.
type Axis struct {
	Factor   string  // one whose levels are numbers
	Run      string  // what the run itself has: the order of its trials, or its claims
	From, To float64 // of a count n; 0 for none
	Rows     []Row
	Stacked  bool   // the parts of a row are one bar
	Text     string // of parts that braces stand for, as written
}

// Row is one value of a treatment, or several that are stacked.
type Row struct {
	Name  string // "" for the only one
	Parts []Part
}

// Part is an expression with what it is called.
type Part struct{ Name, Expr string }

// Exprs lists every expression of an axis.
func (a Axis) Exprs() (list []string) {
	for _, row := range a.Rows {
		for _, part := range row.Parts {
			list = append(list, part.Expr)
		}
	}
	return list
}

// Expr is the only expression of an axis, "" for none.
func (a Axis) Expr() string {
	if list := a.Exprs(); len(list) == 1 {
		return list[0]
	}
	return ""
}

// one is an axis of a single expression.
func one(expr string) Axis { return Axis{Rows: []Row{{Parts: []Part{{Expr: expr}}}}} }

// stacked is an axis of the parts that braces stand for, named by what differs.
func stacked(exprs ...string) Axis {
	var row Row
	for _, expr := range exprs {
		before, _, _ := strings.Cut(expr, "{")
		after := expr[strings.LastIndexByte(expr, '}')+1:]
		for _, name := range results.Expand(expr) {
			word := name
			if name != expr {
				word = strings.TrimSuffix(strings.TrimPrefix(name, before), after)
			}
			row.Parts = append(row.Parts, Part{word, name})
		}
	}
	return Axis{Rows: []Row{row}, Stacked: true, Text: strings.Join(exprs, " + ")}
}

// axis reads a factor, an expression, a list whose parts are stacked, a mapping of
// words to these, or a count: {n: 1..10000}.
func (p *parser) axis(n *yaml.Node, what string) Axis {
	const example = "a factor such as rate, or an expression such as server/cpu"
	switch n.Kind {
	case yaml.SequenceNode:
		return stacked(p.words(n, what, example)...)
	case yaml.MappingNode:
	default:
		text, _ := scalar(n, what, example, &p.problems)
		switch {
		case text == "order" || text == "claims":
			return Axis{Run: text}
		case slices.Contains(keyNames(), text):
			return Axis{Factor: text}
		}
		return one(text)
	}
	var a Axis
	for _, e := range pairs(n) {
		if e.key == "n" {
			return p.counted(e.value, what)
		}
		row, parts := Row{Name: e.key}, []entry{{value: e.value}}
		if e.value.Kind == yaml.MappingNode {
			a.Stacked, parts = true, pairs(e.value)
		}
		for _, part := range parts {
			text, _ := scalar(part.value, what, example, &p.problems)
			row.Parts = append(row.Parts, Part{part.key, text})
		}
		a.Rows = append(a.Rows, row)
	}
	return a
}

// counted reads 1..10000.
func (p *parser) counted(n *yaml.Node, what string) Axis {
	text, _ := scalar(n, what, "1..10000", &p.problems)
	from, to, _ := strings.Cut(text, "..")
	low, _, errLow := units.Parse(from)
	high, _, errHigh := units.Parse(to)
	if errLow != nil || errHigh != nil || !(low >= 1 && high > low && high <= 1e9) {
		p.add(n.Line, "%s counts n over %q, which is no range from 1 up; write such as {n: 1..10000}", what, text)
	}
	return Axis{From: low, To: high}
}
