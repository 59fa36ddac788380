package scenarios

import "go.yaml.in/yaml/v4"

// A scenario that asks for saturation offers more than an end can take, to find
// what it can. The feed stays open loop: it is published as fast as planned, or
// as fast as its core allows, and each event still has to arrive, however late.

const (
	saturationAsked   = "asked"
	saturationRefused = "refused"
)

// maxBacklog is the number of events in a trial that no subscriber may have
// read yet, so that the server's log has to keep them all.
const maxBacklog = 500_000

// saturation reads whether an end may be asked for more than it can do.
func (p *parser) saturation(n *yaml.Node) {
	if n == nil {
		return
	}
	text, ok := scalar(n, "saturation", saturationAsked, &p.problems)
	if !ok {
		return
	}
	word := ""
	if _, err := choice(func(*Treatment) *string { return &word }, saturationRefused, saturationAsked)(text, nil); err != nil {
		p.add(n.Line, "saturation %q %v", text, err)
		return
	}
	p.s.Saturation = word == saturationAsked
}

// checkSaturation holds the plan to what can be asked at saturation.
func (p *parser) checkSaturation() {
	if !p.s.Saturation {
		return
	}
	line := p.lines["saturation"]
	if len(p.s.Idle) > 0 {
		p.add(line, "idle measures a quiet feed, which saturates nothing; leave one of the two out")
		return
	}
	for _, t := range p.plan {
		switch events := t.Rate * (p.s.Warmup + p.s.Measure).Seconds(); {
		case t.Fault != NoFault:
			p.add(line, "whether an end noticed a fault cannot be told from one that is late anyway; leave fault or saturation out")
			return
		case t.Want == "latest":
			p.add(line, "a subscriber that wants the latest event skips what it is too late for, and never lags; leave want: latest or saturation out")
			return
		case events > maxBacklog:
			p.add(line, "%s publishes %.0f events in a trial, and the server keeps %d for subscribers that lag; shorten measure or lower rate", t.Labels["rate"], events, maxBacklog)
			return
		}
	}
}
