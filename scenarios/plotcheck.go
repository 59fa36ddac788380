package scenarios

import (
	"slices"
	"strings"

	"pushbench/results"
	"pushbench/servers/units"
)

// A plot is held against its kind and against the plan, so that a figure that
// could not be drawn, or would mix conditions, is found before the run.

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
	switch {
	case k.subject == nothing && plot.Of != "":
		p.add(line, "%s plot has no of; leave it out, since its kind says what it shows", an(k.name))
	case k.subject == nothing, k.subject == perhapsChoice && plot.Of == "":
	case plot.Of == "":
		p.add(line, "%s plot does not say what it is of; write such as of: %s", an(k.name), k.example)
	default:
		p.plotSubject(line, plot, k.subject, k.choices)
	}
	switch {
	case k.to:
		p.plotTo(line, plot)
	case k.upwards:
		p.plotUpwards(line, plot)
	case plot.To != "":
		p.add(line, "%s plot has no to; leave it out, or make it an overhead", an(k.name))
	}
	if plot.Model != nil && !k.to && (k.upwards || plot.To == "") {
		p.add(line, "%s plot has no model; leave it out, or make it an overhead or a breakeven", an(k.name))
	}
	switch {
	case plot.By == "":
	case k.by:
		p.plotBy(line, plot)
	default:
		p.add(line, "%s plot has no by; leave it out, or make it bars or a curve", an(k.name))
	}
	if plot.And != "" && !k.two {
		p.add(line, "%s plot is per one factor; write such as per: %s", an(k.name), plot.Per)
	}
	if plot.Log && !k.log {
		if k.name == "bars" || k.name == "stack" {
			p.add(line, "a %s plot on a logarithmic axis has no zero to start from; leave log out", k.name)
		} else {
			p.add(line, "%s plot chooses its axes by itself; leave log out", an(k.name))
		}
	}
	switch {
	case k.over && plot.Over == "":
		p.add(line, "%s plot does not say over which factor; write such as over: rate", an(k.name))
	case !k.over && plot.Over != "":
		p.add(line, "%s plot has no over; leave it out, or make it a curve", an(k.name))
	case k.over:
		p.plotOver(line, plot)
	}
	if len(p.list) == before {
		p.plotAxes(line, plot)
	}
}

func (p *parser) plotSubject(line int, plot Plot, s subject, choices []string) {
	switch s {
	case aDistribution:
		if _, distributions := metricNames(); !slices.Contains(distributions, plot.Of) {
			p.add(line, "%s plot is of a whole distribution, which %q is not; %s", an(plot.Kind), plot.Of, among(plot.Of, "known ones", distributions))
		}
	case aTransport:
		p.plotTransport(line, plot.Kind, "of", plot.Of)
	case aChoice, perhapsChoice:
		if !slices.Contains(choices, plot.Of) {
			p.add(line, "%s plot is of %q, which it cannot be; %s", an(plot.Kind), plot.Of, among(plot.Of, "it takes", choices))
		}
	default:
		if s == several && len(plot.Metrics()) < 2 {
			p.add(line, "a stack is of several metrics; write such as of: \"bytes/{payload,envelope,protocol}/down\", or make it bars")
			return
		}
		p.plotMetrics(line, plot.Metrics())
	}
}

// plotMetrics holds numbers to the vocabulary, and sums to making sense. It
// reports whether they are sound.
func (p *parser) plotMetrics(line int, names []string) bool {
	before := len(p.list)
	for _, name := range names {
		if problem := metricProblem(name); problem != "" {
			p.add(line, "a plot is of %q, which %s", name, problem)
		}
	}
	if len(names) > 1 && len(p.list) == before {
		p.plotSum(line, names)
	}
	return len(p.list) == before
}

// plotUpwards holds a tradeoff's other metric to being one, and another.
func (p *parser) plotUpwards(line int, plot Plot) {
	switch {
	case plot.To == "":
		p.add(line, "%s plot does not say against which metric; write such as to: server/cpu", an(plot.Kind))
	case plot.To == plot.Of:
		p.add(line, "%s plot sets %s against itself; choose another to", an(plot.Kind), plot.To)
	default:
		p.plotMetrics(line, plot.Upwards())
	}
}

// plotBy holds a ratio to being one of like and like.
func (p *parser) plotBy(line int, plot Plot) {
	if !p.plotMetrics(line, plot.Divisor()) {
		return
	}
	of, known := results.Describe(plot.Metrics()[0])
	by, _ := results.Describe(plot.Divisor()[0])
	switch {
	case plot.By == plot.Of:
		p.add(line, "%s plot divides %s by itself; choose another by", an(plot.Kind), plot.By)
	case known && of.Unit != by.Unit: // an unknown one has been told of
		p.add(line, "%s plot divides %s in %s by %s in %s; choose a by in %s", an(plot.Kind), of.Name, of.Unit, by.Name, by.Unit, of.Unit)
	}
}

// plotSum refuses sums that mean nothing: of unlike units, and of quantiles,
// which do not add up.
func (p *parser) plotSum(line int, names []string) {
	first, _ := results.Describe(names[0])
	for _, name := range names {
		if _, isQuantile := quantileOf(name); isQuantile {
			p.add(line, "a plot adds up quantiles such as %s, and quantiles have no sum; make it a plot for each", name)
			return
		}
		if info, _ := results.Describe(name); info.Unit != first.Unit {
			p.add(line, "a plot adds up %s in %s and %s in %s; make it a plot for each", first.Name, first.Unit, name, info.Unit)
			return
		}
	}
}

// plotTransport holds a name to the scenario's transports.
func (p *parser) plotTransport(line int, kind, key, name string) {
	if levels := p.levels("transport"); !slices.Contains(levels, name) {
		p.add(line, "%s plot is %s %q, which is no transport of this scenario; %s", an(kind), key, name, among(name, "its transports", levels))
	}
}

// plotTo holds the two transports that are compared to being two.
func (p *parser) plotTo(line int, plot Plot) {
	if plot.To == "" {
		p.add(line, "%s plot does not say what it compares to; write such as to: ws", an(plot.Kind))
		return
	}
	p.plotTransport(line, plot.Kind, "to", plot.To)
	if plot.To == plot.Of {
		p.add(line, "%s plot compares %s to itself; choose another to", an(plot.Kind), plot.To)
	}
	if name, _, _ := strings.Cut(plot.To, "?"); plot.Model != nil && !strings.HasPrefix(name, "ws") {
		p.add(line, "%s plot to %s has a model, which is of WebSocket frames; leave model out", an(plot.Kind), plot.To)
	}
	if plot.Per == "transport" || plot.Where["transport"] != "" {
		p.add(line, "%s plot names both transports, by of and to; take transport out of per and where", an(plot.Kind))
	}
}

// plotOver holds the factor of an axis to being a number that varies.
func (p *parser) plotOver(line int, plot Plot) {
	if plot.Kind == "fit" && plot.Over != "rate" && plot.Over != "subscribers" {
		p.add(line, "a fit over %s, which its model does not know; write over: rate or over: subscribers", plot.Over)
		return
	}
	var numeric []string
	for _, f := range p.s.Factors {
		number := func(level string) bool { _, _, err := units.Parse(level); return err == nil }
		if len(f.Levels) > 1 && slices.ContainsFunc(f.Levels, number) { // a bandwidth may be unlimited besides
			numeric = append(numeric, f.Key)
		}
	}
	if slices.Contains(numeric, plot.Over) {
		return
	}
	if len(numeric) == 0 {
		p.add(line, "a %s over %s, but no factor here is a number that varies; make it bars", plot.Kind, plot.Over)
		return
	}
	p.add(line, "a %s over %s, which is not a number that varies here; %s", plot.Kind, plot.Over, among(plot.Over, "those that are", numeric))
}

// plotAxes sees to it that a figure mixes no conditions: whatever varies is on
// an axis, tells lines apart, or is held still.
func (p *parser) plotAxes(line int, plot Plot) {
	pair := plotKinds[slices.Index(plotKindNames(), plot.Kind)].to // of and to take care of the transports
	if !(pair && plot.Per == "") && p.levels(plot.Per) == nil {
		p.add(line, "a plot per %s, which is no key of a scenario; %s", plot.Per, among(plot.Per, "known keys", keyNames()))
		return
	}
	if plot.And != "" && p.levels(plot.And) == nil {
		p.add(line, "a plot per %s, which is no key of a scenario; %s", plot.And, among(plot.And, "known keys", keyNames()))
		return
	}
	if plot.And != "" && plot.And == plot.Per {
		p.add(line, "a plot per %s twice; name it once", plot.Per)
		return
	}
	for _, per := range []string{plot.Per, plot.And} {
		if per == plot.Over && per != "" {
			p.add(line, "a plot over %s and per %s; choose another per", plot.Over, per)
			return
		}
	}
	if plot.Kind == "breakeven" && plot.Per != "" {
		p.add(line, "a breakeven plot has one pair of lines; leave per out, and hold %s still by where", plot.Per)
		return
	}
	for _, f := range p.s.Factors {
		_, still := plot.Where[f.Key]
		taken := still || f.Key == plot.Per || f.Key == plot.And || f.Key == plot.Over || pair && f.Key == "transport" || plot.Kind == "bandwidth" && f.Key == "subscribers"
		if len(f.Levels) > 1 && !taken {
			p.add(line, "a plot leaves open which %s it shows; add where: {%s: %s}", f.Key, f.Key, f.Levels[0])
		}
	}
	shown := func(transport string) bool {
		return slices.ContainsFunc(p.plan, func(t Treatment) bool {
			return t.Labels.Matches(plot.Where) && (!pair || t.Labels.Transport() == transport)
		})
	}
	for _, transport := range []string{plot.Of, plot.To} {
		switch {
		case shown(transport):
		case pair:
			p.add(line, "a plot shows nothing: no treatment of %s in the plan has all of its where", transport)
			return
		default:
			p.add(line, "a plot shows nothing: no treatment of the plan has all of its where")
			return
		}
	}
}

// an is a kind with its article.
func an(kind string) string {
	if strings.ContainsAny(kind[:1], "aeio") {
		return "an " + kind
	}
	return "a " + kind
}
