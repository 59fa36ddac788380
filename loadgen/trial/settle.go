package trial

import (
	"context"
	"fmt"
	"time"

	"pushbench/loadgen/measure"
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

// until asks whether something holds, again and again with a pause between, and reports
// whether it did within a time.
func until(ctx context.Context, within, between time.Duration, holds func() (bool, error)) (inTime bool, err error) {
	for deadline := time.Now().Add(within); ; {
		if inTime, err = holds(); inTime || err != nil || time.Now().After(deadline) {
			return inTime, err
		}
		if err := pause(ctx, between); err != nil {
			return false, err
		}
	}
}

// settle waits until both ends' tallies agree and stand still, with at least so
// many connections; where the server tells none, until the fleets' does. Where they
// never do the trial goes on: its bytes are not accounted for, and its latencies are
// what they are.
func (r *run) settle(ctx context.Context, conns int) (server, clients wire.Counts, err error) {
	within := r.settleTime()
	settled, err := until(ctx, within, settleStep, func() (agree bool, err error) {
		last := clients
		if r.seen.Tallies {
			if server, err = r.servers.Tally(ctx); err != nil {
				return false, err
			}
		}
		clients, err = r.fleets.Tally(ctx)
		agree = !r.seen.Tallies || measure.Agree(server, clients) && server.Conns >= int64(conns)
		return agree && clients == last, err
	})
	if err == nil && !settled {
		r.seen.Unsettled = append(r.seen.Unsettled, fmt.Sprintf("the ends did not settle within %v: %s", within.Round(time.Millisecond), measure.Tallies(server, clients)))
	}
	return server, clients, err
}

// settleAndMark settles, and reads all processes. They are read one after the
// other, and where a heartbeat passed meanwhile, again, for as long as a busy host
// may need to find a moment between two.
func (r *run) settleAndMark(ctx context.Context) (m measure.Mark, err error) {
	_, err = until(ctx, r.settleTime(), r.plan.trip, func() (settled bool, err error) {
		late := m.Link.Late
		if m, err = r.mark(ctx); err != nil {
			return false, err
		}
		if late != nil && m.Link.Late != nil {
			if err := m.Link.Late.Merge(late); err != nil {
				return false, err
			}
		}
		if r.plan.Rhythm.Beat == 0 || !r.seen.Tallies || len(r.seen.Unsettled) > 0 {
			return true, nil
		}
		since, err := r.servers.Tally(ctx)
		return since == m.Server.Counts && measure.Agree(since, m.Fleet.Counts), err
	})
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
	if r.servers.Told() {
		if m.Server, err = r.servers.Mark(ctx); err != nil {
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
	var last wire.TCP
	still, err := until(ctx, within, r.plan.Still, func() (bool, error) {
		m, err := r.fleets.Mark(ctx)
		before := last
		last = m.TCP
		return m.TCP == before, err
	})
	if err == nil && !still {
		r.seen.Unsettled = append(r.seen.Unsettled, fmt.Sprintf("segments did not stand still for %v within %v", r.plan.Still, within.Round(time.Millisecond)))
	}
	return err
}
