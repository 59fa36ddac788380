// Package trial runs one trial: a fresh server and a fresh fleet on cores of
// their own, taken from the first connection to the last byte, and turned into
// one record.
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
	"slices"
	"strings"
	"time"

	"pushbench/loadgen/fleet"
	"pushbench/loadgen/host"
	"pushbench/results"
	"pushbench/scenarios"
	"pushbench/servers/all"
	"pushbench/servers/control"
	"pushbench/servers/feed"
	"pushbench/servers/wire"
)

// Config is a trial to be run.
type Config struct {
	ServerPath string // program of the servers
	FleetPath  string // program that is a fleet when started with the argument "fleet"
	Layout     host.Layout
	Treatment  scenarios.Treatment
	Seed       uint64
	Block      int
	Warmup     time.Duration
	Measure    time.Duration
	// Steps, if any, makes it a trial of memory: so many connections one after
	// the other, to a quiet feed.
	Steps []int
	// Saturate says that an end may be asked for more than it can do.
	Saturate bool
	// Quiet is how long the kernel's counts must stand still before a mark, so
	// that delayed acknowledgements are in them. In steady state the two marks
	// miss as many, and none is needed.
	Quiet time.Duration

	// Started, if set, is told the process IDs of server and fleet, Listening
	// the server's address before anybody connects, Marked that the second mark
	// has been read and all is at rest, and Silenced that a fault has begun.
	Started   func(server, fleet int)
	Listening func(addr string)
	Marked    func()
	Silenced  func()
}

// Estimate is about how long the trial takes.
func (c Config) Estimate() time.Duration {
	p, err := c.plan()
	if err != nil {
		return 0
	}
	if len(c.Steps) > 0 {
		return c.idleEstimate(p.interval)
	}
	d := p.connect + p.mark2 + p.interval/2 + 200*time.Millisecond
	if c.faulty() {
		d += p.faultSpan()/2 + c.Measure
	}
	return d
}

// plan is a trial's instants in trial time, and what follows from its
// transport.
type plan struct {
	spec         feed.Spec
	dialRate     float64       // connections opened per second
	connect      time.Duration // to dial every subscriber
	beat         time.Duration // between heartbeats; 0 without
	interval     time.Duration // between polls; 0 for push
	mark1, mark2 time.Duration
	from, until  time.Duration // of the measured window
}

func (c Config) plan() (plan, error) {
	spec, err := all.Parse(c.Treatment.Transport)
	if err != nil {
		return plan{}, err
	}
	p := plan{spec: spec, beat: beat(spec.Options), interval: spec.Options.Duration("interval"), dialRate: c.dialRate()}
	if c.faulty() {
		if _, known := faults[c.Treatment.Fault]; !known {
			return plan{}, fmt.Errorf("fault %q is not known", c.Treatment.Fault)
		}
		p.dialRate = spread(c.Treatment.Subscribers, p.beat, p.dialRate)
	}
	p.connect = time.Duration(float64(c.Treatment.Subscribers) / p.dialRate * float64(time.Second))
	p.mark1 = max(c.Warmup, p.interval, c.uplinkPeriod()) // each subscriber has asked and sent at least once by then
	p.from, p.until = p.mark1, p.mark1+c.Measure
	p.mark2 = p.until
	if p.interval > 0 { // at least one interval more, to a whole number of them
		p.mark2 = p.mark1 + (c.Measure/p.interval+1)*p.interval
		if c.Measure%p.interval > 0 {
			p.mark2 += p.interval
		}
	}
	return p, nil
}

// dialRate is how many connections are opened a second: a handshake takes about
// a millisecond of CPU at each end, and none should wait for the one before.
func (c Config) dialRate() float64 {
	if c.Treatment.TLS {
		return fleet.DefaultDialRate / 5
	}
	return fleet.DefaultDialRate
}

// Run runs the trial. What goes wrong in it is part of its record, and so is
// what disturbed it as far as the trial itself can tell; the error is ctx's
// alone, and then there is no record.
func Run(ctx context.Context, c Config) (*results.Trial, error) {
	t := &results.Trial{
		Type:      "trial",
		Treatment: c.Treatment.Labels,
		Block:     c.Block,
		Started:   time.Now().UTC(),
		Invalid:   []string{},
		Warnings:  []string{},
		Metrics:   map[string]results.Metric{},
		Hists:     map[string]*results.Hist{},
	}
	o, err := observe(ctx, c, t)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil { // one reason, of what may be several errors in as many lines
		t.Invalid = append(t.Invalid, strings.ReplaceAll(err.Error(), "\n", "; "))
		return t, nil
	}
	switch {
	case len(c.Steps) > 0:
		o.measureIdle(t)
		t.Invalid = append(t.Invalid, o.invalidIdle()...)
	case c.quietFeed():
		o.measureQuiet(t)
		t.Invalid = append(t.Invalid, o.invalidQuiet()...)
		t.Warnings = append(t.Warnings, o.unmeasured()...)
	default:
		o.measure(t)
		t.Invalid = append(t.Invalid, o.invalid()...)
		t.Warnings = append(t.Warnings, o.warnings()...)
		t.Disturbance = o.disturbance()
	}
	o.measureFault(t)
	t.Invalid = append(t.Invalid, o.invalidFault()...)
	t.Valid = len(t.Invalid) == 0
	return t, nil
}

// observation is what a trial saw, before anything is computed from it.
type observation struct {
	config         Config
	plan           plan
	from, until    int64         // the window, ns on CLOCK_MONOTONIC
	born, opened   control.Usage // of the server, before the first connection and after the last
	before, after  mark
	idle           idleReadings // of a trial of memory
	silence        silence      // of a trial with a fault
	newest         uint64       // event, of all that were published
	undelivered    int          // subscribers without the newest event when the drain ended
	collected      fleet.Collected
	hostUnreadable error
}

// mark is the state of the trial's processes and cores while trial time rests.
type mark struct {
	server control.ServerMark
	fleet  fleet.Mark
	cpu    host.CPUTime
}

// observe takes the processes through the trial. The log of a child that
// failed goes into the record.
func observe(ctx context.Context, c Config, t *results.Trial) (o *observation, err error) {
	o = &observation{config: c}
	if o.plan, err = c.plan(); err != nil {
		return nil, err
	}
	server, err := start("server", c.Layout.Server, c.ServerPath, c.serverArgs()...)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, server.end(err, t)) }()
	clients, err := start("fleet", c.Layout.Fleet, c.FleetPath, "fleet")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, clients.end(err, t)) }()
	if c.Started != nil {
		c.Started(server.cmd.Process.Pid, clients.cmd.Process.Pid)
	}
	p := pair{server, clients}
	switch {
	case len(c.Steps) > 0:
		err = o.idleSteps(ctx, p)
	case c.quietFeed():
		err = o.quietSteps(ctx, p)
	default:
		err = o.steps(ctx, p)
	}
	if err == nil && c.faulty() {
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

func (c Config) serverArgs() []string {
	t := c.Treatment
	rate := t.Rate
	if len(c.Steps) > 0 || c.quietFeed() {
		rate = 1 // of a schedule that never begins
	}
	return []string{
		"-control", "-addr", "127.0.0.1:0",
		"-ring", fmt.Sprint(c.ring()),
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

// pair is the two processes of a trial.
type pair struct{ server, fleet *child }

// lead is how far ahead of now trial time starts, so that both processes have
// their orders before it does. It is a variable for tests.
var lead = 20 * time.Millisecond

// connect opens every subscriber's connection, between two readings of what the
// server takes.
func (o *observation) connect(ctx context.Context, p pair) error {
	connect, err := o.listening(ctx, p.server)
	if err != nil {
		return err
	}
	if o.born, err = p.server.usage(ctx); err != nil {
		return err
	}
	if err := p.fleet.call(ctx, o.plan.connect, fleet.Connect, connect, nil); err != nil {
		return err
	}
	o.opened, err = p.server.usage(ctx)
	return err
}

// steps is the trial itself.
func (o *observation) steps(ctx context.Context, p pair) (err error) {
	clock := feed.NewClock()
	if err := o.connect(ctx, p); err != nil {
		return err
	}

	// Each subscriber has its first event. The second is the first that finds
	// all of them waiting; the warm-up is long enough for every poll to fetch it.
	if err := p.server.call(ctx, 0, control.Publish, control.None{}, nil); err != nil {
		return err
	}
	if _, err := p.run(ctx, fleet.RunArgs{RunArgs: control.RunArgs{Origin: clock.Now() + int64(lead), To: o.plan.mark1}}, o.plan.mark1); err != nil {
		return err
	}
	if o.before, err = o.settleAndMark(ctx, p); err != nil {
		return err
	}

	origin := clock.Now() + int64(lead-o.plan.mark1)
	o.from, o.until = origin+int64(o.plan.from), origin+int64(o.plan.until)
	o.newest, err = p.run(ctx, fleet.RunArgs{
		RunArgs: control.RunArgs{Origin: origin, To: o.plan.mark2},
		From:    o.from,
		Until:   o.until,
	}, o.plan.mark2-o.plan.mark1)
	if err != nil {
		return err
	}
	if o.after, err = o.settleAndMark(ctx, p); err != nil {
		return err
	}
	if o.config.Marked != nil {
		o.config.Marked()
	}

	drain := fleet.AwaitArgs{Newest: o.newest, Origin: clock.Now() - int64(o.plan.mark2), Timeout: 2*o.plan.interval + 5*time.Second}
	var left fleet.Awaited
	if err := p.fleet.call(ctx, drain.Timeout, fleet.Await, drain, &left); err != nil {
		return err
	}
	o.undelivered = left.Missing
	return p.fleet.call(ctx, 0, fleet.Collect, o.newest, &o.collected)
}

// listening asks the server where it is, and returns what the fleet connects to.
func (o *observation) listening(ctx context.Context, server *child) (fleet.Config, error) {
	var at control.Listening
	if err := server.call(ctx, 0, control.Listen, control.None{}, &at); err != nil {
		return fleet.Config{}, err
	}
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
		Latest:      o.latest(),
		Stamp:       c.Treatment.Client == "stamp",
		DialRate:    o.plan.dialRate,
		Seed:        c.Seed,
		Block:       c.Block,

		Uplink:        c.Treatment.Uplink,
		UplinkPayload: c.Treatment.UplinkPayload,
	}, nil
}

// usage is what the server has taken from its host so far.
func (c *child) usage(ctx context.Context) (control.Usage, error) {
	var m control.ServerMark
	err := c.call(ctx, 0, control.Mark, control.None{}, &m)
	return m.Usage, err
}

// run lets trial time pass at both ends and returns the newest event's number.
func (p pair) run(ctx context.Context, a fleet.RunArgs, takes time.Duration) (uint64, error) {
	var r control.RunResult
	failed := make(chan error, 1)
	go func() { failed <- p.fleet.call(ctx, takes, control.Run, a, nil) }()
	err := p.server.call(ctx, takes, control.Run, a.RunArgs, &r)
	return r.Newest, errors.Join(err, <-failed)
}

// settleLeast is how long the tallies may take to agree where an end is not
// asked for more than it can do, and settleStep how long they have to stand
// still.
const (
	settleLeast = 2 * time.Second
	settleStep  = 5 * time.Millisecond
)

// settleTime is how long the tallies of the trial may take to agree.
func (c Config) settleTime() time.Duration {
	if c.Saturate {
		return settleLeast + c.backlogTime()
	}
	return settleLeast
}

// settle waits until both ends' tallies agree and stand still, with at least so
// many connections.
func settle(ctx context.Context, p pair, conns int, within time.Duration) (wire.Counts, error) {
	deadline := time.Now().Add(within)
	var last wire.Counts
	for settled := false; !settled; {
		var server, clients wire.Counts
		if err := p.server.call(ctx, 0, control.Tally, control.None{}, &server); err != nil {
			return last, err
		}
		if err := p.fleet.call(ctx, 0, control.Tally, control.None{}, &clients); err != nil {
			return last, err
		}
		settled = agree(server, clients) && clients == last && server.Conns >= int64(conns)
		last = clients
		if !settled && time.Now().After(deadline) {
			return last, fmt.Errorf("the ends did not settle within %v: the server has read %d and written %d bytes, the fleet has written %d and read %d",
				within, server.BytesRead, server.BytesWritten, clients.BytesWritten, clients.BytesRead)
		}
		select {
		case <-time.After(settleStep):
		case <-ctx.Done():
			return last, ctx.Err()
		}
	}
	return last, nil
}

// markTries is how often the two processes are read where heartbeats pass.
const markTries = 10

// settleAndMark settles, and reads both processes. They are read one after the
// other, and where a heartbeat passed meanwhile, once more.
func (o *observation) settleAndMark(ctx context.Context, p pair) (mark, error) {
	m, err := o.mark(ctx, p)
	for try := 1; err == nil && o.plan.beat > 0 && try < markTries; try++ {
		var since wire.Counts
		if err := p.server.call(ctx, 0, control.Tally, control.None{}, &since); err != nil {
			return m, err
		}
		if since == m.server.Counts && agree(since, m.fleet.Counts) {
			break
		}
		before := m.server
		m, err = o.mark(ctx, p)
		m.server.Due = append(before.Due, m.server.Due...)
		m.server.Lag = append(before.Lag, m.server.Lag...)
		m.server.PublishCPU += before.PublishCPU
	}
	return m, err
}

// mark settles, and reads each of the processes once.
func (o *observation) mark(ctx context.Context, p pair) (m mark, err error) {
	if _, err := settle(ctx, p, 0, o.config.settleTime()); err != nil {
		return m, err
	}
	if err := o.quiet(ctx, p.fleet); err != nil {
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
	m.cpu, err = host.ReadCPU(cores(o.config.Layout))
	if err != nil { // not Linux: the host metrics stay out of the record
		o.hostUnreadable = err
	}
	return m, nil
}

// quiet waits until the kernel's counts have stood still for as long as asked.
func (o *observation) quiet(ctx context.Context, clients *child) error {
	if o.config.Quiet == 0 {
		return nil
	}
	deadline := time.Now().Add(o.config.settleTime() + o.config.Quiet)
	var last, m fleet.Mark
	for {
		if err := clients.call(ctx, 0, control.Mark, control.None{}, &m); err != nil {
			return err
		}
		if m.TCP == last.TCP {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("segments did not stand still for %v within %v", o.config.Quiet, o.config.settleTime())
		}
		last = m
		select {
		case <-time.After(o.config.Quiet):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// agree reports whether what one end wrote the other has read, both ways.
func agree(server, clients wire.Counts) bool {
	return server.BytesRead == clients.BytesWritten && server.BytesWritten == clients.BytesRead
}

// cores is every core that the trial's processes run on.
func cores(l host.Layout) []int {
	all := slices.Concat(l.Server, l.Fleet)
	slices.Sort(all)
	return slices.Compact(all)
}
