package scenarios

import (
	"fmt"
	"slices"

	"go.yaml.in/yaml/v4"
)

// A scenario of memory opens connections step by step to a feed that is quiet,
// and reads what they take at each step: a slope over several numbers of them
// is what a connection costs, a single reading is that and the process.

// maxSteps bounds the steps of a trial.
const maxSteps = 50

// idle reads the numbers of connections at which memory is read.
func (p *parser) idle(n *yaml.Node) {
	if n == nil {
		return
	}
	const example = "[500, 1000, 2000, 4000]"
	before := len(p.list)
	for _, item := range list(n, "idle", example, &p.problems) {
		p.s.Idle = append(p.s.Idle, int(p.count(item, "a step of idle", 1, maxSubscribers, "500")))
	}
	switch s := p.s.Idle; {
	case len(p.list) > before:
	case len(s) < 3 || len(s) > maxSteps:
		p.add(n.Line, "idle has %d steps, and a slope with its error takes 3 to %d; write such as idle: %s", len(s), maxSteps, example)
	case !slices.IsSorted(s) || len(slices.Compact(slices.Clone(s))) < len(s):
		p.add(n.Line, "idle must grow from step to step; write such as idle: %s", example)
	}
}

// checkIdle holds a treatment to what a quiet feed can be asked.
func (s *Scenario) checkIdle(t Treatment) string {
	quiet := len(s.Idle) > 0
	switch {
	case !quiet && t.Rate == 0 && t.Fault == NoFault:
		return "rate 0/s is a quiet feed, of which only memory can be measured, or a fault; add idle: [500, 1000, 2000] or fault: server-stops, or write such as 40/s"
	case !quiet:
	case t.Rate != 0:
		return "idle measures a quiet feed; leave rate out"
	case t.Uplink != 0:
		return "idle measures connections that carry nothing; leave uplink out"
	case t.Subscribers != slices.Max(s.Idle):
		return fmt.Sprintf("idle ends with %d connections; leave subscribers out", slices.Max(s.Idle))
	case t.Fleets > s.Idle[0]:
		return fmt.Sprintf("idle begins with %d connections, and each of %d fleets needs one; lower fleets, or begin with more", s.Idle[0], t.Fleets)
	case t.Proxied():
		return "idle measures the memory of connections, which end at a proxy and begin again behind it; leave proxy out"
	case t.Foreign():
		return fmt.Sprintf("idle asks the server for its memory, which the server %s does not tell; leave server out", t.Server)
	case t.Awake:
		return "idle measures memory, in which sleep has no part; leave cpus out"
	case s.rhythm(t).FreshConns:
		return fmt.Sprintf("%s keeps no connection whose memory could be measured; leave it out", t.Transport)
	}
	return ""
}
