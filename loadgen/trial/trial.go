// Package trial runs one trial: a fresh server and a fresh fleet on cores of
// their own, taken from the first connection to the last byte, and turned into
// one record. Where the treatment asks for a network, a fresh link is between them.
//
//	connect (paced) → warm up → settle → mark → measure → settle → mark → drain → collect → check
//
// To settle is to stop trial time, for the schedule, the polls and what
// subscribers send alike, until the tallies of both ends agree and stand still:
// in flight they differ nearly always, at rest they agree to the byte. The two
// marks lie a whole number of poll intervals apart in trial time, with the feed
// running up to each, so that what lies between them is steady state: polls
// bring, between the marks, as much of what was due before the first as they
// leave of what was due before the second. The window in which events count for
// latency ends at least one poll interval before the second mark, so that each of
// its events arrives while the feed still runs; only then are the remaining polls
// let through, to see that nothing was lost.
package trial

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"pushbench/loadgen/fleet"
	"pushbench/loadgen/host"
	"pushbench/loadgen/measure"
	"pushbench/results"
	"pushbench/scenarios"
	"pushbench/servers/control"
	"pushbench/servers/feed"
)

// Config is a trial to be run.
type Config struct {
	ServerPath string // program of the servers
	// FleetPath is a program that is a fleet when started with the argument "fleet",
	// a link with "link", and with "join" enters the link's namespaces.
	FleetPath string
	Layout    host.Layout
	Treatment scenarios.Treatment
	Seed      uint64
	Block     int
	Warmup    time.Duration
	Measure   time.Duration
	// Lead is the trial time before the window, where that is longer than what this
	// treatment needs: see the function of that name.
	Lead time.Duration
	// Steps, if any, makes it a trial of memory: so many connections one after
	// the other, to a quiet feed.
	Steps []int
	// Saturate says that an end may be asked for more than it can do.
	Saturate bool
	// Still is how long the kernel's counts must stand still before a mark, so
	// that delayed acknowledgements are in them. In steady state the two marks
	// miss as many, and none is needed; over a network it is at least as long as an
	// acknowledgement may take, so that the link has counted what the kernel has.
	Still time.Duration

	// Linked, if set, is told the process ID of the link, Started those of server
	// and fleet, Listening the server's address before anybody connects, Marked
	// that the second mark has been read and all is at rest, and Silenced that a
	// fault has begun.
	Linked    func(link int)
	Started   func(server, fleet int)
	Listening func(addr string)
	Marked    func()
	Silenced  func()

	limits limits
}

// Run runs the trial. What goes wrong in it is part of its record; the error is
// ctx's alone, and then there is no record.
func Run(ctx context.Context, c Config) (*results.Trial, error) {
	t := c.record()
	o, err := observe(ctx, c, t)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	switch {
	case err == nil:
		o.seen.Record(t)
	case o == nil || !o.reached:
		t.Broken = append(t.Broken, unreached(err))
	default:
		t.Broken = append(t.Broken, failed(err))
	}
	return t, nil
}

// record is the trial's, with nothing in it yet.
func (c Config) record() *results.Trial {
	return &results.Trial{
		Type:      "trial",
		Treatment: c.Treatment.Labels,
		Block:     c.Block,
		Started:   time.Now().UTC(),
		Broken:    []results.Broken{},
		Warnings:  []string{},
		Metrics:   map[string]results.Metric{},
		Hists:     map[string]*results.Hist{},
	}
}

// run is a trial under way.
type run struct {
	config  Config
	plan    plan
	reached bool // a server listened
	seen    *measure.Observation
}

// observe takes the processes through the trial. The log of a child that
// failed goes into the record.
func observe(ctx context.Context, c Config, t *results.Trial) (o *run, err error) {
	c.limits = c.limits.orDefault()
	o = &run{config: c}
	if o.plan, err = c.plan(); err != nil {
		return nil, err
	}
	o.seen = &measure.Observation{Asked: o.plan.Asked}
	release, err := c.keepAwake()
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, release()) }()
	ctx, net, err := o.openNetwork(ctx)
	if net.link != nil {
		defer func() { err = errors.Join(err, net.end(err, t)) }()
	}
	if err != nil {
		return nil, err
	}
	server, err := net.start("server", c, c.Layout.Server, c.ServerPath, o.serverArgs(net.listenOn())...)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, server.end(err, t)) }()
	clients, err := net.start("fleet", c, c.Layout.Fleet, c.FleetPath, "fleet")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, clients.end(err, t)) }()
	if c.Started != nil {
		c.Started(server.cmd.Process.Pid, clients.cmd.Process.Pid)
	}
	p := pair{server, clients, net.link}
	o.seen.Began = host.ReadClocks()
	defer func() { o.seen.Ended = host.ReadClocks() }()
	switch {
	case len(c.Steps) > 0:
		err = o.idleSteps(ctx, p)
	case c.quietFeed():
		err = o.quietSteps(ctx, p)
	default:
		err = o.steps(ctx, p)
	}
	if err == nil && c.Treatment.Faulty() {
		err = o.faultSteps(ctx, p)
	}
	return o, err
}

// end stops a child and, after a failure, keeps the tail of its log.
func (c *child) end(failure error, t *results.Trial) error {
	err := c.stop()
	if text := c.log.String(); text != "" && (failure != nil || err != nil) {
		t.Log += c.name + ": " + text + "\n"
	}
	return err
}

func (o *run) serverArgs(addr string) []string {
	c, t := o.config, o.config.Treatment
	rate := t.Rate
	if len(c.Steps) > 0 || c.quietFeed() {
		rate = 1 // of a schedule that never begins
	}
	return []string{
		"-control", "-addr", addr,
		"-ring", fmt.Sprint(o.plan.ring()),
		fmt.Sprintf("-tls=%t", t.TLS),
		"-headers", t.Headers,
		"-rate", fmt.Sprintf("%g/s", rate),
		"-arrivals", t.Arrivals,
		"-payload", fmt.Sprintf("%dB", t.Payload),
		"-payload-kind", t.PayloadKind,
		"-encoding", t.Encoding,
		"-seed", fmt.Sprint(c.Seed),
		"-block", fmt.Sprint(c.Block),
	}
}

// pair is the two processes of a trial, and the link between them; nil on
// loopback.
type pair struct{ server, fleet, link *child }

// ahead of now is when trial time starts, so that both processes have their orders
// before it does.
const ahead = 20 * time.Millisecond

// connect opens every subscriber's connection, between two readings of what the
// server takes.
func (o *run) connect(ctx context.Context, p pair) error {
	connect, err := o.listening(ctx, p.server)
	if err != nil {
		return err
	}
	if o.seen.Born, err = p.server.usage(ctx); err != nil {
		return err
	}
	if err := p.fleet.call(ctx, o.plan.connect+o.plan.slack, fleet.Connect, connect, nil); err != nil {
		return err
	}
	o.seen.Opened, err = p.server.usage(ctx)
	return err
}

// steps is the trial itself.
func (o *run) steps(ctx context.Context, p pair) (err error) {
	clock := feed.NewClock()
	if err := o.connect(ctx, p); err != nil {
		return err
	}

	// Each subscriber has its first event. The second is the first that finds
	// all of them waiting; the warm-up is long enough for every poll to fetch it.
	if err := p.server.call(ctx, 0, control.Publish, control.None{}, nil); err != nil {
		return err
	}
	if _, err := p.run(ctx, fleet.RunArgs{RunArgs: control.RunArgs{Origin: feed.After(clock.Now(), ahead), To: o.plan.Mark1}}, o.plan.Mark1+o.plan.slack); err != nil {
		return err
	}
	if o.seen.Before, err = o.markBefore(ctx, p); err != nil {
		return err
	}

	origin := feed.After(clock.Now(), ahead-o.plan.Mark1)
	o.seen.From, o.seen.Until = feed.After(origin, o.plan.Mark1), feed.After(origin, o.plan.Mark1+o.plan.Window)
	o.seen.Newest, err = p.run(ctx, fleet.RunArgs{
		RunArgs: control.RunArgs{Origin: origin, To: o.plan.Mark2},
		From:    o.seen.From,
		Until:   o.seen.Until,
	}, o.plan.Mark2-o.plan.Mark1+o.plan.slack)
	if err != nil {
		return err
	}
	if o.seen.After, err = o.markAfter(ctx, p); err != nil {
		return err
	}
	if o.config.Marked != nil {
		o.config.Marked()
	}

	drain := fleet.AwaitArgs{Newest: o.seen.Newest, Origin: feed.After(clock.Now(), -o.plan.Mark2), Timeout: 2*o.plan.Interval + 5*time.Second + o.plan.slack}
	var left fleet.Awaited
	if err := p.fleet.call(ctx, drain.Timeout, fleet.Await, drain, &left); err != nil {
		return err
	}
	o.seen.Undelivered = left.Missing
	return p.fleet.call(ctx, 0, fleet.Collect, o.seen.Newest, &o.seen.Collected)
}

// listening asks the server where it is, and returns what the fleet connects to.
func (o *run) listening(ctx context.Context, server *child) (fleet.Config, error) {
	var at control.Listening
	if err := server.call(ctx, 0, control.Listen, control.None{}, &at); err != nil {
		return fleet.Config{}, err
	}
	o.reached = true
	c := o.config
	if c.Listening != nil {
		c.Listening(at.Addr)
	}
	return fleet.Config{
		Addr:        at.Addr,
		Authority:   at.Authority,
		HTTP2:       c.Treatment.HTTP == "2",
		Headers:     c.Treatment.Headers,
		Transport:   c.Treatment.Transport,
		Encoding:    c.Treatment.Encoding,
		Payload:     c.Treatment.Payload,
		Subscribers: c.Treatment.Subscribers,
		Latest:      c.Treatment.Want == "latest",
		Stamp:       c.Treatment.Client == "stamp",
		DialRate:    o.plan.dialRate,
		Seed:        c.Seed,
		Block:       c.Block,

		Uplink:        c.Treatment.Uplink,
		UplinkPayload: c.Treatment.UplinkPayload,
	}, nil
}

// usage is the CPU time that the server has taken so far. It is asked only where it
// cannot be read from outside.
func (c *child) usage(ctx context.Context) (control.Usage, error) {
	if cpu, err := host.ReadProcessCPU(c.cmd.Process.Pid); err == nil {
		return control.Usage{User: cpu}, nil
	}
	var m control.ServerMark
	err := c.call(ctx, 0, control.Mark, control.None{}, &m)
	return m.Usage, err
}

// run lets trial time pass at both ends and returns the newest event's number. The
// fleet is first: it has to know what is measured before the first event comes,
// however long a busy host takes to tell it.
func (p pair) run(ctx context.Context, a fleet.RunArgs, takes time.Duration) (uint64, error) {
	if err := p.fleet.call(ctx, 0, control.Start, a, nil); err != nil {
		return 0, err
	}
	var r control.RunResult
	failed := make(chan error, 1)
	go func() { failed <- p.fleet.call(ctx, takes, control.Run, a, nil) }()
	err := p.server.call(ctx, takes, control.Run, a.RunArgs, &r)
	return r.Newest, errors.Join(err, <-failed)
}

// failed is what is broken where the trial did not come to its end.
func failed(why error) results.Broken {
	return results.Broken{Class: results.Sound, Rule: "failed", Text: oneLine(why)}
}

// unreached is what is broken where nothing of the treatment was reached, as no
// server listened for it: that says nothing about the treatment.
func unreached(why error) results.Broken {
	return results.Broken{Class: results.Sound, Rule: "unreached", Text: oneLine(why)}
}

// oneLine is a reason that may be several errors in as many lines.
func oneLine(err error) string { return strings.ReplaceAll(err.Error(), "\n", "; ") }
