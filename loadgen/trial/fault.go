package trial

import (
	"context"
	"errors"
	"math"
	"time"

	"pushbench/loadgen/lab"
	"pushbench/loadgen/measure"
	"pushbench/loadgen/party"
	"pushbench/scenarios"
	"pushbench/servers/control"
	"pushbench/servers/feed"
)

// A trial with a fault ends with one:
//
//	connect (over a heartbeat's interval) → … → collect → go on → fault → wait → ask who noticed → mend
//
// What comes before is a trial like any other, or one of a quiet feed. Then an
// end falls silent at an instant that is random to the heartbeats, or the path
// between both, and stays so for as long as a window is measured. Nothing is asked
// of a silent end meanwhile.

// fault is one way to fall silent.
type fault struct {
	begin, mend func(*run, context.Context) error
	noticing    []string // the ends that may notice: server, fleet
}

// faults is every value of the scenarios' key but none.
var faults = map[string]fault{
	scenarios.ServerStops: stop("fleet", func(r *run) []*party.Party { return r.servers.Group }),
	scenarios.FleetStops:  stop("server", func(r *run) []*party.Party { return r.fleets.Group }),
	scenarios.Cut:         cut(lab.CutArgs{Down: true, Up: true}),
	scenarios.CutDown:     cut(lab.CutArgs{Down: true}),
	scenarios.CutUp:       cut(lab.CutArgs{Up: true}),
	// There is no way back to the old address, and what connections had it stay
	// dead.
	scenarios.AddressChange: {
		begin:    onLink(lab.Readdress, control.None{}),
		mend:     func(*run, context.Context) error { return nil },
		noticing: bothEnds,
	},
}

// bothEnds may notice whatever befalls the path: one that hears nothing any more,
// and one that is heard no more, once the other end has given it up and is silent.
var bothEnds = []string{"server", "fleet"}

// stop suspends parties as they stand, which the other end may notice. Each of them is
// suspended and resumed, whatever became of those before.
func stop(noticing string, who func(*run) []*party.Party) fault {
	each := func(do func(*party.Party) error) func(*run, context.Context) error {
		return func(r *run, _ context.Context) (err error) {
			for _, p := range who(r) {
				err = errors.Join(err, do(p))
			}
			return err
		}
	}
	suspend := each(func(p *party.Party) error { return p.Suspend() })
	resume := each(func(p *party.Party) error { return p.Resume() })
	return fault{begin: suspend, mend: resume, noticing: []string{noticing}}
}

// cut makes the path drop what is sent in some of its directions.
func cut(ways lab.CutArgs) fault {
	return fault{begin: onLink(lab.Cut, ways), mend: onLink(lab.Mend, control.None{}), noticing: bothEnds}
}

// onLink is a command to the link.
func onLink(do string, args any) func(*run, context.Context) error {
	return func(r *run, ctx context.Context) error { return r.lab.Link.Call(ctx, 0, do, args, nil) }
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
func (p plan) faultSpan() time.Duration {
	return max(p.Rhythm.Beat, p.Rhythm.Poll, 100*time.Millisecond)
}

// goOn counts who may notice, and lets both ends go on until an instant that is random
// to the heartbeats.
func (r *run) goOn(ctx context.Context) error {
	c := r.config
	for _, end := range faults[c.Treatment.Fault].noticing {
		of := c.Treatment.Subscribers
		if end == "server" {
			if !r.seen.Ends {
				continue
			}
			counts, err := r.servers.Tally(ctx)
			if err != nil {
				return err
			}
			of = int(counts.Conns)
		}
		r.seen.Silence.Notices = append(r.seen.Silence.Notices, measure.Notice{End: end, Of: of})
	}

	wait := time.Duration(feed.Rand(c.Seed, c.Block, "fault").Float64() * float64(r.plan.faultSpan()))
	onwards := control.RunArgs{Origin: feed.After(feed.NewClock().Now(), r.ahead()-r.passed), To: r.passed + wait + c.Measure}
	if err := r.fleets.Call(ctx, 0, control.Start, onwards); err != nil {
		return err
	}
	if r.plan.publishes() {
		if err := r.feed.GoOn(ctx, onwards); err != nil {
			return err
		}
	}
	return pause(ctx, r.ahead()+wait)
}

// fallSilent is the time of silence, in which the other ends notice or not. It is
// over before its time once they all have.
func (r *run) fallSilent(ctx context.Context) (err error) {
	f, within := faults[r.config.Treatment.Fault], r.config.Measure
	r.seen.Silence.Began = feed.NewClock().Now()
	if err := f.begin(r, ctx); err != nil {
		return err
	}
	// Mended also where the trial is interrupted, as a process must not stay stopped.
	defer func() { err = errors.Join(err, f.mend(r, context.WithoutCancel(ctx))) }()
	r.at("silenced")
	until := feed.After(r.seen.Silence.Began, within)
	for i := range r.seen.Silence.Notices {
		n := &r.seen.Silence.Notices[i]
		args := control.EndedArgs{Count: n.Of, Until: until}
		if n.End == "fleet" {
			n.Ended, err = r.fleets.Ended(ctx, within, args)
		} else {
			n.Ended, err = r.servers.Ended(ctx, within, args)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// wereSilent sees that each end was silent and no more.
func (r *run) wereSilent(ctx context.Context) error {
	if r.servers.Told() {
		if _, err := r.servers.Tally(ctx); err != nil {
			return err
		}
	}
	_, err := r.fleets.Tally(ctx)
	return err
}
