package scenarios

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"pushbench/results"
)

// Plot is one figure of a scenario.
type Plot struct {
	Kind  string            // quantiles, curve, bars, stack
	Of    string            // a distribution (quantiles), a metric, or metrics in braces (stack)
	Over  string            // curve: the factor along the axis
	Per   string            // the factor that tells the lines or bars apart
	Where map[string]string // levels of the factors that the figure holds still
	Title string            // "" for the scenario's question
	Log   bool              // logarithmic axes: the values', and a curve's factor's
	Line  int               // in the scenario's file
}

// Metrics lists what the plot is of: one name, or the several that braces
// stand for, as in bytes/{payload,envelope,protocol}/down.
func (p Plot) Metrics() []string {
	before, rest, ok := strings.Cut(p.Of, "{")
	if !ok {
		return []string{p.Of}
	}
	words, after, ok := strings.Cut(rest, "}")
	if !ok {
		return []string{p.Of}
	}
	var names []string
	for w := range strings.SplitSeq(words, ",") {
		names = append(names, before+strings.TrimSpace(w)+after)
	}
	return names
}

// plotKinds says what each kind of figure takes.
var plotKinds = []struct {
	name    string
	of      string // example
	over    bool
	log     bool
	several bool // of may stand for several metrics
	dist    bool // of is a whole distribution
}{
	{name: "quantiles", of: "staleness", log: true, dist: true},
	{name: "curve", of: "staleness/p99", over: true, log: true},
	{name: "bars", of: "server/cpu"},
	{name: "stack", of: `"bytes/{payload,envelope,protocol}/down"`, several: true},
}

func plotKindNames() []string {
	names := make([]string, len(plotKinds))
	for i, k := range plotKinds {
		names[i] = k.name
	}
	return names
}

var plotKeys = []string{"kind", "of", "over", "per", "where", "title", "log"}

func (p *parser) plots(n *yaml.Node) {
	if n == nil {
		return
	}
	for _, item := range list(n, "plots", "[{kind: bars, of: server/cpu}]", &p.problems) {
		before := len(p.list)
		plot := p.plot(item)
		if len(p.list) == before {
			p.s.Plots = append(p.s.Plots, plot)
		}
	}
}

func (p *parser) plot(n *yaml.Node) Plot {
	plot := Plot{Per: "transport", Where: map[string]string{}, Line: n.Line}
	before := len(p.list)
	for _, e := range mapping(n, "a plot", plotKeys, &p.problems) {
		what := "a plot's " + e.key
		switch e.key {
		case "kind":
			plot.Kind, _ = scalar(e.value, what, "one of "+strings.Join(plotKindNames(), ", "), &p.problems)
		case "of":
			plot.Of, _ = scalar(e.value, what, "a metric such as staleness/p50", &p.problems)
		case "over":
			plot.Over, _ = scalar(e.value, what, "a factor such as rate", &p.problems)
		case "per":
			plot.Per, _ = scalar(e.value, what, "a factor such as transport", &p.problems)
		case "title":
			plot.Title, _ = scalar(e.value, what, "a sentence", &p.problems)
		case "log":
			text, ok := scalar(e.value, what, "true or false", &p.problems)
			if ok && text != "true" && text != "false" {
				p.add(e.value.Line, "%s %q is neither true nor false", what, text)
			}
			plot.Log = text == "true"
		case "where":
			plot.Where, _ = p.where(e.value, what)
		}
	}
	if len(p.list) == before {
		p.plotMakesSense(n.Line, plot)
	}
	return plot
}

// plotMakesSense holds a plot against its kind and against the plan.
func (p *parser) plotMakesSense(line int, plot Plot) {
	before := len(p.list)
	i := slices.Index(plotKindNames(), plot.Kind)
	switch {
	case plot.Kind == "":
		p.add(line, "a plot has no kind; %s", listing("kinds", plotKindNames()))
		return
	case i < 0:
		p.add(line, "unknown kind of plot %q; %s", plot.Kind, among(plot.Kind, "kinds", plotKindNames()))
		return
	}
	k := plotKinds[i]
	if plot.Of == "" {
		p.add(line, "a %s plot does not say what it is of; write such as of: %s", k.name, k.of)
	} else {
		p.plotMetrics(line, plot, k.several, k.dist)
	}
	if plot.Log && !k.log {
		p.add(line, "a %s plot on a logarithmic axis has no zero to start from; leave log out", k.name)
	}
	switch {
	case k.over && plot.Over == "":
		p.add(line, "a %s plot does not say over which factor; write such as over: rate", k.name)
	case !k.over && plot.Over != "":
		p.add(line, "a %s plot has no over; leave it out, or make it a curve", k.name)
	case k.over:
		p.plotOver(line, plot)
	}
	if len(p.list) == before {
		p.plotAxes(line, plot)
	}
}

func (p *parser) plotMetrics(line int, plot Plot, several, dist bool) {
	names := plot.Metrics()
	_, distributions := metricNames()
	switch {
	case dist && !slices.Contains(distributions, plot.Of):
		p.add(line, "a %s plot is of a whole distribution, which %q is not; %s", plot.Kind, plot.Of, among(plot.Of, "known ones", distributions))
		return
	case dist:
		return
	case !several && len(names) > 1:
		p.add(line, "a %s plot is of one metric; make it a stack, or a plot for each", plot.Kind)
		return
	case several && len(names) < 2:
		p.add(line, "a stack is of several metrics; write such as of: \"bytes/{payload,envelope,protocol}/down\", or make it bars")
		return
	}
	for _, name := range names {
		if problem := metricProblem(name); problem != "" {
			p.add(line, "a plot is of %q, which %s", name, problem)
		}
	}
}

// plotOver holds a curve's factor to being a number that varies.
func (p *parser) plotOver(line int, plot Plot) {
	var numeric []string
	for _, f := range p.s.Factors {
		if _, _, err := results.ParseQuantity(f.Levels[0]); err == nil && len(f.Levels) > 1 {
			numeric = append(numeric, f.Key)
		}
	}
	if slices.Contains(numeric, plot.Over) {
		return
	}
	if len(numeric) == 0 {
		p.add(line, "a curve over %s, but no factor here is a number that varies; make it bars", plot.Over)
		return
	}
	p.add(line, "a curve over %s, which is not a number that varies here; %s", plot.Over, among(plot.Over, "those that are", numeric))
}

// plotAxes sees to it that a figure mixes no conditions: whatever varies is on
// an axis, tells lines apart, or is held still.
func (p *parser) plotAxes(line int, plot Plot) {
	if p.levels(plot.Per) == nil {
		p.add(line, "a plot per %s, which is no key of a scenario; %s", plot.Per, among(plot.Per, "known keys", keyNames()))
		return
	}
	if plot.Per == plot.Over {
		p.add(line, "a plot over %s and per %s; choose another per", plot.Over, plot.Per)
		return
	}
	for _, f := range p.s.Factors {
		_, still := plot.Where[f.Key]
		if len(f.Levels) > 1 && !still && f.Key != plot.Per && f.Key != plot.Over {
			p.add(line, "a plot leaves open which %s it shows; add where: {%s: %s}", f.Key, f.Key, f.Levels[0])
		}
	}
	if !slices.ContainsFunc(p.plan, func(t Treatment) bool { return t.Labels.Matches(plot.Where) }) {
		p.add(line, "a plot shows nothing: no treatment of the plan has all of its where")
	}
}
