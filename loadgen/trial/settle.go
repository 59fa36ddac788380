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
func (o *run) settleTime() time.Duration {
	return o.config.limits.settle + o.plan.backlogTime() + o.plan.slack
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
// many connections. Where they never do the trial goes on: its bytes are not
// accounted for, and its latencies are what they are.
func (o *run) settle(ctx context.Context, p pair, conns int) (server, clients wire.Counts, err error) {
	within := o.settleTime()
	deadline := time.Now().Add(within)
	var last wire.Counts
	for {
		if err := p.server.call(ctx, 0, control.Tally, control.None{}, &server); err != nil {
			return server, clients, err
		}
		if err := p.fleet.call(ctx, 0, control.Tally, control.None{}, &clients); err != nil {
			return server, clients, err
		}
		if measure.Agree(server, clients) && clients == last && server.Conns >= int64(conns) {
			return server, clients, nil
		}
		if time.Now().After(deadline) {
			o.seen.Unsettled = append(o.seen.Unsettled, fmt.Sprintf("the ends did not settle within %v: %s", within, measure.Tallies(server, clients)))
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
func (o *run) settleAndMark(ctx context.Context, p pair) (measure.Mark, error) {
	m, err := o.mark(ctx, p)
	for deadline := time.Now().Add(o.settleTime()); err == nil && o.plan.beat > 0 && time.Now().Before(deadline) && len(o.seen.Unsettled) == 0; {
		var since wire.Counts
		if err := p.server.call(ctx, 0, control.Tally, control.None{}, &since); err != nil {
			return m, err
		}
		if since == m.Server.Counts && measure.Agree(since, m.Fleet.Counts) {
			break
		}
		if err := pause(ctx, o.plan.trip); err != nil {
			return m, err
		}
		before := m
		m, err = o.mark(ctx, p)
		m.Server.Due = append(before.Server.Due, m.Server.Due...)
		m.Server.Lag = append(before.Server.Lag, m.Server.Lag...)
		m.Server.PublishCPU += before.Server.PublishCPU
		if late := before.Link.Late; err == nil && late != nil && m.Link.Late != nil {
			err = m.Link.Late.Merge(late)
		}
	}
	return m, err
}

// mark settles, and reads each of the processes once.
func (o *run) mark(ctx context.Context, p pair) (m measure.Mark, err error) {
	if _, _, err := o.settle(ctx, p, 0); err != nil {
		return m, err
	}
	if err := o.standStill(ctx, p.fleet); err != nil {
		return m, err
	}
	if err := p.server.call(ctx, 0, control.Mark, control.None{}, &m.Server); err != nil {
		return m, err
	}
	if due, lag := len(m.Server.Due), len(m.Server.Lag); due != lag {
		return m, &childError{"server", fmt.Errorf("mark: %d events were due and %d published; each needs both", due, lag)}
	}
	if err := p.fleet.call(ctx, 0, control.Mark, control.None{}, &m.Fleet); err != nil {
		return m, err
	}
	return m, o.markLink(ctx, p, &m)
}

// standStill waits until the kernel's counts have stood still for as long as asked.
func (o *run) standStill(ctx context.Context, clients *child) error {
	if o.plan.Still == 0 {
		return nil
	}
	within := o.settleTime() + o.plan.Still
	deadline := time.Now().Add(within)
	var last, m fleet.Mark
	for {
		if err := clients.call(ctx, 0, control.Mark, control.None{}, &m); err != nil {
			return err
		}
		if m.TCP == last.TCP {
			return nil
		}
		if time.Now().After(deadline) {
			o.seen.Unsettled = append(o.seen.Unsettled, fmt.Sprintf("segments did not stand still for %v within %v", o.plan.Still, within))
			return nil
		}
		last = m
		if err := pause(ctx, o.plan.Still); err != nil {
			return err
		}
	}
}
