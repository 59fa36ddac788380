package measure

import (
	"slices"

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
	{results.Unsaturated, "server", "", marks | headroom, atLimit("server")},
	{results.Unsaturated, "fleet", "", marks | headroom, atLimit("fleet")},
	{results.Unsaturated, "proxy", "", marks | proxied | headroom, atLimit("proxy")},
	{results.Unsaturated, "link", "", marks | link, atLimit("link")},
	{results.Unsaturated, "shared-core", "", marks | headroom, crowded("server", "fleet")},
	{results.Unsaturated, "shared-core", "", marks | proxied | headroom, crowded("fleet", "proxy")},
	{results.Unsaturated, "shared-core", "", marks | link, crowded("fleet", "link")},
	{results.Unsaturated, "shared-core", "", marks | link | proxied, crowded("link", "proxy")},
}

const (
	fleetLimit  = 0.80
	linkLimit   = 0.80
	serverLimit = 0.95
	sharedLimit = 0.95 // of one core, used by two together
)

// share is of the time between the marks, as a process spent it on its core.
type share struct {
	cpus         []int
	used, waited float64 // on the core, and ready to run without it: the mean of its processes
	limit        float64
}

// shareOf is that of the server, the fleets, a proxy or the link.
func (o *Observation) shareOf(name string) (s share) {
	switch name {
	case "server":
		s = share{cpus: o.Layout.Server, used: o.serverCPU(), limit: serverLimit}
	case "fleet":
		s = share{cpus: o.Layout.Fleet, used: o.fleetCPU(), limit: fleetLimit}
	case "proxy":
		s = share{cpus: o.Layout.Link, used: o.proxyCPU(), limit: serverLimit}
	case "link":
		s = share{cpus: o.Layout.Link, used: o.linkCPU(), limit: linkLimit}
	}
	waited, _ := o.spent(name).Waited() // 0 where nobody tells
	time := o.elapsed() * float64(max(1, len(s.cpus)))
	s.used, s.waited = s.used/time, waited/(o.elapsed()*o.processes(name))
	return s
}

// processes is how many share the subscribers under a name. While one of them runs on a
// core the others wait for it.
func (o *Observation) processes(name string) float64 {
	switch name {
	case "server", "proxy":
		return float64(max(1, o.Servers))
	case "fleet":
		return float64(max(1, o.Fleets))
	}
	return 1
}

// atLimit says that a process was at its limit.
func atLimit(name string) func(*Observation) string {
	return func(o *Observation) string {
		s := o.shareOf(name)
		return unless(s.used < s.limit, "the %s used %.0f %% of its core, limit %.0f %%", name, 100*s.used, 100*s.limit)
	}
}

// crowded says that two processes which are held to one core were at its limit together.
func crowded(one, other string) func(*Observation) string {
	return func(o *Observation) string {
		a, b := o.shareOf(one), o.shareOf(other)
		apart := len(a.cpus) == 0 || !slices.Equal(a.cpus, b.cpus)
		used := a.used + b.used
		return unless(apart || used < sharedLimit, "the %s and the %s used %.0f %% of their core, limit %.0f %%", one, other, 100*used, 100*sharedLimit)
	}
}

// saturated says which end could not do more, where that was asked for.
func (o *Observation) saturated() string {
	if !o.Saturate || o.OfMemory {
		return ""
	}
	server := o.shareOf("server").used >= serverLimit
	clients := o.shareOf("fleet").used >= serverLimit
	switch {
	case server && clients:
		return "both"
	case server:
		return "server"
	case clients:
		return "fleet"
	case o.shareOf("proxy").used >= serverLimit:
		return "proxy"
	default:
		return "neither"
	}
}
