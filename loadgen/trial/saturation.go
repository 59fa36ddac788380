package trial

import (
	"fmt"
	"time"

	"pushbench/servers/feed"
)

// Where a scenario asks for saturation, an end may be offered more than it can
// take: that it works at its limit, and the publisher on its core late, breaks
// no rule then. Every event still has to arrive, in order and once; what takes
// longer is the settling before a mark, in which the backlog is worked off. The
// record says which end it was that could not do more.

// backlogFactor bounds how much longer than the trial itself its backlog takes.
const backlogFactor = 20

// backlogTime is how long what has piled up may take to be delivered.
func (c Config) backlogTime() time.Duration { return backlogFactor * (c.Warmup + c.Measure) }

// ring is how many events the server keeps for subscribers that lag: all of the
// trial where they may. Poisson arrivals hardly ever bring a quarter more.
func (c Config) ring() int {
	if !c.Saturate {
		return feed.DefaultRing
	}
	events := c.Treatment.Rate * (c.Warmup + c.Measure).Seconds()
	return feed.DefaultRing + int(1.25*events)
}

// overloads lists the rules of an end's headroom that the trial broke.
func (o *observation) overloads() []string {
	var broken []string
	if late := o.latePublisher(); late != "" {
		broken = append(broken, late)
	}
	for _, end := range []struct {
		name        string
		used, limit float64
	}{
		{"fleet", o.fleetCPU() / o.elapsed(), fleetLimit},
		{"server", o.serverCPU() / o.elapsed(), serverLimit},
	} {
		if end.used >= end.limit {
			broken = append(broken, fmt.Sprintf("%s used %.0f %% of its core, limit %.0f %%", end.name, 100*end.used, 100*end.limit))
		}
	}
	return broken
}

// saturated says which end could not do more.
func (o *observation) saturated() string {
	server := o.serverCPU()/o.elapsed() >= serverLimit
	clients := o.fleetCPU()/o.elapsed() >= serverLimit
	switch {
	case server && clients:
		return "saturated: both ends"
	case server:
		return "saturated: the server"
	case clients:
		return "saturated: the fleet, so that the server could have done more"
	default:
		return "saturated: neither end, so that both could have done more"
	}
}

// between is the trial time between the marks, in seconds.
func (o *observation) between() float64 { return (o.plan.mark2 - o.plan.mark1).Seconds() }

// elapsed is what the events between the marks took, in seconds: the trial time
// between them, and longer where the last arrived later than that. A quiet feed has
// none.
func (o *observation) elapsed() float64 {
	if o.config.quietFeed() || o.after.fleet.Delivered == 0 {
		return o.between()
	}
	last := feed.Between(o.from, o.after.fleet.Last)
	return max(o.between(), last.Seconds())
}
