package trial

import (
	"context"
	"fmt"
	"time"

	"pushbench/loadgen/fleet"
	"pushbench/loadgen/measure"
	"pushbench/servers/control"
	"pushbench/servers/wire"
)

// A mark is read at rest: trial time stands still, and what has been written at
// one end has been read at the other. Over a network the kernels are at rest later
// than the processes, since acknowledgements come later than what they are of.

// settleStep is how long the tallies of both ends have to stand still.
const settleStep = 5 * time.Millisecond

// settleTime is how long they may take to agree.
func (r *run) settleTime() time.Duration {
	return r.config.limits.Settle + r.plan.backlogTime() + r.plan.slack
}

// pause waits, or returns why it cannot.
func pause(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// settle waits until both ends' tallies agree and stand still, with at least so
// many connections; where the server tells none, until the fleets' does. Where they
// never do the trial goes on: its bytes are not accounted for, and its latencies are
// what they are.
func (r *run) settle(ctx context.Context, conns int) (server, clients wire.Counts, err error) {
	within := r.settleTime()
	deadline := time.Now().Add(within)
	var last wire.Counts
	for {
		if r.seen.Tallies {
			if err := r.server.Party().Call(ctx, 0, control.Tally, control.None{}, &server); err != nil {
				return server, clients, err
			}
		}
		if clients, err = r.fleets.Tally(ctx); err != nil {
			return server, clients, err
		}
		agree := !r.seen.Tallies || measure.Agree(server, clients) && server.Conns >= int64(conns)
		if agree && clients == last {
			return server, clients, nil
		}
		if time.Now().After(deadline) {
			r.seen.Unsettled = append(r.seen.Unsettled, fmt.Sprintf("the ends did not settle within %v: %s", within, measure.Tallies(server, clients)))
			return server, clients, nil
		}
		last = clients
		if err := pause(ctx, settleStep); err != nil {
			return server, clients, err
		}
	}
}

// settleAndMark settles, and reads all processes. They are read one after the
// other, and where a heartbeat passed meanwhile, again, for as long as a busy host
// may need to find a moment between two.
func (r *run) settleAndMark(ctx context.Context) (measure.Mark, error) {
	m, err := r.mark(ctx)
	for deadline := time.Now().Add(r.settleTime()); err == nil && r.plan.Rhythm.Beat > 0 && r.seen.Tallies && time.Now().Before(deadline) && len(r.seen.Unsettled) == 0; {
		var since wire.Counts
		if err := r.server.Party().Call(ctx, 0, control.Tally, control.None{}, &since); err != nil {
			return m, err
		}
		if since == m.Server.Counts && measure.Agree(since, m.Fleet.Counts) {
			break
		}
		if err := pause(ctx, r.plan.trip); err != nil {
			return m, err
		}
		before := m
		m, err = r.mark(ctx)
		if late := before.Link.Late; err == nil && late != nil && m.Link.Late != nil {
			err = m.Link.Late.Merge(late)
		}
	}
	return m, err
}

// mark settles, and reads each of the processes once.
func (r *run) mark(ctx context.Context) (m measure.Mark, err error) {
	if _, _, err := r.settle(ctx, 0); err != nil {
		return m, err
	}
	if err := r.standStill(ctx); err != nil {
		return m, err
	}
	if server := r.server.Party(); server.Caller != nil {
		if err := server.Call(ctx, 0, control.Mark, control.None{}, &m.Server); err != nil {
			return m, err
		}
	}
	if m.Fleet, err = r.fleets.Mark(ctx); err != nil || r.lab == nil {
		return m, err
	}
	m.Link, m.Resent, err = r.lab.Mark(ctx)
	return m, err
}

// standStill waits until the kernel's counts have stood still for as long as asked.
func (r *run) standStill(ctx context.Context) error {
	if r.plan.Still == 0 {
		return nil
	}
	within := r.settleTime() + r.plan.Still
	deadline := time.Now().Add(within)
	var last fleet.Mark
	for {
		m, err := r.fleets.Mark(ctx)
		if err != nil {
			return err
		}
		if m.TCP == last.TCP {
			return nil
		}
		if time.Now().After(deadline) {
			r.seen.Unsettled = append(r.seen.Unsettled, fmt.Sprintf("segments did not stand still for %v within %v", r.plan.Still, within))
			return nil
		}
		last = m
		if err := pause(ctx, r.plan.Still); err != nil {
			return err
		}
	}
}
