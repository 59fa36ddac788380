package scenarios

import (
	"math"
	"time"

	"go.yaml.in/yaml/v4"
)

const (
	maxBlocks = 10_000
	// maxWindow is the longest latency that the record's histograms hold.
	maxWindow = time.Hour
)

// parser walks one file. Each step notes its problems and goes on with what
// is sound; steps that build on an earlier one are skipped where it failed, so
// that one mistake is not reported twice.
type parser struct {
	problems
	check Check
	s     *Scenario
	lines map[string]int // top-level key → its line
	plan  []Treatment    // once factors, fixed and except are sound
}

// topKeys are the keys of a scenario in the order they are best written, with an example
// of those that it cannot do without.
var topKeys = []struct{ name, example string }{
	{"question", "Is a push fresher than a poll?"}, {"factors", ""}, {"fixed", ""}, {"except", ""},
	{"warmup", "1s"}, {"measure", "5s"}, {"blocks", "10"}, {"seed", ""},
	{"idle", ""}, {"saturation", ""}, {"plots", ""}, {"claims", ""},
}

func needed() []string {
	var names []string
	for _, k := range topKeys {
		if k.example != "" {
			names = append(names, k.name)
		}
	}
	return append(names, "a transport")
}

func (p *parser) file() {
	top := document(p.s.Text, &p.problems)
	if top == nil {
		return
	}
	known := make([]string, len(topKeys))
	for i, k := range topKeys {
		known[i] = k.name
	}
	p.lines = map[string]int{}
	values := map[string]*yaml.Node{}
	for _, e := range mapping(top, "the scenario", known, &p.problems) {
		p.lines[e.key], values[e.key] = e.line, e.value
	}
	if top.Kind != yaml.MappingNode {
		return
	}
	for _, k := range topKeys {
		if k.example != "" && values[k.name] == nil && !misspelt(top, k.name, known) {
			p.add(top.Line, "no %s; write such as %s: %s", k.name, k.name, k.example)
		}
	}

	if v := values["question"]; v != nil {
		p.s.Question, _ = scalar(v, "question", topKeys[0].example, &p.problems)
	}
	p.window(values["warmup"], "warmup", 0, &p.s.Warmup)
	p.window(values["measure"], "measure", time.Millisecond, &p.s.Measure)
	if v := values["blocks"]; v != nil {
		p.s.Blocks = int(p.count(v, "blocks", 1, maxBlocks, "10"))
	}
	if v := values["seed"]; v != nil {
		p.s.Seed = p.count(v, "seed", 0, math.MaxUint64, "1")
	}

	before := len(p.list)
	p.idle(values["idle"])
	p.saturation(values["saturation"])
	p.factors(values["factors"])
	p.fixed(values["fixed"])
	if len(p.list) == before && p.s.levels("transport") == nil {
		p.add(top.Line, "no transport; name some under factors, such as transport: [poll?interval=1s, ws]")
	}
	if len(p.list) == before {
		p.except(values["except"])
	}
	if len(p.list) == before {
		p.combine()
		conditions := max(p.lines["fixed"], p.lines["factors"])
		p.hold(max(p.lines["idle"], conditions), p.s.checkIdle)
		p.hold(conditions, p.s.checkFault)
		p.hold(conditions, p.s.checkNetwork)
		p.hold(p.lines["saturation"], p.s.checkSaturation)
	}
	if len(p.list) > before {
		return // plots and claims speak of treatments
	}
	p.plots(values["plots"])
	p.claims(values["claims"])
}

// hold notes the first treatment of the plan with which something is wrong.
func (p *parser) hold(line int, wrong func(Treatment) string) {
	for _, t := range p.plan {
		if text := wrong(t); text != "" {
			p.add(line, "%s", text)
			return
		}
	}
}

// window reads a length of time.
func (p *parser) window(n *yaml.Node, what string, least time.Duration, into *time.Duration) {
	if n == nil {
		return
	}
	v, ok := read(p, n, what, "5s", func(text string) (float64, error) {
		return quantity(text, "s", least.Seconds(), maxWindow.Seconds(), "500ms or 5s")
	})
	if ok {
		*into = time.Duration(math.Round(v * float64(time.Second)))
	}
}

func (p *parser) count(n *yaml.Node, what string, least, most uint64, example string) uint64 {
	v, _ := read(p, n, what, example, func(text string) (uint64, error) { return wholeNumber(text, least, most, example) })
	return v
}

// read reads a node as one value, and notes what is wrong with it.
func read[T any](p *parser, n *yaml.Node, what, example string, parse func(string) (T, error)) (v T, ok bool) {
	text, ok := scalar(n, what, example, &p.problems)
	if !ok {
		return v, false
	}
	v, err := parse(text)
	if err != nil {
		p.add(n.Line, "%s %q %v", what, text, err)
	}
	return v, err == nil
}
