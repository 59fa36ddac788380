package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"pushbench/loadgen/host"
	"pushbench/loadgen/trial"
	"pushbench/results"
	"pushbench/scenarios"
	"pushbench/servers/all"
)

// plan is a scenario with the command line's wishes applied to it.
type plan struct {
	scenario   *scenarios.Scenario
	planned    results.Planned
	treatments []scenarios.Treatment
	chosen     map[string]bool // treatments to run, by key
	repeats    int             // time for repeats, in percent of the run's
}

// Windows of a smoke run.
const (
	shortBlocks  = 2
	shortWarmup  = 200 * time.Millisecond
	shortMeasure = 500 * time.Millisecond
)

// readPlan loads a scenario and checks that this host can run it.
func readPlan(path string, o options) (*plan, error) {
	s, err := scenarios.Load(path, checkTransport)
	if err != nil {
		return nil, exitError{exitUsage, err}
	}
	if o.short {
		s.Blocks, s.Warmup, s.Measure = min(s.Blocks, shortBlocks), min(s.Warmup, shortWarmup), min(s.Measure, shortMeasure)
	}
	if o.blocks > 0 {
		s.Blocks = o.blocks
	}
	p := &plan{scenario: s, chosen: make(map[string]bool), repeats: o.repeats}
	if p.planned, err = s.Plan(); err != nil {
		return nil, exitError{exitUsage, err}
	}
	p.planned.Short = o.short
	if p.treatments, _, err = s.Treatments(); err != nil {
		return nil, exitError{exitUsage, err}
	}
	if err := p.choose(o.only); err != nil {
		return nil, exitError{exitUsage, fmt.Errorf("%s: %w", path, err)}
	}
	return p, p.fits()
}

// checkTransport tells a scenario what it has to know of a transport.
func checkTransport(text string) (scenarios.Checked, error) {
	spec, err := all.Parse(text)
	if err != nil {
		return scenarios.Checked{}, err
	}
	return scenarios.Checked{
		Canonical: spec.String(),
		Upgrades:  spec.Transport.Upgrades,
		// A heartbeat within an answer is an empty line, which binary events have
		// no room for.
		TextOnly: spec.Transport.TextOnly || spec.Options.Duration("heartbeat") > 0,
	}, nil
}

// choose marks the treatments that are to be run: all, or those that only
// names by transport or by levels.
func (p *plan) choose(only string) error {
	var where map[string]string
	if only != "" {
		where = make(map[string]string)
		for part := range strings.SplitSeq(only, ",") {
			key, level, found := strings.Cut(strings.TrimSpace(part), "=")
			if !found || strings.ContainsAny(key, "?#") {
				key, level = "transport", strings.TrimSpace(part)
			}
			where[key] = level
		}
	}
	for _, t := range p.treatments {
		if t.Labels.Matches(where) {
			p.chosen[t.Labels.Key()] = true
		}
	}
	if len(p.chosen) == 0 {
		return fmt.Errorf("-only %q is none of its treatments; they are\n  %s", only, strings.Join(p.names(), "\n  "))
	}
	return nil
}

// names are the treatments in short form.
func (p *plan) names() []string {
	var names []string
	for _, t := range p.treatments {
		names = append(names, p.name(t))
	}
	return names
}

// name is the transport and the levels of the other factors.
func (p *plan) name(t scenarios.Treatment) string {
	name := t.Labels.Transport()
	for _, f := range p.scenario.Factors {
		if f.Key != "transport" {
			name += ", " + f.Key + "=" + t.Labels[f.Key]
		}
	}
	return name
}

// fits reports what the host's limits forbid, before anything is run.
func (p *plan) fits() error {
	most, subscribers := 0, 0
	for _, t := range p.treatments {
		if n := connections(t); p.chosen[t.Labels.Key()] && n > most {
			most, subscribers = n, t.Subscribers
		}
	}
	if err := host.NeedOpenFiles(host.FilesFor(most)); err != nil {
		var limit *host.LimitError
		if errors.As(err, &limit) {
			return fmt.Errorf("%s: %d subscribers: %w", p.scenario.Path, subscribers, err)
		}
		return err
	}
	return nil
}

// emulated reports whether some trial to be run takes the lab.
func (p *plan) emulated() bool {
	return slices.ContainsFunc(p.treatments, func(t scenarios.Treatment) bool { return p.chosen[t.Labels.Key()] && t.Emulated() })
}

// congestions are the congestion controls that the lab is asked for.
func (p *plan) congestions() (asked []string) {
	for _, t := range p.treatments {
		if c := t.Network.Congestion; p.chosen[t.Labels.Key()] && t.Emulated() && !slices.Contains(asked, c) {
			asked = append(asked, c)
		}
	}
	return asked
}

// connections is how many a trial has open at most. Where the feed's is HTTP's,
// an uplink has one of its own.
func connections(t scenarios.Treatment) int {
	spec, err := all.Parse(t.Transport)
	if t.Uplink > 0 && err == nil && !spec.Transport.Upgrades {
		return 2 * t.Subscribers
	}
	return t.Subscribers
}

// slot is a place in the plan: one treatment in one block.
type slot struct {
	block     int
	treatment scenarios.Treatment
	attempt   int
}

// slots is the whole run in its order.
func (p *plan) slots() []slot {
	var slots []slot
	for block := 1; block <= p.scenario.Blocks; block++ {
		for _, i := range p.scenario.Order(block) {
			if t := p.treatments[i]; p.chosen[t.Labels.Key()] {
				slots = append(slots, slot{block: block, treatment: t})
			}
		}
	}
	return slots
}

// config is the trial of a slot.
func (p *plan) config(s slot) trial.Config {
	return trial.Config{
		Treatment: s.treatment,
		Seed:      p.scenario.Seed,
		Block:     s.block,
		Warmup:    p.scenario.Warmup,
		Measure:   p.scenario.Measure,
		Steps:     p.scenario.Idle,
		Saturate:  p.scenario.Saturation,
	}
}

// canaryTime is about what the calibration loop before each trial takes.
const canaryTime = 25 * time.Millisecond

// estimate is how long these slots will take, at most as long as there is a word for.
func (p *plan) estimate(slots []slot) time.Duration {
	var d time.Duration
	for _, s := range slots {
		each := p.config(s).Estimate() + canaryTime
		if d > math.MaxInt64-each {
			return math.MaxInt64
		}
		d += each
	}
	return d
}

// print writes the plan for a person.
func (p *plan) print(w io.Writer) {
	s := p.scenario
	slots := p.slots()
	fmt.Fprintf(w, "%s: %s\n", s.Path, strings.TrimSpace(s.Question))
	repeats := fmt.Sprintf(", and up to %d %% more for repeats of disturbed ones", p.repeats)
	if p.planned.Short {
		repeats = ""
	}
	fmt.Fprintf(w, "%d treatments × %d blocks = %d trials, about %v%s\n",
		len(p.chosen), s.Blocks, len(slots), p.estimate(slots).Round(time.Second), repeats)
	fmt.Fprintf(w, "each: warm-up %v, measured window %v; seed %d\n", s.Warmup, s.Measure, s.Seed)
	fixed := results.Treatment(maps.Clone(s.Fixed))
	fmt.Fprintf(w, "fixed: %s\n", fixed.Key())
	for _, t := range p.treatments {
		if p.chosen[t.Labels.Key()] {
			fmt.Fprintf(w, "  %s\n", p.name(t))
		}
	}
	for _, d := range p.planned.Dropped {
		fmt.Fprintf(w, "  left out, cannot exist: %s: %s\n", d.Treatment.Key(), d.Why)
	}
	for _, warning := range s.Warnings() {
		fmt.Fprintf(w, "warning: %s\n", warning)
	}
	for _, line := range []string{p.labLine(), p.awakeLine()} {
		if line != "" {
			fmt.Fprintln(w, line)
		}
	}
	fmt.Fprintf(w, "order of block 1:")
	for _, s := range slots {
		if s.block > 1 {
			break
		}
		fmt.Fprintf(w, " %s;", p.name(s.treatment))
	}
	fmt.Fprintln(w)
}

// sameAs reports how a run on file differs from this plan, nil if it does not:
// only the same can be gone on with.
func (p *plan) sameAs(h results.Header) error {
	old := h.Plan
	switch {
	case h.Scenario.Text != string(p.scenario.Text):
		return errors.New("the scenario file has changed since")
	case old.Short != p.planned.Short, old.Blocks != p.planned.Blocks, old.Warmup != p.planned.Warmup, old.Measure != p.planned.Measure:
		return fmt.Errorf("it was started with other -short or -blocks: %d blocks of %v", old.Blocks, old.Measure)
	case !slices.EqualFunc(old.Treatments, p.planned.Treatments, func(a, b results.Treatment) bool { return a.Key() == b.Key() }):
		return errors.New("its treatments are others")
	}
	return nil
}
