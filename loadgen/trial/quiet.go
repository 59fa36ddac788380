package trial

import (
	"context"
	"time"

	"pushbench/loadgen/fleet"
	"pushbench/servers/control"
	"pushbench/servers/feed"
)

// A trial with a fault may have a quiet feed, which publishes nothing: what
// passes then is heartbeats and empty polls, and what they take is what it costs
// to notice that the other end is gone.
//
//	connect → warm up → settle → read → measure → read → settle → read → collect

// quietFeed reports whether the trial is one of a quiet feed with a fault.
func (c Config) quietFeed() bool { return c.Treatment.Faulty() && c.Treatment.Rate == 0 }

// quietSteps is the trial up to the fault.
func (o *run) quietSteps(ctx context.Context, p pair) (err error) {
	clock := feed.NewClock()
	let := func(from, to time.Duration) error {
		a := fleet.RunArgs{RunArgs: control.RunArgs{Origin: feed.After(clock.Now(), ahead-from), To: to}}
		return p.fleet.call(ctx, to-from, control.Run, a, nil)
	}
	if err := o.connect(ctx, p); err != nil {
		return err
	}
	if err := let(0, o.plan.Mark1); err != nil {
		return err
	}
	if o.seen.Before, err = o.markBefore(ctx, p); err != nil {
		return err
	}
	if err := let(o.plan.Mark1, o.plan.Mark2); err != nil {
		return err
	}
	if o.seen.After, err = o.markAfter(ctx, p); err != nil {
		return err
	}
	if o.config.Marked != nil {
		o.config.Marked()
	}
	return p.fleet.call(ctx, 0, fleet.Collect, uint64(1), &o.seen.Collected) // the event that every log begins with
}
