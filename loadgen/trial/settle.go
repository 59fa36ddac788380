package trial

import (
	"context"
	"fmt"
	"time"

	"pushbench/loadgen/fleet"
	"pushbench/loadgen/lab"
	"pushbench/servers/control"
	"pushbench/servers/wire"
)

// A mark is read at rest: trial time stands still, and what has been written at
// one end has been read at the other. Over a network the kernels are at rest later
// than the processes, since acknowledgements come later than what they are of.

// mark is the state of the trial's processes and cores while trial time rests.
type mark struct {
	server control.ServerMark
	fleet  fleet.Mark
	link   lab.LinkMark // where there is one
	resent bothWays     // segments that the kernel of each end sent again, where there is a link
	used                // CPU time, by when all of that had been handled
}

// settleStep is how long the tallies of both ends have to stand still.
const settleStep = 5 * time.Millisecond

// settleTime is how long they may take to agree.
func (o *observation) settleTime() time.Duration {
	return o.config.limits.settle + o.backlogTime() + o.plan.slack
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
func (o *observation) settle(ctx context.Context, p pair, conns int) (server, clients wire.Counts, err error) {
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
		if agree(server, clients) && clients == last && server.Conns >= int64(conns) {
			return server, clients, nil
		}
		if time.Now().After(deadline) {
			o.unsettled = append(o.unsettled, fmt.Sprintf("the ends did not settle within %v: %s", within, tallies(server, clients)))
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
func (o *observation) settleAndMark(ctx context.Context, p pair) (mark, error) {
	m, err := o.mark(ctx, p)
	for deadline := time.Now().Add(o.settleTime()); err == nil && o.plan.beat > 0 && time.Now().Before(deadline) && len(o.unsettled) == 0; {
		var since wire.Counts
		if err := p.server.call(ctx, 0, control.Tally, control.None{}, &since); err != nil {
			return m, err
		}
		if since == m.server.Counts && agree(since, m.fleet.Counts) {
			break
		}
		if err := pause(ctx, o.plan.trip); err != nil {
			return m, err
		}
		before := m
		m, err = o.mark(ctx, p)
		m.server.Due = append(before.server.Due, m.server.Due...)
		m.server.Lag = append(before.server.Lag, m.server.Lag...)
		m.server.PublishCPU += before.server.PublishCPU
		if late := before.link.Late; err == nil && late != nil && m.link.Late != nil {
			err = m.link.Late.Merge(late)
		}
	}
	return m, err
}

// mark settles, and reads each of the processes once.
func (o *observation) mark(ctx context.Context, p pair) (m mark, err error) {
	if _, _, err := o.settle(ctx, p, 0); err != nil {
		return m, err
	}
	if err := o.standStill(ctx, p.fleet); err != nil {
		return m, err
	}
	if err := p.server.call(ctx, 0, control.Mark, control.None{}, &m.server); err != nil {
		return m, err
	}
	if due, lag := len(m.server.Due), len(m.server.Lag); due != lag {
		return m, &childError{"server", fmt.Errorf("mark: %d events were due and %d published; each needs both", due, lag)}
	}
	if err := p.fleet.call(ctx, 0, control.Mark, control.None{}, &m.fleet); err != nil {
		return m, err
	}
	return m, o.markLink(ctx, p, &m)
}

// standStill waits until the kernel's counts have stood still for as long as asked.
func (o *observation) standStill(ctx context.Context, clients *child) error {
	if o.plan.still == 0 {
		return nil
	}
	within := o.settleTime() + o.plan.still
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
			o.unsettled = append(o.unsettled, fmt.Sprintf("segments did not stand still for %v within %v", o.plan.still, within))
			return nil
		}
		last = m
		if err := pause(ctx, o.plan.still); err != nil {
			return err
		}
	}
}

// agree reports whether what one end wrote the other has read, both ways.
func agree(server, clients wire.Counts) bool {
	return server.BytesRead == clients.BytesWritten && server.BytesWritten == clients.BytesRead
}

// tallies says what both ends counted.
func tallies(server, clients wire.Counts) string {
	return fmt.Sprintf("the server has read %d and written %d bytes, the fleet has written %d and read %d",
		server.BytesRead, server.BytesWritten, clients.BytesWritten, clients.BytesRead)
}
