package trial

import (
	"fmt"
	"time"

	"pushbench/loadgen/fleet"
	"pushbench/loadgen/measure"
	"pushbench/loadgen/stage"
	"pushbench/servers/all"
	"pushbench/servers/feed"
)

// plan is a trial's instants in trial time, and what follows from its
// transport.
type plan struct {
	measure.Asked
	dialRate float64       // connections opened per second
	connect  time.Duration // to dial every subscriber
	steps    int           // in which that is done
	trip     time.Duration // a round trip takes at most, where nothing queues or is lost
	slack    time.Duration // that anything may take longer for all that can happen on the path, and while an event goes to all
}

func (c Config) plan() (plan, error) {
	spec, err := all.Parse(c.Treatment.Transport)
	if err != nil {
		return plan{}, err
	}
	crew := c.crew()
	p := plan{
		Asked: measure.Asked{
			Treatment: c.Treatment, Layout: c.Layout.For(crew.Fleets), Servers: crew.Servers, Fleets: crew.Fleets, Seed: c.Seed, Block: c.Block, Spec: spec, Rhythm: spec.Rhythm(),
			OfMemory: len(c.Steps) > 0, Quiet: c.Treatment.Faulty() && c.Treatment.Rate == 0 && len(c.Steps) == 0, Saturate: c.Saturate, Window: c.Measure,
		},
		dialRate: fleet.DefaultDialRate,
		slack:    c.burst(),
	}
	if c.Treatment.Subscribers > few {
		p.dialRate = manyDialRate
	}
	if c.Treatment.TLS {
		// A handshake takes about a millisecond of CPU at each end, and none should wait
		// for the one before.
		p.dialRate /= 5
	}
	if err := p.network(c); err != nil {
		return plan{}, err
	}
	if _, known := stage.Proxies[c.Treatment.Proxy]; c.Treatment.Proxied() && !known {
		return plan{}, fmt.Errorf("proxy %q is not known", c.Treatment.Proxy)
	}
	if _, known := stage.Servers[c.Treatment.Server]; c.Treatment.Foreign() && !known {
		return plan{}, fmt.Errorf("server %q is not known", c.Treatment.Server)
	}
	if c.Treatment.Faulty() {
		if _, known := faults[c.Treatment.Fault]; !known {
			return plan{}, fmt.Errorf("fault %q is not known", c.Treatment.Fault)
		}
		p.dialRate = spread(c.Treatment.Subscribers, p.Rhythm.Beat, p.dialRate)
	}
	p.connect, p.steps = seconds(float64(c.Treatment.Subscribers)/p.dialRate), 1
	if step := c.step(); step > 0 {
		p.steps = (c.Treatment.Subscribers + step - 1) / step
	}
	p.Mark1 = max(c.Warmup, c.Lead, p.Rhythm.Poll, c.uplinkPeriod()) // each subscriber has asked and sent at least once by then
	p.Mark2 = p.Mark1 + c.Measure
	if poll := p.Rhythm.Poll; poll > 0 { // at least one interval more, to a whole number of them
		p.Mark2 = p.Mark1 + ((c.Measure+poll-1)/poll+1)*poll
	}
	p.Prompt = p.promptPolls()
	return p, nil
}

// Lead is the trial time before the window that suits all of these trials. With it
// in their Config the windows of a block's treatments hold the same events, those
// that are due at the same instants of trial time: each treatment does equal work.
// Trials that publish nothing on schedule have no such window.
func Lead(trials ...Config) (longest time.Duration) {
	for _, c := range trials {
		if p, err := c.plan(); err == nil && !p.OfMemory && !p.Quiet {
			longest = max(longest, p.Mark1)
		}
	}
	return longest
}

// uplinkPeriod is the time between a subscriber's messages; 0 without any.
func (c Config) uplinkPeriod() time.Duration {
	if c.Treatment.Uplink == 0 {
		return 0
	}
	return time.Duration(float64(time.Second) / c.Treatment.Uplink)
}

// promptPolls reports whether a poll over the plan's path is answered before the
// next is due, whatever befalls it on the way. Where it need not be, polls that are
// left out are the treatment's own.
func (p plan) promptPolls() bool {
	trips := 1
	if p.Rhythm.FreshConns { // TCP's handshake comes first, and that of TLS 1.3
		trips = 3
	}
	answer := time.Duration(trips)*p.trip + 2*queueing(p.Path) + recovery(p.Path)
	return p.Rhythm.Poll > 0 && answer < p.Rhythm.Poll
}

// backlogFactor bounds how much longer than the trial itself its backlog takes.
const backlogFactor = 20

// backlogTime is how long what has piled up may take to be delivered.
func (p plan) backlogTime() time.Duration {
	if !p.Saturate {
		return 0
	}
	return backlogFactor * p.Mark2
}

// ring is how many events the server keeps for subscribers that lag: all of the
// trial where they may. Poisson arrivals hardly ever bring a quarter more.
func (p plan) ring() int {
	if !p.Saturate {
		return feed.DefaultRing
	}
	return feed.DefaultRing + int(1.25*p.Treatment.Rate*p.Mark2.Seconds())
}

// arrival is how long what is under way takes to come when trial time rests, at most,
// where nothing queues or is lost.
func (p plan) arrival() time.Duration { return p.trip + p.Rhythm.Collect }

// publishes reports whether events are published on schedule.
func (p plan) publishes() bool { return !p.OfMemory && !p.Quiet }

// idleDialRate is how many connections a second a trial of memory opens: nothing of it
// is timed.
const idleDialRate = 2 * fleet.DefaultDialRate

func idleDialTime(n int) time.Duration { return seconds(float64(n) / idleDialRate) }
