package scenarios

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// Plot is one figure of a scenario.
type Plot struct {
	Kind  string             // one of plotKinds
	Of    string             // what is shown; the kind says of which sort that is
	By    string             // curve, bars: the metric that it is divided by, "" for none
	To    string             // overhead, breakeven: the transport compared with; tradeoff: the metric upwards
	Over  string             // curve, breakeven, fit: the factor along the axis
	Per   string             // the factor that tells the lines, bars or rows apart
	And   string             // the second of two that do, as in per: [transport, encoding]
	Where map[string]string  // levels of the factors that the figure holds still
	Model map[string]Headers // overhead, breakeven: a poll's header bytes by level of Per, under "" for all levels
	Title string             // "" for the scenario's question
	Log   bool               // logarithmic axes: the values', and a curve's factor's
	Line  int                // in the scenario's file
}

// Headers is the header bytes of one poll, from which the closed form of its
// cost starts.
type Headers struct {
	Total    float64 // request and response
	Response float64 // 0 where the file gives the total only
}

// Metrics lists the numbers that the plot is of: one name, or the several that
// braces stand for, as in bytes/{payload,envelope,protocol}/down; with braces in
// two places, every combination.
func (p Plot) Metrics() []string { return expand(p.Of) }

// Upwards lists the numbers of a tradeoff's other axis, as Metrics does those
// of the first.
func (p Plot) Upwards() []string { return expand(p.To) }

// Divisor lists the numbers whose sum a plot divides by, nothing without one.
func (p Plot) Divisor() []string {
	if p.By == "" {
		return nil
	}
	return expand(p.By)
}

func expand(of string) []string {
	before, rest, opened := strings.Cut(of, "{")
	words, after, closed := strings.Cut(rest, "}")
	if !opened || !closed {
		return []string{of}
	}
	var names []string
	for w := range strings.SplitSeq(words, ",") {
		for _, end := range expand(after) {
			names = append(names, before+strings.TrimSpace(w)+end)
		}
	}
	return names
}

// subject is the sort of thing that a kind of plot is of.
type subject int

const (
	aSum          subject = iota // a metric, or the sum of those in braces
	several                      // metrics in braces
	aDistribution                // a whole distribution
	aTransport                   // one of the scenario's transports
	aChoice                      // one of a few words
	perhapsChoice                // the same, or nothing
	nothing                      // the kind says it all
)

// plotKinds says what each kind of figure takes.
var plotKinds = []struct {
	name    string
	subject subject
	example string   // of its of
	choices []string // of its of, where it is one of these
	over    bool     // a factor along the axis
	to      bool     // two transports are compared: of, and to
	upwards bool     // two metrics are set against each other: of, and to
	by      bool     // a sum may be divided by another
	two     bool     // per may name two factors
	log     bool     // axes are logarithmic on demand; other kinds choose
}{
	{name: "quantiles", subject: aDistribution, example: "staleness", two: true, log: true},
	{name: "curve", subject: aSum, example: "staleness/p99", over: true, by: true, two: true, log: true},
	{name: "bars", subject: aSum, example: "server/cpu", by: true, two: true},
	{name: "stack", subject: several, example: `"bytes/{payload,envelope,protocol}/down"`, two: true},
	{name: "tradeoff", subject: aSum, example: "staleness/p99", upwards: true, two: true, log: true},
	{name: "overhead", subject: aTransport, example: "poll?interval=1s", to: true},
	{name: "breakeven", subject: aTransport, example: "poll?interval=1s", to: true, over: true},
	{name: "amortised", subject: aChoice, example: "bytes", choices: []string{"bytes", "server-cpu", "time"}},
	{name: "memory", subject: nothing},
	{name: "fit", subject: aChoice, example: "server/cpu", choices: []string{"server/cpu", "host/cpu"}, over: true},
	{name: "bandwidth", subject: perhapsChoice, choices: []string{"lubbers2010"}},
}

func plotKindNames() []string {
	names := make([]string, len(plotKinds))
	for i, k := range plotKinds {
		names[i] = k.name
	}
	return names
}

var plotKeys = []string{"kind", "of", "by", "to", "over", "per", "where", "model", "title", "log"}

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
	var model *yaml.Node
	perGiven := false
	for _, e := range mapping(n, "a plot", plotKeys, &p.problems) {
		what := "a plot's " + e.key
		switch e.key {
		case "kind":
			plot.Kind, _ = scalar(e.value, what, "one of "+strings.Join(plotKindNames(), ", "), &p.problems)
		case "of":
			plot.Of, _ = scalar(e.value, what, "a metric such as staleness/p50", &p.problems)
		case "by":
			plot.By, _ = scalar(e.value, what, "a metric such as bytes/payload/down", &p.problems)
		case "to":
			plot.To, _ = scalar(e.value, what, "a transport such as ws, or a metric such as server/cpu", &p.problems)
		case "over":
			plot.Over, _ = scalar(e.value, what, "a factor such as rate", &p.problems)
		case "per":
			plot.Per, plot.And, perGiven = p.per(e.value, what)
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
		case "model":
			model = e.value // it names levels of per, which may come after it
		}
	}
	if i := slices.Index(plotKindNames(), plot.Kind); i >= 0 && plotKinds[i].to && !perGiven {
		plot.Per = "" // both transports are named: nothing needs telling apart
	}
	if model != nil {
		plot.Model = p.model(model, plot.Per)
	}
	if len(p.list) == before {
		p.plotMakesSense(n.Line, plot)
	}
	return plot
}

// per reads a factor, or a list of two.
func (p *parser) per(n *yaml.Node, what string) (per, and string, ok bool) {
	const example = "a factor such as transport, or two such as [transport, encoding]"
	if n.Kind != yaml.SequenceNode {
		per, ok = scalar(n, what, example, &p.problems)
		return per, "", ok
	}
	if len(n.Content) != 2 {
		p.add(n.Line, "%s is a list of %d; write %s", what, len(n.Content), example)
		return "", "", false
	}
	per, ok = scalar(n.Content[0], what, example, &p.problems)
	and, both := scalar(n.Content[1], what, example, &p.problems)
	return per, and, ok && both
}

// model reads the header bytes of a poll: one quantity, or one for each level
// of per.
func (p *parser) model(n *yaml.Node, per string) map[string]Headers {
	model := map[string]Headers{}
	if n.Kind != yaml.MappingNode {
		if h, ok := p.headers(n); ok {
			model[""] = h
		}
		return model
	}
	levels := p.levels(per)
	if per == "" || levels == nil {
		p.add(n.Line, "a plot's model is for each level of its per, which it does not say; write such as model: 909B, or add per: headers")
		return nil
	}
	for _, e := range mapping(n, "a plot's model", levels, &p.problems) {
		if h, ok := p.headers(e.value); ok {
			model[e.key] = h
		}
	}
	return model
}

// headers reads 909B, or 716B+193B: a request and its response.
func (p *parser) headers(n *yaml.Node) (h Headers, ok bool) {
	const example = "909B, or 716B+193B for request and response"
	text, ok := scalar(n, "a plot's model", example, &p.problems)
	if !ok {
		return h, false
	}
	request, response, split := strings.Cut(text, "+")
	for _, part := range []string{request, response} {
		if part == response && !split {
			break
		}
		v, err := quantity(strings.TrimSpace(part), "B", 1, maxPayload, example)
		if err != nil {
			p.add(n.Line, "a plot's model %q %v", text, err)
			return h, false
		}
		h.Total += v
		if split {
			h.Response = v // the last one
		}
	}
	return h, true
}
