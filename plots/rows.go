package main

import (
	"math"
	"slices"
	"strings"

	"pushbench/results"
	"pushbench/scenarios"
	"pushbench/servers/units"
)

// Bars and dots: a row for each treatment or expression, its value along x.

// bars compares expressions between treatments; parts of a list are stacked.
func (r *report) bars(p scenarios.Plot) (*drawing, error) {
	s := r.scope(p)
	var bars []row
	var shown []results.Treatment
	unit := ""
	for _, l := range r.lines(p) {
		t := l.ts[0]
		for _, of := range p.X.Rows {
			v, parts := s.stacked(of, t)
			b := newRow(l.name, l.style, v, valueWithInterval)
			b.Parts = parts
			if of.Name != "" {
				b.Name += ", " + of.Name
			}
			if !p.X.Stacked {
				r.markNoticed(&b, t, p.Metrics())
			}
			bars = append(bars, b)
			if v.why == "" {
				unit = v.unit
				shown = append(shown, t)
			}
		}
	}
	if len(shown) == 0 {
		return nil, r.noData(p)
	}
	ch := &rowChart{Mark: p.Mark, Groups: []rowGroup{{Rows: bars}}, Level: none, Saving: -1}
	for i, part := range p.X.Rows[0].Parts {
		if p.X.Stacked {
			ch.Parts = append(ch.Parts, part.Name)
		}
		if strings.HasPrefix(part.Expr, "bytes/compression/") {
			ch.Saving = i
		}
	}
	ch.scale(axisName(p, true), unit)
	d := &drawing{chart: ch, height: ch.height(), notes: []string{stackNote(ch), r.intervalNote(shown, "whiskers and brackets", p.Metrics()...), noticeNote(p)}}
	if p.X.Stacked && len(p.X.Rows) > 1 {
		d.tables = []exhibit{s.partsTable(r.lines(p))}
	}
	return d, nil
}

// stacked reads the sum of a row's parts and each of them, NaN where there is none.
func (s scope) stacked(row scenarios.Row, t results.Treatment) (sum reading, parts []float64) {
	if len(row.Parts) == 1 {
		return s.read(row.Parts[0].Expr, t), nil
	}
	var exprs []string
	for _, part := range row.Parts {
		v := s.read(part.Expr, t)
		if v.why != "" {
			v.Center = math.NaN()
		}
		parts = append(parts, v.Center)
		exprs = append(exprs, part.Expr)
	}
	// Metrics alone are summed as one quantity, which knows how exact it is.
	if !slices.ContainsFunc(exprs, func(e string) bool { _, ok := results.Describe(e); return !ok }) {
		q, why := s.sum(t, exprs...)
		if why != "" {
			return reading{why: why}, parts
		}
		return s.reading(q), parts
	}
	return s.read("("+strings.Join(exprs, ") + (")+")", t), parts
}

// newRow is a row of one value, with its words or why there is none.
func newRow(name string, look style, v reading, words func(v, lo, hi float64, unit string) string) row {
	r := row{Name: name, Style: look, Held: none, spot: spot{Value: none, Lo: math.Inf(-1), Hi: math.Inf(1)}, Words: "– " + v.why}
	if v.why == "" {
		r.spot = spot{Value: v.Center, Lo: v.Lo, Hi: v.Hi}
	}
	if finite(r.Value) {
		r.Words = words(v.Center, v.Lo, v.Hi, v.unit)
	}
	return r
}

// group is a heading of dots: its treatment, and the levels that are computed.
type group struct {
	name  string
	t     results.Treatment
	scope scope
	also  bool
}

// facets are the groups of a plot of dots; behind the largest of each, the case that is
// computed from it, where the reference speaks of it.
func (r *report) facets(p scenarios.Plot) (gs []group) {
	name := func(t results.Treatment) string { return heading(p.Facet, t) }
	for _, ts := range grouped(r.shown(p), name) {
		gs = append(gs, group{name: name(ts[0]), t: ts[0], scope: r.scope(p)})
	}
	for _, key := range sortedKeys(p.Also) {
		number := func(level string) float64 { v, _, _ := units.Parse(level); return v }
		v := number(p.Also[key])
		for _, g := range slices.Clone(gs) {
			larger := slices.ContainsFunc(gs, func(o group) bool {
				return with(o.t, key, "").Key() == with(g.t, key, "").Key() && number(o.t[key]) > number(g.t[key])
			})
			g.scope, g.also = g.scope.with(key, v), true
			g.name = heading(p.Facet, with(g.t, key, p.Also[key])) + notRun
			known := slices.ContainsFunc(p.Y.Rows, func(row scenarios.Row) bool {
				_, ok := g.scope.choose(p.Reference.Of[row.Name], g.t)
				return ok
			})
			if known && !larger && number(g.t[key]) < v {
				gs = append(gs, g)
			}
		}
	}
	return gs
}

func heading(keys []string, t results.Treatment) string {
	var parts []string
	for _, key := range keys {
		switch n, _, err := units.Parse(t[key]); {
		case key == "transport":
			parts = append(parts, t.Transport())
		case err == nil && key == "subscribers":
			parts = append(parts, plural(count(n), "subscriber"))
		default:
			parts = append(parts, phrase(key, t[key]))
		}
	}
	return strings.Join(parts, ", ")
}

// dots are rows of an expression under headings, each beside what it is held against.
func (r *report) dots(p scenarios.Plot) (*drawing, error) {
	rows := p.Y.Rows
	if len(rows) == 0 {
		rows = []scenarios.Row{{Parts: []scenarios.Part{{Expr: p.X.Expr()}}}}
	}
	found := exhibit{Title: r.caption(p, axisName(p, true)), Head: []string{strings.Join(p.Facet, ", ")}, Words: 1, Ruled: true}
	for _, row := range rows {
		found.Head = append(found.Head, strings.Replace(row.Name, " ", "\n", 1))
	}
	var groups []rowGroup
	var shown []results.Treatment
	var notes footnotes
	unit := "1"
	for _, g := range r.facets(p) {
		under := rowGroup{Name: g.name}
		look := styleOf(g.t.Transport())
		if f, err := results.ParseFormula(p.X.Expr()); err == nil {
			if ts := f.Terms(); len(ts) > 0 && ts[0].Transport != "" {
				look = styleOf(ts[0].Transport)
			}
		}
		look.Hollow = look.Hollow || g.also
		cells := []string{g.name}
		for _, of := range rows {
			s := g.scope
			s.row = of.Parts[0].Expr
			v := s.read(p.X.Expr(), g.t)
			d, cell := newRow(of.Name, look, v, amount), v.value(&notes)
			if v.why == "" {
				shown, unit = append(shown, g.t), v.unit
				cell = d.Words
				if expr, ok := s.choose(p.Reference.Of[of.Name], g.t); ok {
					if v := s.read(expr, g.t); v.why == "" {
						d.Held = v.Center
						held := heldWord + " " + amount(d.Held, none, none, unit)
						d.Words, cell = d.Words+", "+held, cell+",\n"+held
					}
				}
			}
			under.Rows, cells = append(under.Rows, d), append(cells, cell)
		}
		groups, found.Rows = append(groups, under), append(found.Rows, cells)
	}
	if len(shown) == 0 {
		return nil, r.noData(p)
	}
	ch := &rowChart{Mark: p.Mark, Groups: groups, Level: none}
	if unit == "1" {
		ch.Level = 1
	}
	if len(p.Reference.Of) > 0 {
		ch.Held = heldWord
	}
	ch.scale(axisName(p, true), unit)
	found.Notes = append([]string{r.intervalNote(shown, "in brackets", p.Metrics()...)}, notes.paragraphs()...)
	return &drawing{chart: ch, height: ch.height(), tables: []exhibit{found.filled()},
		notes: []string{r.intervalNote(shown, "bars and brackets", p.Metrics()...), r.referenceNote(p), alsoNote(p)}}, nil
}
