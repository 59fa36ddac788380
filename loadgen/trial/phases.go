package trial

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"pushbench/loadgen/fleet"
	"pushbench/loadgen/host"
	"pushbench/loadgen/measure"
	"pushbench/loadgen/stage"
	"pushbench/servers/control"
	"pushbench/servers/count"
	"pushbench/servers/feed"
)

// ahead of now is when trial time starts, so that all parties have their orders
// before it does: the first ones, and each after them.
const (
	ahead     = 20 * time.Millisecond
	aheadEach = time.Millisecond
)

// ahead is how much that is.
func (r *run) ahead() time.Duration { return ahead + time.Duration(len(r.parties))*aheadEach }

// listen lets the chains listen, and says what the fleets subscribe to there.
func (r *run) listen(ctx context.Context) error {
	var at stage.Endpoint
	var reached []control.Listening
	for _, chain := range r.chains {
		at = stage.Endpoint{}
		for _, s := range chain {
			var err error
			if at, err = s.Listen(ctx, at); err != nil {
				return err
			}
		}
		reached = append(reached, at.Listening)
	}
	r.reached = reached
	r.at("listening")
	c := r.config
	r.connect = fleet.Config{
		Address:   at.Address,
		HTTP2:     c.Treatment.HTTP == "2",
		Headers:   c.Treatment.Headers,
		Transport: c.Treatment.Transport,
		Encoding:  c.Treatment.Encoding,
		Payload:   c.Treatment.Payload,
		Of:        c.Treatment.Subscribers,
		Latest:    c.Treatment.Want == "latest",
		Stamp:     c.Treatment.Client == "stamp",
		DialRate:  r.plan.dialRate,
		Seed:      c.Seed,
		Block:     c.Block,

		Uplink:        c.Treatment.Uplink,
		UplinkPayload: c.Treatment.UplinkPayload,
	}
	return nil
}

// connectAll opens every subscriber's connection, between two readings of what the
// server takes.
func (r *run) connectAll(ctx context.Context) (err error) {
	if err = r.listen(ctx); err != nil {
		return err
	}
	if r.seen.Born, err = r.usage(ctx); err != nil {
		return err
	}
	n, step := r.config.Treatment.Subscribers, r.config.step()
	for r.dialled < n {
		to := min(n, r.dialled+step)
		within := seconds(float64(to-r.dialled)/r.plan.dialRate) + r.plan.slack
		if err := r.connectTo(ctx, to, within); err != nil {
			return err
		}
		if to < n && r.config.Connected != nil {
			r.config.Connected(to, n)
		}
	}
	r.seen.Opened, err = r.usage(ctx)
	return err
}

// usage is the CPU time that the servers have taken so far. They are asked only where it
// cannot be read from outside.
func (r *run) usage(ctx context.Context) (all control.Usage, err error) {
	for _, s := range r.servers.Group {
		cpu, unreadable := host.ReadProcessCPU(s.PID)
		if unreadable != nil && r.servers.Told() {
			m, err := r.servers.Mark(ctx)
			return m.Usage, err
		}
		all.User += cpu
	}
	return all, nil
}

// publish publishes an event outside the schedule.
func (r *run) publish(ctx context.Context) (err error) {
	r.seen.Newest, err = r.feed.Publish(ctx)
	return err
}

// let lets trial time pass up to an instant, at the fleets and, where it publishes, at
// the publisher. The fleets are first: they have to know what is measured before the
// first event comes, however long a busy host takes to tell them.
func (r *run) let(ctx context.Context, to time.Duration, measured bool) error {
	takes := to - r.passed + r.plan.slack
	a := fleet.RunArgs{RunArgs: control.RunArgs{Origin: feed.After(feed.NewClock().Now(), r.ahead()-r.passed), To: to}}
	if measured {
		r.seen.From, r.seen.Until = feed.After(a.Origin, r.plan.Mark1), feed.After(a.Origin, r.plan.Mark1+r.plan.Window)
		a.From, a.Until = r.seen.From, r.seen.Until
	}
	r.passed = to
	if err := r.fleets.Call(ctx, 0, control.Start, a); err != nil {
		return err
	}
	if !r.plan.publishes() {
		return r.fleets.Call(ctx, takes, control.Run, a)
	}
	failed := make(chan error, 1)
	go func() { failed <- r.fleets.Call(ctx, takes, control.Run, a) }()
	newest, err := r.feed.Run(ctx, takes, a.RunArgs)
	r.seen.Newest = newest
	return errors.Join(err, <-failed)
}

func (r *run) warmUp(ctx context.Context) error { return r.let(ctx, r.plan.Mark1, false) }

func (r *run) window(ctx context.Context) error { return r.let(ctx, r.plan.Mark2, r.plan.publishes()) }

// drain lets the remaining polls through, to see that nothing was lost.
func (r *run) drain(ctx context.Context) (err error) {
	r.seen.Undelivered, err = r.fleets.Await(ctx, fleet.AwaitArgs{
		Newest:  r.seen.Newest,
		Origin:  feed.After(feed.NewClock().Now(), -r.plan.Mark2),
		Timeout: 2*r.plan.Rhythm.Poll + 5*time.Second + r.plan.slack,
	})
	return err
}

// collect is what the fleets have seen, and when it had been due.
func (r *run) collect(ctx context.Context) (err error) {
	if r.plan.publishes() {
		if r.seen.Published, err = r.feed.Published(ctx); err != nil {
			return err
		}
	}
	r.seen.Collected, err = r.fleets.Collect(ctx, r.seen.Newest)
	return err
}

// step opens connections up to n, of a trial of memory, and reads what they take.
func (r *run) step(ctx context.Context, n int) error {
	if r.dialled == 0 {
		if err := r.listen(ctx); err != nil {
			return err
		}
		r.connect.Since, r.connect.DialRate = 1, idleDialRate // the server's first event is there
		r.connect.Of = slices.Max(r.config.Steps)
	}
	if err := r.connectTo(ctx, n, idleDialTime(n)); err != nil {
		return err
	}
	m, err := r.readMemory(ctx)
	r.seen.Steps = append(r.seen.Steps, m)
	return err
}

func (r *run) oneRound(ctx context.Context) error {
	return r.let(ctx, max(r.plan.Rhythm.Poll, time.Millisecond), false)
}

// delivered waits until every subscriber has the one event.
func (r *run) delivered(ctx context.Context) error {
	within, n := r.settleTime(), int64(r.dialled)
	var m fleet.Mark
	all, err := until(ctx, within, settleStep, func() (_ bool, err error) {
		m, err = r.fleets.Mark(ctx)
		return m.Delivered == n, err
	})
	if err == nil && !all {
		err = fmt.Errorf("an event was delivered to %d of %d subscribers within %v", m.Delivered, n, within)
	}
	return err
}

func (r *run) hold(ctx context.Context) (err error) {
	r.seen.Held, err = r.readMemory(ctx)
	r.readSockets(&r.seen.Sockets.After)
	return err
}

// readMemory reads what all connections take, at rest.
func (r *run) readMemory(ctx context.Context) (m measure.Memory, err error) {
	m.Conns = r.dialled
	server, _, err := r.settle(ctx, r.dialled)
	if err != nil {
		return m, err
	}
	m.Seen = server.Conns
	if r.seen.Trims {
		if m.Server, err = r.servers.Trim(ctx); err != nil {
			return m, err
		}
	}
	if m.Fleet, err = r.fleets.Trim(ctx); err != nil {
		return m, err
	}
	if m.Kernel, err = host.ReadKernelMemory(); err != nil {
		r.seen.HostUnreadable = err
	}
	return m, nil
}

// stayQuiet counts the bytes that pass while nothing is published.
func (r *run) stayQuiet(ctx context.Context) error {
	_, before, err := r.settle(ctx, 0)
	if err != nil {
		return err
	}
	if err := r.let(ctx, r.passed+r.config.Measure, false); err != nil {
		return err
	}
	_, after, err := r.settle(ctx, 0)
	r.seen.Rest, r.seen.Passed = r.config.Measure, count.Sub(after, before)
	return err
}
