package trial

import (
	"context"
	"fmt"
	"time"

	"pushbench/loadgen/fleet"
	"pushbench/loadgen/host"
	"pushbench/loadgen/measure"
	"pushbench/servers/control"
	"pushbench/servers/count"
	"pushbench/servers/feed"
)

// A trial of memory opens connections step by step to a feed that publishes
// nothing by itself:
//
//	connect up to n → settle → read → connect … → publish one event → settle → read
//
// What a connection costs is the slope over the steps: what the process takes
// without any falls out. What its first event adds to that is read at the last
// step. At the end the feed stays quiet for a while, and the bytes that pass then
// are what it costs to wait.

// idleDialRate is how many connections a second such a trial opens: nothing of
// it is timed.
const idleDialRate = 2 * fleet.DefaultDialRate

func idleDialTime(n int) time.Duration {
	return time.Duration(float64(n) / idleDialRate * float64(time.Second))
}

// idleSteps is the trial itself.
func (o *run) idleSteps(ctx context.Context, p pair) error {
	connect, err := o.listening(ctx, p.server)
	if err != nil {
		return err
	}
	passed := time.Duration(0) // trial time
	let := func(d time.Duration) error {
		a := fleet.RunArgs{RunArgs: control.RunArgs{Origin: feed.After(feed.NewClock().Now(), ahead-passed), To: passed + d}}
		passed += d
		return p.fleet.call(ctx, d, control.Run, a, nil)
	}
	connect.Since, connect.DialRate = 1, idleDialRate // the server's first event is there
	for _, n := range o.config.Steps {
		connect.Subscribers = n
		if err := p.fleet.call(ctx, idleDialTime(n), fleet.Connect, connect, nil); err != nil {
			return err
		}
		m, err := o.readMemory(ctx, p, n)
		if err != nil {
			return err
		}
		o.seen.Steps = append(o.seen.Steps, m)
	}
	if err := p.server.call(ctx, 0, control.Publish, control.None{}, nil); err != nil {
		return err
	}
	if err := let(max(o.plan.Interval, time.Millisecond)); err != nil { // every poll comes round once
		return err
	}
	if err := o.awaitDelivered(ctx, p); err != nil {
		return err
	}
	if o.seen.Held, err = o.readMemory(ctx, p, connect.Subscribers); err != nil {
		return err
	}
	return o.stayQuiet(ctx, p, let)
}

// awaitDelivered waits until every subscriber has the one event.
func (o *run) awaitDelivered(ctx context.Context, p pair) error {
	within := o.settleTime()
	deadline := time.Now().Add(within)
	for {
		var m fleet.Mark
		if err := p.fleet.call(ctx, 0, control.Mark, control.None{}, &m); err != nil {
			return err
		}
		n := int64(o.config.Treatment.Subscribers)
		if m.Delivered == n {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("an event was delivered to %d of %d subscribers within %v", m.Delivered, n, within)
		}
		select {
		case <-time.After(settleStep):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// idleEstimate is about how long a trial of memory takes.
func (c Config) idleEstimate(interval time.Duration) time.Duration {
	const step = 200 * time.Millisecond // settle and collect garbage
	return idleDialTime(c.Treatment.Subscribers) + time.Duration(len(c.Steps)+1)*step + interval + c.Measure
}

// readMemory reads what n connections take, at rest.
func (o *run) readMemory(ctx context.Context, p pair, n int) (m measure.Memory, err error) {
	m.Conns = n
	server, _, err := o.settle(ctx, p, n)
	if err != nil {
		return m, err
	}
	m.Seen = server.Conns
	if err := p.server.call(ctx, 0, control.Trim, control.None{}, &m.Server); err != nil {
		return m, err
	}
	if err := p.fleet.call(ctx, 0, control.Trim, control.None{}, &m.Fleet); err != nil {
		return m, err
	}
	if m.Kernel, err = host.ReadKernelMemory(); err != nil {
		o.seen.HostUnreadable = err
	}
	return m, nil
}

// stayQuiet counts the bytes that pass while nothing is published.
func (o *run) stayQuiet(ctx context.Context, p pair, let func(time.Duration) error) error {
	_, before, err := o.settle(ctx, p, 0)
	if err != nil {
		return err
	}
	if err := let(o.config.Measure); err != nil {
		return err
	}
	_, after, err := o.settle(ctx, p, 0)
	if err != nil {
		return err
	}
	o.seen.Rest, o.seen.Passed = o.config.Measure, count.Sub(after, before)
	return p.fleet.call(ctx, 0, fleet.Collect, uint64(2), &o.seen.Collected)
}
