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
	"fmt"
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
	if r.reached.Addr == "" {
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
	lab     *stage.Lab // the place, where it is one
	server  stage.Server
	chain   []stage.Stage // from the server to whom the fleets connect to
	fleets  party.Fleets
	parties []*party.Party // in the order in which they started
	passed  time.Duration  // trial time, up to which it has passed
	connect fleet.Config   // of a trial of memory
	dialled int            // of its subscribers
	reached stage.Endpoint // where the chain listened; none: it did not
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
	r.server = stage.Servers[cmp.Or(c.Treatment.Server, scenarios.OurServer)].New(stage.Means{
		Servers: c.ServerPath, Loadgen: c.FleetPath, Rivals: c.RivalsPath, CPUs: c.Layout.Server, Treatment: c.Treatment, Ring: r.plan.ring(), Seed: c.Seed, Block: c.Block,
	})
	r.chain = []stage.Stage{r.server}
	if c.Treatment.Proxied() {
		r.chain = append(r.chain, stage.Proxies[c.Treatment.Proxy](c.FleetPath, c.Layout.Link))
	}
	r.seen.Promises = stage.Promises(r.chain)
	for _, s := range r.chain {
		if err := s.Start(r.place); err != nil {
			return err
		}
		if s.Party() != nil {
			r.parties = append(r.parties, s.Party())
		}
	}
	for i := range max(1, c.Treatment.Fleets) {
		name := "fleet"
		if i > 0 {
			name = fmt.Sprintf("fleet %d", i+1)
		}
		f, err := r.place.Start(name, r.plan.Layout.OfFleet(i), c.FleetPath, "fleet")
		if err != nil {
			return err
		}
		r.fleets, r.parties = append(r.fleets, f), append(r.parties, f)
	}
	r.at("started")
	return nil
}

// end stops the parties, the last that started first, and after a failure keeps the
// tails of their logs.
func (r *run) end(failure error, t *results.Trial) (err error) {
	for _, p := range slices.Backward(r.parties) {
		ended := p.Stop()
		if text := p.Log(); text != "" && (failure != nil || err != nil || ended != nil) {
			t.Log += p.Name + ": " + text + "\n"
		}
		err = errors.Join(err, ended)
	}
	return err
}
