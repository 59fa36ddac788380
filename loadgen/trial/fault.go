package trial

import (
	"context"
	"errors"
	"math"
	"time"

	"pushbench/loadgen/lab"
	"pushbench/loadgen/measure"
	"pushbench/scenarios"
	"pushbench/servers/control"
	"pushbench/servers/feed"
	"pushbench/servers/wire"
)

// A trial with a fault ends with one:
//
//	connect (over a heartbeat's interval) → … → collect → go on → fault → wait → ask who noticed → mend
//
// What comes before is a trial like any other, or one of a quiet feed. Then an
// end falls silent at an instant that is random to the heartbeats, or the path
// between both, and stays so for as long as a window is measured. Nothing is asked
// of a silent end meanwhile. What has not noticed by then has no time: it counts in
// the share of those that noticed, and in no quantile.

// fault is one way to fall silent.
type fault struct {
	begin, mend func(context.Context, pair) error
	noticing    []string // the ends that may notice: server, fleet
}

// faults is every value of the scenarios' key but none.
var faults = map[string]fault{
	scenarios.ServerStops: {
		begin:    func(_ context.Context, p pair) error { return p.server.suspend() },
		mend:     func(_ context.Context, p pair) error { return p.server.resume() },
		noticing: []string{"fleet"},
	},
	scenarios.FleetStops: {
		begin:    func(_ context.Context, p pair) error { return p.fleet.suspend() },
		mend:     func(_ context.Context, p pair) error { return p.fleet.resume() },
		noticing: []string{"server"},
	},
	scenarios.Cut:     cut(lab.CutArgs{Down: true, Up: true}),
	scenarios.CutDown: cut(lab.CutArgs{Down: true}),
	scenarios.CutUp:   cut(lab.CutArgs{Up: true}),
	// There is no way back to the old address, and what connections had it stay
	// dead.
	scenarios.AddressChange: {
		begin:    onLink(lab.Readdress, control.None{}),
		mend:     func(context.Context, pair) error { return nil },
		noticing: bothEnds,
	},
}

// bothEnds may notice whatever befalls the path: one that hears nothing any more,
// and one that is heard no more, once the other end has given it up and is silent.
var bothEnds = []string{"server", "fleet"}

// cut makes the path drop what is sent in some of its directions.
func cut(ways lab.CutArgs) fault {
	return fault{begin: onLink(lab.Cut, ways), mend: onLink(lab.Mend, control.None{}), noticing: bothEnds}
}

// onLink is a command to the link.
func onLink(do string, args any) func(context.Context, pair) error {
	return func(ctx context.Context, p pair) error { return p.link.call(ctx, 0, do, args, nil) }
}

// named is one of the two processes.
func (p pair) named(end string) *child {
	if end == "server" {
		return p.server
	}
	return p.fleet
}

// beat is how often an idle connection carries something, counted from when it
// was opened: a heartbeat, or the empty answer of a long poll; 0 for one that
// carries nothing, and for polls, which have phases of their own.
func beat(o feed.Options) time.Duration {
	return max(o.Duration("ping"), o.Duration("heartbeat"), o.Duration("hold"))
}

// spread is the rate, of at most so many a second, at which n connections are
// dialled within a whole number of heartbeats, so that their heartbeats have
// every phase alike.
func spread(n int, beat time.Duration, most float64) float64 {
	if beat == 0 {
		return most
	}
	beats := max(1, math.Ceil(float64(n)/most/beat.Seconds()))
	return float64(n) / (beats * beat.Seconds())
}

// faultSpan is within what time of going on the fault comes: of a heartbeat or a
// poll, or where there is none, of anything that may have a period.
func (p plan) faultSpan() time.Duration { return max(p.beat, p.Interval, 100*time.Millisecond) }

// faultSteps lets both ends go on, and silences one, or the path.
func (o *run) faultSteps(ctx context.Context, p pair) error {
	clock := feed.NewClock()
	c := o.config
	f := faults[c.Treatment.Fault]
	for _, end := range f.noticing {
		of := c.Treatment.Subscribers
		if end == "server" {
			var counts wire.Counts
			if err := p.server.call(ctx, 0, control.Tally, control.None{}, &counts); err != nil {
				return err
			}
			of = int(counts.Conns)
		}
		o.seen.Silence.Notices = append(o.seen.Silence.Notices, measure.Notice{End: end, Of: of})
	}

	wait := time.Duration(feed.Rand(c.Seed, c.Block, "fault").Float64() * float64(o.plan.faultSpan()))
	onwards := control.RunArgs{Origin: feed.After(clock.Now(), ahead-o.plan.Mark2), To: o.plan.Mark2 + wait + c.Measure}
	if err := p.fleet.call(ctx, 0, control.Start, onwards, nil); err != nil {
		return err
	}
	if c.Treatment.Rate > 0 {
		if err := p.server.call(ctx, 0, control.Start, onwards, nil); err != nil {
			return err
		}
	}
	if err := pause(ctx, ahead+wait); err != nil {
		return err
	}
	if err := o.silently(ctx, p, f, clock); err != nil {
		return err
	}
	for _, end := range []*child{p.server, p.fleet} { // it was silent and no more
		if err := end.call(ctx, 0, control.Tally, control.None{}, nil); err != nil {
			return err
		}
	}
	return nil
}

// silently is the time of silence, in which the other ends notice or not. It is
// over before its time once they all have.
func (o *run) silently(ctx context.Context, p pair, f fault, clock feed.Clock) (err error) {
	o.seen.Silence.Began = clock.Now()
	if err := f.begin(ctx, p); err != nil {
		return err
	}
	// Mended also where the trial is interrupted, as a process must not stay stopped.
	defer func() { err = errors.Join(err, f.mend(context.WithoutCancel(ctx), p)) }()
	if o.config.Silenced != nil {
		o.config.Silenced()
	}
	until := feed.After(o.seen.Silence.Began, o.config.Measure)
	for i := range o.seen.Silence.Notices {
		n := &o.seen.Silence.Notices[i]
		var ended control.EndedAt
		if err := p.named(n.End).call(ctx, o.config.Measure, control.Ended, control.EndedArgs{Count: n.Of, Until: until}, &ended); err != nil {
			return err
		}
		n.Ended = ended.At
	}
	return nil
}
