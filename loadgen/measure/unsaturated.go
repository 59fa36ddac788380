package measure

import (
	"fmt"
	"slices"
	"strings"

	"pushbench/results"
)

// Nobody had more to do than time to do it: a process that is busier than its limit
// queues events itself, and what is measured is the queue.
//
// Where a scenario asks for saturation, an end may be offered more than it can
// take: that it works at its limit breaks no rule then. Every event still has to
// arrive, in order and once; what takes longer is the settling before a mark, in
// which the backlog is worked off. The record says which end it was that could not
// do more. Nobody asks for more than the link can do.
var unsaturatedRules = []rule{
	{results.Unsaturated, "server", "", marks | headroom, func(o *Observation) string { return o.busy("server") }},
	{results.Unsaturated, "fleet", "", marks | headroom, func(o *Observation) string { return o.busy("fleet") }},
	{results.Unsaturated, "proxy", "", marks | proxied | headroom, func(o *Observation) string { return o.busy("proxy") }},
	{results.Unsaturated, "link", "", marks | link, func(o *Observation) string { return o.busy("link") }},
	{results.Unsaturated, "shared-core", "", marks | headroom, func(o *Observation) string { return o.crowded("server", "fleet") }},
	{results.Unsaturated, "shared-core", "", marks | proxied | headroom, func(o *Observation) string { return o.crowded("fleet", "proxy") }},
	{results.Unsaturated, "shared-core", "", marks | link, func(o *Observation) string { return o.crowded("fleet", "link") }},
	{results.Unsaturated, "shared-core", "", marks | link | proxied, func(o *Observation) string { return o.crowded("link", "proxy") }},
}

const (
	// fleetLimit and linkLimit: a generator that is busier than this queues events
	// itself.
	fleetLimit = 0.80
	linkLimit  = 0.80
	// serverLimit: beyond it the server, or a proxy, is what is saturated.
	serverLimit = 0.95
	// sharedLimit: of one core, used by several together.
	sharedLimit = 0.95
)

// party is a process of the trial on its core.
type party struct {
	name         string
	cpus         []int
	used, waited float64 // of the time between the marks: on its core, and ready to run without it
	limit        float64
}

// parties is the processes of the trial.
func (o *Observation) parties() []party {
	l, elapsed := o.Layout, o.elapsed()
	all := []party{
		{"server", l.Server, o.serverCPU() / elapsed, o.waited("server") / elapsed, serverLimit},
		{"fleet", l.Fleet, o.fleetCPU() / elapsed / o.fleetCores(), o.waited("fleet") / elapsed / o.fleetCores(), fleetLimit},
	}
	if o.Treatment.Proxied() {
		all = append(all, party{"proxy", l.Link, o.proxyCPU() / elapsed, o.waited("proxy") / elapsed, serverLimit})
	}
	if o.Emulated {
		all = append(all, party{"link", l.Link, o.linkCPU() / elapsed, o.waited("link") / elapsed, linkLimit})
	}
	return all
}

// waited is how long a process was ready to run between the marks, and had to wait for
// its core (s).
func (o *Observation) waited(name string) float64 {
	s, _ := o.spent(name).Waited() // 0 where nobody tells
	return s
}

// busy says that a process was at its limit.
func (o *Observation) busy(name string) string {
	for _, p := range o.parties() {
		if p.name == name && p.used >= p.limit {
			return fmt.Sprintf("the %s used %.0f %% of its core, limit %.0f %%", name, 100*p.used, 100*p.limit)
		}
	}
	return ""
}

// crowded says that processes which are held to one core were at its limit together.
func (o *Observation) crowded(names ...string) string {
	var on []int
	used := 0.0
	for i, name := range names {
		for _, p := range o.parties() {
			switch {
			case p.name != name:
			case len(p.cpus) == 0, i > 0 && !slices.Equal(p.cpus, on):
				return ""
			default:
				on, used = p.cpus, used+p.used
			}
		}
	}
	return unless(used < sharedLimit, "the %s used %.0f %% of their core, limit %.0f %%", strings.Join(names, " and the "), 100*used, 100*sharedLimit)
}

// kept says which processes would have been at their limit had they used the time
// that they waited for their core: others had it.
func (o *Observation) kept() (doubts []string) {
	for _, p := range o.parties() {
		if p.used < p.limit && p.used+p.waited >= p.limit {
			doubts = append(doubts, fmt.Sprintf("the %s waited %.0f %% of the time for its core", p.name, 100*p.waited))
		}
	}
	return doubts
}

// saturated says which end could not do more, where that was asked for.
func (o *Observation) saturated() string {
	if !o.Saturate || o.OfMemory {
		return ""
	}
	server := o.serverCPU()/o.elapsed() >= serverLimit
	clients := o.fleetCPU()/o.elapsed()/o.fleetCores() >= serverLimit
	switch {
	case server && clients:
		return "both"
	case server:
		return "server"
	case clients:
		return "fleet"
	case o.busy("proxy") != "":
		return "proxy"
	default:
		return "neither"
	}
}
