package trial

import (
	"context"
	"errors"
	"math"
	"time"

	"pushbench/loadgen/lab"
	"pushbench/results"
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

// faulty reports whether the trial is one with a fault.
func (c Config) faulty() bool {
	return c.Treatment.Fault != "" && c.Treatment.Fault != scenarios.NoFault
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
func (p plan) faultSpan() time.Duration { return max(p.beat, p.interval, 100*time.Millisecond) }

// silence is what a fault did.
type silence struct {
	began   int64    // ns on CLOCK_MONOTONIC
	notices []notice // of each end that could notice
}

// notice is one end's part in it.
type notice struct {
	end   string
	of    int     // what it had in all: connections at a server, subscriptions in a fleet
	ended []int64 // when each of them ended, as far as they did (ns)
}

// faultSteps lets both ends go on, and silences one, or the path.
func (o *observation) faultSteps(ctx context.Context, p pair) error {
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
		o.silence.notices = append(o.silence.notices, notice{end: end, of: of})
	}

	wait := time.Duration(feed.Rand(c.Seed, c.Block, "fault").Float64() * float64(o.plan.faultSpan()))
	onwards := control.RunArgs{Origin: feed.After(clock.Now(), ahead-o.plan.mark2), To: o.plan.mark2 + wait + c.Measure}
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
func (o *observation) silently(ctx context.Context, p pair, f fault, clock feed.Clock) (err error) {
	o.silence.began = clock.Now()
	if err := f.begin(ctx, p); err != nil {
		return err
	}
	// Mended also where the trial is interrupted, as a process must not stay stopped.
	defer func() { err = errors.Join(err, f.mend(context.WithoutCancel(ctx), p)) }()
	if o.config.Silenced != nil {
		o.config.Silenced()
	}
	until := feed.After(o.silence.began, o.config.Measure)
	for i := range o.silence.notices {
		n := &o.silence.notices[i]
		var ended control.EndedAt
		if err := p.named(n.end).call(ctx, o.config.Measure, control.Ended, control.EndedArgs{Count: n.of, Until: until}, &ended); err != nil {
			return err
		}
		n.ended = ended.At
	}
	return nil
}

// split is how many had ended before the silence began, and how long after that
// each ended that did so in time (ns).
func (n notice) split(began int64, within time.Duration) (before int, after []int64) {
	for _, at := range n.ended {
		switch took := feed.Between(began, at); {
		case took < 0:
			before++
		case took <= within:
			after = append(after, int64(took))
		}
	}
	return before, after
}

// measureFault computes how soon the silence was noticed.
func (o *observation) measureFault(t *results.Trial) {
	for _, n := range o.silence.notices {
		h := results.NewHist()
		before, after := n.split(o.silence.began, o.config.Measure)
		for _, took := range after {
			h.Record(took) // within the window, which is an hour at most
		}
		t.Hists["notice/"+n.end] = h
		if left := n.of - before; left > 0 {
			t.Metrics["notice/"+n.end+"-share"] = results.Metric{Value: float64(len(after)) / float64(left), Unit: "1"}
		}
	}
}
