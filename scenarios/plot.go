package scenarios

import (
	"strings"

	"go.yaml.in/yaml/v4"

	"pushbench/results"
)

// Plot is one figure of a scenario, as a sentence: a mark, what its axes show, and which
// factors tell marks apart. Expressions are formulas (see results.ParseFormula).
type Plot struct {
	Mark    string            // one of marks
	X, Y    Axis              // bars have no y, a spectrum no x
	Per     []string          // factors that tell rows, bars or lines apart
	Facet   []string          // dots: the factors whose levels head groups of rows
	Along   string            // the factor whose levels are the points over an expression
	Only    []string          // the transports drawn, nothing for all
	Where   map[string]string // levels of the factors that the figure holds still
	Let     map[string]Choice // names that expressions use
	Instead map[string]string // an expression of its own for a transport
	Also    map[string]string // dots: levels that are computed and were not run

	Reference Choice // what the marks are held against
	Says      string // what the reference is, in words
	Join      bool   // lines are straight in 1/x
	Cross     string // the transport whose line the others' crossings are with

	Across, Upwards string // the names of the axes, "" for what they show
	Unit            string // of the values, "" where the expressions tell
	LogX, LogY      bool
	Title           string // "" for the scenario's question
	Name            string // of the file, "" for one from the sentence
	Line            int    // in the scenario's file
}

// Choice is an expression, or one for each level of a factor: of rows by their names
// first, then of what tells marks apart.
type Choice struct {
	Expr string
	Of   map[string]Choice
}

// Exprs lists every expression that the plot draws.
func (p Plot) Exprs() []string {
	list := append(p.X.Exprs(), p.Y.Exprs()...)
	list = p.Reference.exprs(list)
	for _, name := range sortedNames(p.Let) {
		list = p.Let[name].exprs(list)
	}
	for _, transport := range sortedNames(p.Instead) {
		list = append(list, p.Instead[transport])
	}
	return list
}

func (c Choice) exprs(list []string) []string {
	if c.Expr != "" {
		list = append(list, c.Expr)
	}
	for _, level := range sortedNames(c.Of) {
		list = c.Of[level].exprs(list)
	}
	return list
}

// Metrics lists the numbers that the plot reads, each once; a spectrum's distribution.
func (p Plot) Metrics() []string {
	var names []string
	for _, expr := range p.Exprs() {
		if p.Mark == "spectrum" {
			names = results.AddNew(names, expr)
			continue
		}
		f, err := results.ParseFormula(strings.TrimSuffix(strings.TrimPrefix(expr, "fit("), ")"))
		if err != nil {
			continue
		}
		for _, term := range f.Terms() {
			sum, _ := term.Metrics()
			names = results.AddNew(names, sum...)
		}
	}
	return names
}

var (
	marks    = []string{"bars", "dots", "line", "points", "spectrum"}
	plotKeys = []string{"mark", "x", "y", "per", "facet", "along", "only", "where", "let", "instead", "also",
		"reference", "join", "cross", "across", "upwards", "unit", "log", "title", "name"}
)

func (p *parser) plots(n *yaml.Node) {
	for _, item := range list(n, "plots", "[{mark: bars, x: server/cpu}]", &p.problems) {
		p.addPlot(item)
	}
}

func (p *parser) addPlot(n *yaml.Node) {
	before := len(p.list)
	read := p.plot
	if isOldPlot(n) {
		read = p.oldPlot
	}
	plot := read(n)
	if len(p.list) == before {
		p.plotMakesSense(plot)
	}
	if len(p.list) == before {
		p.s.Plots = append(p.s.Plots, plot)
	}
}

// AddPlot adds a figure that the file does not ask for: a sentence such as
// {mark: points, x: order, y: [server/cpu, host/steal]}.
func (s *Scenario) AddPlot(sentence string) error {
	p := &parser{problems: problems{path: "plot"}, s: s}
	plan, _, err := s.Treatments()
	if err != nil {
		return err
	}
	p.plan = plan
	if n := document([]byte(sentence), &p.problems); n != nil {
		p.addPlot(n)
	}
	return p.err()
}

func (p *parser) plot(n *yaml.Node) Plot {
	plot := Plot{Where: map[string]string{}, Line: n.Line}
	for _, e := range mapping(n, "a plot", plotKeys, &p.problems) {
		what := "a plot's " + e.key
		word := func(example string) string {
			text, _ := scalar(e.value, what, example, &p.problems)
			return text
		}
		switch e.key {
		case "mark":
			plot.Mark = word("one of " + strings.Join(marks, ", "))
		case "x":
			plot.X = p.axis(e.value, what)
		case "y":
			plot.Y = p.axis(e.value, what)
		case "per":
			plot.Per = p.words(e.value, what, "transport, or [transport, encoding]")
		case "facet":
			plot.Facet = p.words(e.value, what, "headers, or [transport, subscribers]")
		case "along":
			plot.Along = word("a factor such as rate")
		case "only":
			plot.Only = p.words(e.value, what, "[poll?interval=1s, ws]")
		case "where":
			plot.Where, _ = p.where(e.value, what)
		case "let":
			plot.Let = p.choice(e.value, what).Of
		case "instead":
			plot.Instead = p.texts(e.value, what)
		case "also":
			plot.Also = p.texts(e.value, what)
		case "reference":
			plot.Reference = p.choice(e.value, what)
			plot.Says = plot.Reference.Of["says"].Expr
			delete(plot.Reference.Of, "says")
		case "join":
			if text := word("1/x"); text != "1/x" && text != "" {
				p.add(e.value.Line, "%s %q: lines are straight in 1/x, or else as the axes are; write join: 1/x, or leave it out", what, text)
			}
			plot.Join = true
		case "cross":
			plot.Cross = word("a transport such as ws")
		case "across":
			plot.Across = word("the name of the axis")
		case "upwards":
			plot.Upwards = word("the name of the axis")
		case "unit":
			plot.Unit = word("a unit such as bit/s")
		case "log":
			text := word("x, y or xy")
			if strings.Trim(text, "xy") != "" {
				p.add(e.value.Line, "%s %q names no axes; write x, y or xy", what, text)
			}
			plot.LogX, plot.LogY = strings.Contains(text, "x"), strings.Contains(text, "y")
		case "title":
			plot.Title = word("a sentence")
		case "name":
			plot.Name = word("a name for its file")
		}
	}
	switch {
	case plot.Mark != "dots":
		if plot.Per == nil {
			plot.Per = []string{"transport"}
		}
	case plot.Facet == nil && plot.Per == nil && plot.X.Run == "" && !p.transportNamed(plot):
		plot.Facet = []string{"transport"}
	case plot.Facet == nil:
		plot.Facet, plot.Per = plot.Per, nil
	}
	return plot
}

// words reads one word or a list of them.
func (p *parser) words(n *yaml.Node, what, example string) (ws []string) {
	items := []*yaml.Node{n}
	if n.Kind == yaml.SequenceNode {
		items = n.Content
	}
	for _, item := range items {
		if text, ok := scalar(item, what, example, &p.problems); ok {
			ws = append(ws, text)
		}
	}
	return ws
}

// texts reads a mapping of words to one text each.
func (p *parser) texts(n *yaml.Node, what string) map[string]string {
	m := map[string]string{}
	for key, c := range p.choice(n, what).Of {
		if c.Of != nil {
			p.add(n.Line, "%s has several values for %s; write one", what, key)
		}
		m[key] = c.Expr
	}
	return m
}

// choice reads an expression, or a mapping of levels to choices.
func (p *parser) choice(n *yaml.Node, what string) Choice {
	if n.Kind != yaml.MappingNode {
		text, _ := scalar(n, what, "an expression such as 97B + 117B", &p.problems)
		return Choice{Expr: text}
	}
	c := Choice{Of: map[string]Choice{}}
	for _, e := range pairs(n) {
		c.Of[e.key] = p.choice(e.value, what)
	}
	return c
}

// pairs are the entries of a mapping whose keys are the author's own words.
func pairs(n *yaml.Node) (es []entry) {
	for i := 0; i+1 < len(n.Content); i += 2 {
		es = append(es, entry{n.Content[i].Value, n.Content[i].Line, n.Content[i+1]})
	}
	return es
}
