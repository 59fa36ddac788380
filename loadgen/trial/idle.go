package trial

import (
	"context"
	"fmt"
	"time"

	"pushbench/loadgen/fleet"
	"pushbench/loadgen/host"
	"pushbench/results"
	"pushbench/servers/control"
	"pushbench/servers/count"
	"pushbench/servers/feed"
	"pushbench/servers/wire"
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

// idleReadings is what such a trial saw.
type idleReadings struct {
	fresh []memory // at each step, before any event
	held  memory   // at the last, after one
	quiet time.Duration
	bytes wire.Counts // at the fleet, while the feed was quiet
}

// memory is what both processes and the kernel take with so many connections.
type memory struct {
	conns         int
	seen          int64 // connections that the server has had
	server, fleet control.Usage
	kernel        int64 // B; 0 where the host does not tell
}

// idleSteps is the trial itself.
func (o *observation) idleSteps(ctx context.Context, p pair) error {
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
		o.idle.fresh = append(o.idle.fresh, m)
	}
	if err := p.server.call(ctx, 0, control.Publish, control.None{}, nil); err != nil {
		return err
	}
	if err := let(max(o.plan.interval, time.Millisecond)); err != nil { // every poll comes round once
		return err
	}
	if err := o.awaitDelivered(ctx, p); err != nil {
		return err
	}
	if o.idle.held, err = o.readMemory(ctx, p, connect.Subscribers); err != nil {
		return err
	}
	return o.stayQuiet(ctx, p, let)
}

// awaitDelivered waits until every subscriber has the one event.
func (o *observation) awaitDelivered(ctx context.Context, p pair) error {
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
func (o *observation) readMemory(ctx context.Context, p pair, n int) (m memory, err error) {
	m.conns = n
	server, _, err := o.settle(ctx, p, n)
	if err != nil {
		return m, err
	}
	m.seen = server.Conns
	if err := p.server.call(ctx, 0, control.Trim, control.None{}, &m.server); err != nil {
		return m, err
	}
	if err := p.fleet.call(ctx, 0, control.Trim, control.None{}, &m.fleet); err != nil {
		return m, err
	}
	if m.kernel, err = host.ReadKernelMemory(); err != nil {
		o.hostUnreadable = err
	}
	return m, nil
}

// stayQuiet counts the bytes that pass while nothing is published.
func (o *observation) stayQuiet(ctx context.Context, p pair, let func(time.Duration) error) error {
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
	o.idle.quiet, o.idle.bytes = o.config.Measure, count.Sub(after, before)
	return p.fleet.call(ctx, 0, fleet.Collect, uint64(2), &o.collected)
}

// measureIdle computes the slopes.
func (o *observation) measureIdle(t *results.Trial) {
	put := func(name string, value float64, unit string) {
		t.Metrics[name] = results.Metric{Value: value, Unit: unit}
	}
	n := float64(o.config.Treatment.Subscribers)
	last := o.idle.fresh[len(o.idle.fresh)-1]
	for _, m := range memories {
		if m.name == "kernel" && o.hostUnreadable != nil {
			continue
		}
		perConn, fitError := line(o.idle.fresh, m.of)
		put("idle/"+m.name, perConn, "B")
		put("held/"+m.name, perConn+float64(m.of(o.idle.held)-m.of(last))/n, "B")
		if m.name == "server-rss" {
			put("idle/fit-error", fitError, "1")
		}
	}
	put("idle/bytes/down", float64(o.idle.bytes.BytesRead)/n/o.idle.quiet.Seconds(), "B/s")
	put("idle/bytes/up", float64(o.idle.bytes.BytesWritten)/n/o.idle.quiet.Seconds(), "B/s")
	put("conn/count", n, "1")
	put("events/lost", float64(o.collected.Order.Lost), "1")
}

// memories is what is read at each step, by the end of its metrics' names.
var memories = []struct {
	name string
	of   func(memory) int64
}{
	{"server-rss", func(m memory) int64 { return m.server.RSS }},
	{"server-heap", func(m memory) int64 { return m.server.Heap }},
	{"server-stacks", func(m memory) int64 { return m.server.Stacks }},
	{"fleet-rss", func(m memory) int64 { return m.fleet.RSS }},
	{"kernel", func(m memory) int64 { return m.kernel }},
}

// line fits readings = a + b·connections by least squares, and returns b with
// the largest distance of a reading from the line, as a share of what all the
// steps together added.
func line(readings []memory, of func(memory) int64) (perConn, fitError float64) {
	var n, sx, sy, sxx, sxy float64
	for _, m := range readings {
		x, y := float64(m.conns), float64(of(m))
		n, sx, sy, sxx, sxy = n+1, sx+x, sy+y, sxx+x*x, sxy+x*y
	}
	perConn = (n*sxy - sx*sy) / (n*sxx - sx*sx)
	a := (sy - perConn*sx) / n
	for _, m := range readings {
		fitError = max(fitError, abs(float64(of(m))-a-perConn*float64(m.conns)))
	}
	rise := abs(perConn) * float64(readings[len(readings)-1].conns-readings[0].conns)
	if rise == 0 {
		return perConn, 0
	}
	return perConn, fitError / rise
}

func abs(x float64) float64 { return max(x, -x) }
