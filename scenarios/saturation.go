package scenarios

import (
	"fmt"

	"go.yaml.in/yaml/v4"
)

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
	asked := either(func(*Treatment) *bool { return &p.s.Saturation }, saturationRefused, saturationAsked)
	read(p, n, "saturation", saturationAsked, func(text string) (string, error) { return asked(text, nil) })
}

// checkSaturation holds a treatment to what can be asked at saturation.
func (s *Scenario) checkSaturation(t Treatment) string {
	switch events := t.Rate * (s.Warmup + s.Measure).Seconds(); {
	case !s.Saturation:
	case len(s.Idle) > 0:
		return "idle measures a quiet feed, which saturates nothing; leave one of the two out"
	case t.Fault != NoFault:
		return "whether an end noticed a fault cannot be told from one that is late anyway; leave fault or saturation out"
	case t.Want == "latest":
		return "a subscriber that wants the latest event skips what it is too late for, and never lags; leave want: latest or saturation out"
	case events > maxBacklog:
		return fmt.Sprintf("%s publishes %.0f events in a trial, and the server keeps %d for subscribers that lag; shorten measure or lower rate", t.Labels["rate"], events, maxBacklog)
	}
	return ""
}
