package main

import (
	"math"
	"slices"
	"strings"

	"gonum.org/v1/plot/vg"

	"pushbench/results"
	"pushbench/scenarios"
	"pushbench/servers/units"
)

// Bars and dots: a row for each treatment or expression, its value along x.

// bars compares expressions between treatments; parts of a list are stacked.
func (r *report) bars(p scenarios.Plot) (*drawing, error) {
	s := r.scope(p)
	var bars []bar
	var shown []results.Treatment
	unit := ""
	for _, l := range r.lines(p) {
		t := l.ts[0]
		for _, row := range p.X.Rows {
			v, parts := s.stacked(row, t)
			b := rowOf(l, v)
			b.Parts = parts
			if row.Name != "" {
				b.Name += ", " + row.Name
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
	var words []string
	if p.X.Stacked {
		for _, part := range p.X.Rows[0].Parts {
			words = append(words, part.Name)
		}
	}
	saving := slices.IndexFunc(p.X.Rows[0].Parts, func(part scenarios.Part) bool { return strings.HasPrefix(part.Expr, "bytes/compression/") })
	ch := newBarChart(axisName(p, true), unit, words, saving, bars)
	d := &drawing{chart: ch, rows: len(bars), notes: []string{stackNote(ch), r.intervalNote(shown, "whiskers and brackets", p.Metrics()...), noticeNote(p)}}
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

func rowOf(l line, v reading) bar {
	b := bar{Name: l.name, Style: l.style, Value: v.Center, Lo: v.Lo, Hi: v.Hi, Note: v.why}
	if v.why != "" {
		b.Value, b.Lo, b.Hi = math.NaN(), math.Inf(-1), math.Inf(1)
	}
	return b
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
	seen := map[string]bool{}
	for _, t := range r.shown(p) {
		name := r.facetName(p, t)
		if !seen[name] {
			gs = append(gs, group{name: name, t: t, scope: r.scope(p)})
		}
		seen[name] = true
	}
	for _, key := range sortedKeys(p.Also) {
		number := func(level string) float64 { v, _, _ := units.Parse(level); return v }
		v := number(p.Also[key])
		for _, g := range slices.Clone(gs) {
			larger := slices.ContainsFunc(gs, func(o group) bool {
				return with(o.t, key, "").Key() == with(g.t, key, "").Key() && number(o.t[key]) > number(g.t[key])
			})
			g.scope, g.also = g.scope.with(key, v), true
			g.name = r.facetName(p, with(g.t, key, p.Also[key])) + notRun
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

// facetName heads a group of dots.
func (r *report) facetName(p scenarios.Plot, t results.Treatment) string {
	var parts []string
	for _, key := range p.Facet {
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
	var groups []dotGroup
	var shown []results.Treatment
	var notes footnotes
	unit := "1"
	for _, g := range r.facets(p) {
		dg := dotGroup{Name: g.name}
		look := styleOf(g.t.Transport())
		if f, err := results.ParseFormula(p.X.Expr()); err == nil {
			if ts := f.Terms(); len(ts) > 0 && ts[0].Transport != "" {
				look = styleOf(ts[0].Transport)
			}
		}
		look.Hollow = look.Hollow || g.also
		cells := []string{g.name}
		for _, row := range rows {
			s := g.scope
			s.row = row.Parts[0].Expr
			d := dot{Name: row.Name, Style: look, Value: none, Lo: math.Inf(-1), Hi: math.Inf(1), Beside: none}
			q, why := s.eval(p.X.Expr(), g.t)
			v := s.reading(q)
			if why != "" {
				v = reading{why: why}
			}
			if v.why != "" {
				d.Note = v.why
				dg.Dots, cells = append(dg.Dots, d), append(cells, v.value(&notes))
				continue
			}
			shown, unit = append(shown, g.t), v.unit
			d.Value, d.Lo, d.Hi = v.Center, v.Lo, v.Hi
			d.Words = amount(v.Center, v.Lo, v.Hi, unit)
			cell := d.Words
			if expr, ok := s.choose(p.Reference.Of[row.Name], g.t); ok {
				if held, why := s.eval(expr, g.t); why == "" {
					d.Beside = held.center()
					held := heldWord + " " + amount(d.Beside, none, none, unit)
					d.Words, cell = d.Words+", "+held, cell+",\n"+held
				}
			}
			dg.Dots, cells = append(dg.Dots, d), append(cells, cell)
		}
		groups, found.Rows = append(groups, dg), append(found.Rows, cells)
	}
	if len(shown) == 0 {
		return nil, r.noData(p)
	}
	ch := newDotChart(axisName(p, true), unit, groups)
	ch.Found = foundWord
	if len(p.Reference.Of) > 0 {
		ch.Held = heldWord
	}
	found.Notes = append([]string{r.intervalNote(shown, "in brackets", p.Metrics()...)}, notes.paragraphs()...)
	return &drawing{chart: ch, height: ch.height(), tables: []exhibit{found.filled()},
		notes: []string{r.intervalNote(shown, "bars and brackets", p.Metrics()...), r.referenceNote(p), alsoNote(p)}}, nil
}

// height is that of a figure with this chart.
func (ch *dotChart) height() vg.Length {
	const row = vg.Length(19)
	return max(3.4*vg.Inch, min(16*vg.Inch, vg.Length(ch.rows())*row+2.5*vg.Inch))
}
