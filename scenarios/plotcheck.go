package scenarios

import (
	"maps"
	"slices"
	"strings"

	"pushbench/results"
	"pushbench/servers/units"
)

// A plot is held against its mark and against the plan. So a figure that could not be
// drawn, or would mix conditions, is found before the run.

func (p *parser) plotMakesSense(plot Plot) {
	before := len(p.list)
	say := func(format string, args ...any) { p.add(plot.Line, format, args...) }
	expressions := func(a Axis) bool { return len(a.Rows) > 0 }
	switch run := plot.X.Run; {
	case run == "order" && (plot.Mark != "points" || !plot.Y.Stacked || len(plot.Y.Rows) != 1):
		say("the order of the run is shown by points of a list, a panel each; write such as {mark: points, x: order, y: [server/cpu, host/steal]}")
		return
	case run == "claims" && plot.Mark != "dots":
		say("claims are shown by dots; write {mark: dots, x: claims}")
		return
	case run != "":
		for _, expr := range plot.Exprs() {
			p.formula(plot, expr)
		}
		return
	}
	switch plot.Mark {
	case "":
		say("a plot has no mark; %s", listing("marks", marks))
		return
	case "bars":
		if !expressions(plot.X) || expressions(plot.Y) || plot.Y.Factor != "" {
			say("bars show expressions along x, and name their rows by per; write such as x: server/cpu")
		}
		for _, row := range plot.X.Rows {
			if names := partNames(plot.X.Rows[0]); plot.X.Stacked && (len(names) == 0 || !slices.Equal(partNames(row), names)) {
				say("bars stack other parts in %q than in the first row; give every row the same words", row.Name)
			}
		}
		if plot.LogX || plot.LogY {
			say("bars on a logarithmic axis have no zero to start from; leave log out")
		}
	case "dots":
		if !expressions(plot.X) || plot.Y.Factor != "" {
			say("dots show an expression along x, with a row for each word of y; write such as x: server/cpu")
		}
	case "line", "points":
		if !expressions(plot.X) && plot.X.Factor == "" && plot.X.To == 0 {
			say("the mark %s has no x; write a factor such as x: rate, a count such as x: {n: 1..10000}, or an expression", plot.Mark)
		}
		if plot.Y.Expr() == "" {
			say("the mark %s has one expression upwards; write such as y: server/cpu", plot.Mark)
		}
	case "spectrum":
		if _, distributions := metricNames(); !slices.Contains(distributions, plot.Y.Expr()) {
			say("a spectrum is of a whole distribution, which y: %q is not; %s", plot.Y.Expr(), among(plot.Y.Expr(), "known ones", distributions))
		}
	default:
		say("unknown mark %q; %s", plot.Mark, among(plot.Mark, "marks", marks))
		return
	}
	if len(plot.Facet) > 0 && plot.Mark != "dots" {
		say("only dots have headings by facet; write per: %s", plot.Facet[0])
	}
	if len(p.list) == before && plot.Mark != "spectrum" {
		for _, expr := range plot.Exprs() {
			p.formula(plot, expr)
		}
	}
	for _, factor := range []string{plot.X.Factor, plot.Along} {
		if factor != "" {
			p.plotOver(plot, factor)
		}
	}
	if len(p.list) == before {
		p.plotFactors(plot)
	}
}

func partNames(row Row) (names []string) {
	for _, part := range row.Parts {
		names = append(names, part.Name)
	}
	return names
}

// formula holds an expression to the vocabulary, to the names that the plot explains
// and to the plan.
func (p *parser) formula(plot Plot, expr string) {
	if of, fitted := strings.CutPrefix(expr, "fit("); fitted {
		if of = strings.TrimSuffix(of, ")"); of != "server/cpu" && of != "host/cpu" || plot.X.Factor != "rate" && plot.X.Factor != "subscribers" {
			p.add(plot.Line, "a plot fits %s over %s, which the model does not know; write fit(server/cpu) or fit(host/cpu), over rate or subscribers", of, plot.X.Factor)
		}
		return
	}
	f, err := results.ParseFormula(expr)
	if err != nil {
		p.add(plot.Line, "a plot: %v", err)
		return
	}
	for _, term := range f.Terms() {
		p.inScenario(plot.Line, "a plot", term.Transport, term.Levels)
		p.formulaName(plot, term)
	}
}

// formulaName holds a name to being a metric, a name of the plot, a knob, or a key.
func (p *parser) formulaName(plot Plot, term *results.Term) {
	if sum, _ := term.Metrics(); len(sum) > 0 {
		return
	}
	names := append(sortedNames(plot.Let), "x")
	if plot.X.To > 0 {
		names = append(names, "n")
	}
	if len(plot.Y.Rows) > 0 && plot.Mark == "dots" {
		names = append(names, "y")
	}
	if slices.Contains(names, term.Name) {
		return
	}
	written := p.s.levels(term.Name)
	for _, transport := range p.s.levels("transport") {
		base, _, _ := strings.Cut(transport, "#")
		written = append(slices.Clip(written), knob(base, term.Name))
	}
	if slices.ContainsFunc(written, isNumber) {
		return
	}
	all, _ := metricNames()
	for _, d := range results.Derived {
		all = append(all, d.Name)
	}
	known := slices.Concat(names, all)
	mend := "see " + strings.Join(names, ", ") + " and the metrics of a record"
	if near := results.Nearest(term.Name, known); near != "" {
		mend = "did you mean " + near + "?"
	}
	p.add(plot.Line, "a plot computes with %q, which is no metric, no number of a treatment and no name of its let; %s", term.Name, mend)
}

// plotOver holds the factor of an axis to being a number that varies.
func (p *parser) plotOver(plot Plot, over string) {
	var numeric []string
	for _, f := range p.s.Factors {
		if len(f.Levels) > 1 && slices.ContainsFunc(f.Levels, isNumber) { // a bandwidth may be unlimited besides
			numeric = append(numeric, f.Key)
		}
	}
	switch {
	case slices.Contains(numeric, over):
	case len(numeric) == 0:
		p.add(plot.Line, "a plot over %s, but no factor here is a number that varies; make it bars", over)
	default:
		p.add(plot.Line, "a plot over %s, which is not a number that varies here; %s", over, among(over, "those that are", numeric))
	}
}

// plotFactors sees to it that a figure mixes no conditions: whatever varies is on an
// axis, tells marks apart, or is held still.
func (p *parser) plotFactors(plot Plot) {
	apart := slices.Concat(plot.Per, plot.Facet)
	taken := slices.Concat(apart, []string{plot.X.Factor, plot.Along})
	if len(plot.Per) > 2 {
		p.add(plot.Line, "a plot per %d factors; two tell marks apart, such as per: [transport, encoding]", len(plot.Per))
		return
	}
	for i, key := range apart {
		switch {
		case p.s.levels(key) == nil:
			p.add(plot.Line, "a plot per %s, which is no key of a scenario; %s", key, among(key, "known keys", keyNames()))
			return
		case slices.Contains(apart[:i], key):
			p.add(plot.Line, "a plot per %s twice; name it once", key)
			return
		case key == plot.X.Factor || key == plot.Along:
			p.add(plot.Line, "a plot over %s and per %s; choose another per", key, key)
			return
		}
	}
	for _, f := range p.s.Factors {
		_, still := plot.Where[f.Key]
		named := f.Key == "transport" && p.transportNamed(plot)
		if len(f.Levels) > 1 && !still && !named && !slices.Contains(taken, f.Key) {
			p.add(plot.Line, "a plot leaves open which %s it shows; add where: {%s: %s}", f.Key, f.Key, f.Levels[0])
		}
	}
	for _, transport := range slices.Concat(plot.Only, sortedNames(plot.Instead), []string{plot.Cross}) {
		p.inScenario(plot.Line, "a plot", transport, nil)
	}
	if !slices.ContainsFunc(p.plan, func(t Treatment) bool {
		return t.Labels.Matches(plot.Where) && (plot.Only == nil || slices.Contains(plot.Only, t.Labels.Transport()))
	}) {
		p.add(plot.Line, "a plot shows nothing: no treatment of the plan has all of its where")
	}
	for _, name := range sortedNames(plot.Let) {
		p.choiceLevels(plot, plot.Let[name], apart)
	}
	rows := map[string]Choice{}
	for _, row := range plot.Y.Rows {
		rows[row.Name] = Choice{}
	}
	for _, name := range sortedNames(plot.Reference.Of) {
		if _, isRow := rows[name]; isRow || plot.Mark != "dots" {
			p.choiceLevels(plot, plot.Reference.Of[name], apart)
			continue
		}
		p.add(plot.Line, "a plot's reference is of %q, which is no row of it; %s", name, among(name, "its rows", sortedNames(rows)))
	}
}

// transportNamed reports whether the expressions of a plot name every transport that
// they read.
func (p *parser) transportNamed(plot Plot) bool {
	exprs := plot.X.Exprs()
	if plot.Mark != "dots" || len(exprs) == 0 {
		return false
	}
	f, err := results.ParseFormula(exprs[0])
	return err == nil && !slices.ContainsFunc(f.Terms(), func(t *results.Term) bool { return t.Transport == "" })
}

// choiceLevels holds the keys of a choice to being levels of what tells marks apart;
// those that are computed and were not run are known too.
func (p *parser) choiceLevels(plot Plot, c Choice, apart []string) {
	for _, level := range sortedNames(c.Of) {
		known := slices.Collect(maps.Values(plot.Also))
		for _, key := range apart {
			known = append(known, p.s.levels(key)...)
		}
		if !slices.Contains(known, level) {
			p.add(plot.Line, "a plot has a value for %q, which is no level of %s; %s", level, strings.Join(apart, " or "), among(level, "their levels", known))
		}
		p.choiceLevels(plot, c.Of[level], apart)
	}
}

func isNumber(level string) bool { _, _, err := units.Parse(level); return err == nil }

func sortedNames[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
