// Package trial runs one trial: a fresh server and a fresh fleet on cores of
// their own, taken from the first connection to the last byte, and turned into
// one record. Where the treatment asks for a network, a fresh link is between them.
//
// Each of the four kinds of a trial is a list of phases over the same parties: see
// kinds.go. What the phases saw goes to package measure, which makes the record of it.
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
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"pushbench/loadgen/fleet"
	"pushbench/loadgen/host"
	"pushbench/loadgen/lab"
	"pushbench/loadgen/measure"
	"pushbench/loadgen/party"
	"pushbench/loadgen/stage"
	"pushbench/results"
	"pushbench/scenarios"
	"pushbench/servers/control"
)

// Config is a trial to be run.
type Config struct {
	ServerPath string // program of the servers
	RivalsPath string // folder with those of other people, where there are any
	// FleetPath is a program that is a fleet when started with the argument "fleet",
	// a link with "link", a proxy or a foreign server with its name, and with "join" enters the link's
	// namespaces.
	FleetPath string
	Layout    host.Layout
	Treatment scenarios.Treatment
	// Crew is how many processes share the subscribers at each end, at least; zero is
	// one server, and as many fleets as the treatment says.
	Crew    Crew
	Seed    uint64
	Block   int
	Warmup  time.Duration
	Measure time.Duration
	// Lead is the trial time before the window, where that is longer than what this
	// treatment needs: see the function of that name.
	Lead time.Duration
	// Steps, if any, makes it a trial of memory: so many connections one after
	// the other, to a quiet feed.
	Steps []int
	// Saturate says that an end may be asked for more than it can do.
	Saturate bool

	// Connected, if set, is told how many of the subscribers are connected while more are.
	Connected func(n, of int)

	// moment, if set, is told by its word when the trial has come to it:
	//
	//	linked     the link was started, where there is one
	//	started    all other parties were
	//	listening  the server listens, and nobody has connected
	//	marked     the second mark was read, and all is at rest
	//	silenced   a fault has begun
	moment func(string, *run)
	// still is how long a test lets the kernel's counts stand still before a mark at
	// least, so that delayed acknowledgements are in them. On a path it is what the plan
	// makes it; on loopback both marks miss the same number of them.
	still  time.Duration
	limits party.Limits
}

// Run runs the trial. What goes wrong in it is part of its record; the error is
// ctx's alone, and then there is no record.
func Run(ctx context.Context, c Config) (*results.Trial, error) {
	t := c.record()
	r, err := observe(ctx, c, t)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err == nil {
		r.seen.Record(t)
		return t, nil
	}
	rule, why := "failed", strings.ReplaceAll(err.Error(), "\n", "; ") // several errors are as many lines
	if len(r.reached) == 0 {
		rule = "unreached" // no server listened, which says nothing about the treatment
	}
	t.Broken = append(t.Broken, results.Broken{Class: results.Sound, Rule: rule, Text: why})
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
	place   stage.Place
	lab     *stage.Lab      // the place, where it is one
	feed    stage.Feed      // that the servers publish
	chains  [][]stage.Stage // from each server to whom its fleets connect to
	servers party.Servers
	fleets  party.Fleets
	parties []*party.Party      // in the order in which they started
	passed  time.Duration       // trial time, up to which it has passed
	connect fleet.Config        // what the fleets subscribe to
	dialled int                 // subscribers
	reached []control.Listening // where each chain listened; none: they did not
	seen    *measure.Observation
}

// at tells that the trial has come to a moment.
func (r *run) at(moment string) {
	if r.config.moment != nil {
		r.config.moment(moment, r)
	}
}

// observe takes the parties through the trial's phases. The log of one that failed
// goes into the record.
func observe(ctx context.Context, c Config, t *results.Trial) (r *run, err error) {
	c.limits = c.limits.OrDefault()
	c.limits.Patience, c.limits.Grace = c.limits.Patience+c.burst(), c.limits.Grace+c.burst() // many subscribers are long to count
	r = &run{config: c}
	if r.plan, err = c.plan(); err != nil {
		return r, err
	}
	r.seen = &measure.Observation{Asked: r.plan.Asked, Newest: 1} // every log begins with an event
	if c.Treatment.Awake {
		awake, err := host.KeepAwake()
		if err != nil {
			return r, err
		}
		defer func() { err = errors.Join(err, awake.Close()) }()
	}
	ctx, err = r.open(ctx)
	defer func() { err = errors.Join(err, r.end(err, t)) }()
	if err != nil {
		return r, err
	}
	if err := r.start(); err != nil {
		return r, err
	}
	r.seen.Began = host.ReadClocks()
	r.readSockets(&r.seen.Sockets.Before)
	defer func() { r.seen.Ended = host.ReadClocks() }()
	for _, phase := range c.phases() {
		if err := phase.do(r, ctx); err != nil {
			return r, err
		}
	}
	return r, nil
}

// open makes the place that the plan asks for. The context that it returns ends with it.
func (r *run) open(ctx context.Context) (within context.Context, err error) {
	c := r.config
	if !r.plan.Emulated {
		r.place = stage.Loopback{Limits: c.limits}
		return ctx, nil
	}
	link, err := c.limits.Start("link", c.Layout.Link, c.FleetPath, "link")
	if err != nil {
		return ctx, err
	}
	r.parties = append(r.parties, link)
	r.lab = &stage.Lab{Limits: c.limits, Loadgen: c.FleetPath, Link: link}
	r.place = r.lab
	r.at("linked")
	return r.lab.Open(ctx, lab.OpenArgs{Conditions: r.plan.Path, Seed: c.Seed, Block: c.Block})
}

// start starts the parties at their place.
func (r *run) start() error {
	c := r.config
	r.chains = make([][]stage.Stage, r.plan.Servers)
	begin := func(i int, s stage.Stage) error {
		r.chains[i] = append(r.chains[i], s)
		if err := s.Start(r.place); err != nil {
			return err
		}
		r.parties = append(r.parties, s.Party())
		return nil
	}
	for i := range r.chains {
		s := stage.Servers[cmp.Or(c.Treatment.Server, scenarios.OurServer)].New(stage.Means{
			Name: name("server", i), Servers: c.ServerPath, Loadgen: c.FleetPath, Rivals: c.RivalsPath, CPUs: c.Layout.Server,
			Treatment: c.Treatment, Ring: r.plan.ring(), Seed: c.Seed, Block: c.Block,
		})
		if err := begin(i, s); err != nil {
			return err
		}
		r.feed, r.servers.Group = append(r.feed, s), append(r.servers.Group, s.Party())
	}
	for i := range r.chains {
		if !c.Treatment.Proxied() {
			break
		}
		if err := begin(i, stage.Proxies[c.Treatment.Proxy](name("proxy", i), c.FleetPath, c.Layout.Link)); err != nil {
			return err
		}
	}
	r.seen.Promises = stage.Promises(slices.Concat(r.chains...))
	for i := range r.plan.Fleets {
		f, err := r.place.Start(name("fleet", i), r.plan.Layout.OfFleet(i), c.FleetPath, "fleet")
		if err != nil {
			return err
		}
		r.fleets.Group, r.parties = append(r.fleets.Group, f), append(r.parties, f)
	}
	r.at("started")
	return nil
}

// end stops the parties, those of the kind that started last first, and after a failure
// keeps the tails of their logs.
func (r *run) end(failure error, t *results.Trial) (err error) {
	for left := r.parties; len(left) > 0; {
		first := len(left) - 1
		for first > 0 && kind(left[first-1]) == kind(left[len(left)-1]) {
			first--
		}
		ended := party.Group(left[first:]).Stop()
		for i, p := range slices.Backward(left[first:]) {
			if text := p.Log(); text != "" && (failure != nil || err != nil || ended[i] != nil) {
				t.Log += p.Name + ": " + text + "\n"
			}
			err = errors.Join(err, ended[i])
		}
		left = left[:first]
	}
	return err
}

// kind is what a party is: a fleet, as the second of them is too.
func kind(p *party.Party) string {
	of, _, _ := strings.Cut(p.Name, " ")
	return of
}

// readSockets reads what the kernel tells of TCP at the servers' end. Where it does not
// that is not in the record.
func (r *run) readSockets(into *host.Sockets) {
	s, err := host.ReadSockets(r.servers.Group[0].PID)
	*into, r.seen.Sockets.Read = s, err == nil
}
