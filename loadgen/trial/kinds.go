package trial

import (
	"context"
	"time"
)

// phase is a step of a trial. They all act on the same parties.
type phase struct {
	do    func(*run, context.Context) error
	takes time.Duration // about
}

// phases is the trial from its first connection on.
func (c Config) phases() (list []phase) {
	p, _ := c.plan() // what is wrong with it, whoever runs the phases has found
	var (
		connect = phase{(*run).connectAll, p.connect + time.Duration(p.steps)*(2*p.trip+handling)}
		warmUp  = phase{(*run).warmUp, p.Mark1}
		before  = phase{(*run).markBefore, p.Rhythm.Collect + p.trip + p.Still + handling}
		window  = phase{(*run).window, p.Mark2 - p.Mark1}
		after   = phase{(*run).markAfter, p.Rhythm.Collect + p.trip + p.Still + handling}
		publish = phase{(*run).publish, 0}
		collect = phase{(*run).collect, 0}
		drained = p.Rhythm.Poll/2 + 2*p.trip + p.Still + handling
	)
	switch {
	case p.OfMemory:
		// Memory is read at each step, and after the first event at the last. At the end
		// the feed stays quiet for a while, and the bytes that pass then are what it costs
		// to wait.
		dialled := 0
		for _, n := range c.Steps {
			open := func(r *run, ctx context.Context) error { return r.step(ctx, n) }
			list = append(list, phase{open, idleDialTime(n) - idleDialTime(dialled) + trimming})
			dialled = n
		}
		list = append(list, publish,
			phase{(*run).oneRound, p.Rhythm.Poll}, // every poll comes round once
			phase{(*run).delivered, 0},
			phase{(*run).hold, trimming},
			phase{(*run).stayQuiet, c.Measure}, collect)
	case p.Quiet:
		// A quiet feed publishes nothing: what passes is heartbeats and empty polls, and
		// what they take is what it costs to notice that the other end is gone.
		list = []phase{connect, warmUp, before, window, after, {(*run).collect, drained}}
	default:
		// Each subscriber has its first event. The second, which is published when all
		// are there, finds all of them waiting; the warm-up is long enough for every
		// poll to fetch it.
		list = []phase{connect, publish, warmUp, before, window, after, {(*run).drain, drained}, collect}
	}
	if c.Treatment.Faulty() {
		list = append(list, phase{(*run).goOn, p.faultSpan() / 2}, phase{(*run).fallSilent, c.Measure}, phase{(*run).wereSilent, 0})
	}
	return list
}

const (
	// handling is about what it takes to ask all parties, and to let them rest.
	handling = 50 * time.Millisecond
	// trimming is the same with garbage collection.
	trimming = 200 * time.Millisecond
	// linkTime is about what it takes to start a link and to open its path.
	linkTime = 150 * time.Millisecond
)

// Estimate is about how long the trial takes.
func (c Config) Estimate() (d time.Duration) {
	p, err := c.plan()
	if err != nil {
		return 0
	}
	if p.Emulated {
		d = linkTime
	}
	for _, phase := range c.phases() {
		d += phase.takes
	}
	return d
}
