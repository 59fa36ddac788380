package trial

import (
	"fmt"
	"time"

	"pushbench/loadgen/fleet"
	"pushbench/loadgen/lab"
	"pushbench/servers/all"
	"pushbench/servers/feed"
)

// Estimate is about how long the trial takes.
func (c Config) Estimate() time.Duration {
	p, err := c.plan()
	if err != nil {
		return 0
	}
	if len(c.Steps) > 0 {
		return c.idleEstimate(p.interval)
	}
	d := p.connect + p.mark2 + p.interval/2 + 2*p.batch + 200*time.Millisecond
	if p.emulated { // connecting, settling twice and draining take their round trips
		d += linkTime + 6*p.trip + 3*p.still
	}
	if c.faulty() {
		d += p.faultSpan()/2 + c.Measure
	}
	return d
}

// plan is a trial's instants in trial time, and what follows from its
// transport.
type plan struct {
	spec         feed.Spec
	rhythm       feed.Rhythm
	dialRate     float64       // connections opened per second
	connect      time.Duration // to dial every subscriber
	beat         time.Duration // between heartbeats; 0 without
	batch        time.Duration // for which the server gathers events before it sends them
	interval     time.Duration // between polls; 0 for push
	mark1, mark2 time.Duration
	from, until  time.Duration // of the measured window

	emulated bool           // the ends are in the lab
	path     lab.Conditions // between them
	trip     time.Duration  // a round trip takes at most, where nothing queues or is lost
	slack    time.Duration  // that anything may take longer for all that can happen on the path
	still    time.Duration  // for which the kernel's counts have to stand still before a mark
}

// linkTime is about what it takes to start a link and to open its path.
const linkTime = 150 * time.Millisecond

func (c Config) plan() (plan, error) {
	spec, err := all.Parse(c.Treatment.Transport)
	if err != nil {
		return plan{}, err
	}
	r := spec.Rhythm()
	p := plan{spec: spec, rhythm: r, beat: r.Beat, batch: r.Collect, interval: r.Poll, dialRate: c.dialRate()}
	if err := p.network(c); err != nil {
		return plan{}, err
	}
	if c.faulty() {
		if _, known := faults[c.Treatment.Fault]; !known {
			return plan{}, fmt.Errorf("fault %q is not known", c.Treatment.Fault)
		}
		p.dialRate = spread(c.Treatment.Subscribers, p.beat, p.dialRate)
	}
	p.connect = time.Duration(float64(c.Treatment.Subscribers) / p.dialRate * float64(time.Second))
	p.mark1 = max(c.Warmup, c.Lead, p.interval, c.uplinkPeriod()) // each subscriber has asked and sent at least once by then
	p.from, p.until = p.mark1, p.mark1+c.Measure
	p.mark2 = p.until
	if p.interval > 0 { // at least one interval more, to a whole number of them
		p.mark2 = p.mark1 + (c.Measure/p.interval+1)*p.interval
		if c.Measure%p.interval > 0 {
			p.mark2 += p.interval
		}
	}
	return p, nil
}

// Lead is the trial time before the window that suits all of these trials. With it
// in their Config the windows of a block's treatments hold the same events, those
// that are due at the same instants of trial time: each treatment does equal work.
// Trials that publish nothing on schedule have no such window.
func Lead(trials ...Config) (longest time.Duration) {
	for _, c := range trials {
		if p, err := c.plan(); err == nil && len(c.Steps) == 0 && !c.quietFeed() {
			longest = max(longest, p.mark1)
		}
	}
	return longest
}

// dialRate is how many connections are opened a second: a handshake takes about
// a millisecond of CPU at each end, and none should wait for the one before.
func (c Config) dialRate() float64 {
	if c.Treatment.TLS {
		return fleet.DefaultDialRate / 5
	}
	return fleet.DefaultDialRate
}
