package run

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
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
	chosen     []scenarios.Treatment // those of them to run
	asked      int                   // blocks that the command line asks for; 0: it does not
	decided    bool                  // run until every claim is
	files      int64                 // that a process may have open here
	lead       time.Duration         // before the window of every trial, so that all have the same events in it
}

// Windows of a smoke run.
const (
	shortBlocks  = results.MinBlocks
	shortWarmup  = 200 * time.Millisecond
	shortMeasure = time.Second
)

// maxBlocks bounds a run that is given a time: it is more than anybody waits for.
const maxBlocks = 1000

// readPlan loads a scenario and checks that this host can run it.
func readPlan(path string, o Options) (*plan, error) {
	s, err := scenarios.Load(path, all.Parse)
	if err != nil {
		return nil, ExitError{ExitUsage, err}
	}
	if o.Short {
		s.Blocks, s.Warmup, s.Measure = min(s.Blocks, shortBlocks), min(s.Warmup, shortWarmup), min(s.Measure, shortMeasure)
	}
	if o.Blocks > 0 {
		s.Blocks = o.Blocks
	}
	if o.Decided && len(s.Claims) == 0 {
		return nil, ExitError{ExitUsage, fmt.Errorf("%s: it has no claims that -until decided could decide", path)}
	}
	p := &plan{scenario: s, asked: o.Blocks, decided: o.Decided}
	if p.planned, err = s.Plan(); err != nil {
		return nil, ExitError{ExitUsage, err}
	}
	p.planned.Short = o.Short
	p.planned.Order = 1 + rand.Uint64N(1<<53-1) // so that a reader whose numbers are float64 has it whole
	if p.treatments, _, err = s.Treatments(); err != nil {
		return nil, ExitError{ExitUsage, err}
	}
	if err := p.choose(o.Only); err != nil {
		return nil, ExitError{ExitUsage, fmt.Errorf("%s: %w", path, err)}
	}
	if p.files, err = host.OpenFiles(); err != nil {
		return nil, err
	}
	p.planned.Processes = p.processes()
	p.lead = p.longestLead()
	p.give(o.Time)
	return p, p.fits()
}

// give plans for a time; 0 leaves the blocks that are planned.
func (p *plan) give(d time.Duration) {
	if d == 0 {
		return
	}
	p.planned.For, p.planned.Blocks = d, maxBlocks
	if p.asked > 0 {
		p.planned.Blocks = p.asked
	}
	p.scenario.Blocks = p.fit(d) // which its warnings reckon with
	p.look(d)
}

// look plans after how many blocks the claims are looked at, where they say how long
// the run goes on and it has so much time left. Each look costs some certainty, so
// that each is twice as far as the one before, and the last at the time's end.
func (p *plan) look(left time.Duration) {
	if !p.decided {
		return
	}
	last := p.fit(left)
	p.planned.Looks = nil
	for n := results.MinBlocks; 3*n <= 2*last; n *= 2 {
		p.planned.Looks = append(p.planned.Looks, n)
	}
	p.planned.Looks = append(p.planned.Looks, last)
}

// blockTime is about how long a block takes.
func (p *plan) blockTime() time.Duration { return p.estimate(p.slots(1)) }

// fit is how many blocks fit into a time, by the plan's estimate. Three go before
// the time.
func (p *plan) fit(d time.Duration) int {
	return min(max(int(d/p.blockTime()), results.MinBlocks), p.planned.Blocks)
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
			p.chosen = append(p.chosen, t)
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
		names = append(names, p.name(t.Labels))
	}
	return names
}

// name is the transport and the levels of the other factors.
func (p *plan) name(labels results.Treatment) string {
	name := labels.Transport()
	for _, f := range p.scenario.Factors {
		if f.Key != "transport" {
			name += ", " + f.Key + "=" + labels[f.Key]
		}
	}
	return name
}

// some reports whether a trial to be run is such.
func (p *plan) some(such func(scenarios.Treatment) bool) bool {
	return slices.ContainsFunc(p.chosen, such)
}

// emulated reports whether some trial to be run takes the lab.
func (p *plan) emulated() bool { return p.some(scenarios.Treatment.Emulated) }

// slot is a place in the plan: one treatment in one block.
type slot struct {
	block     int
	treatment scenarios.Treatment
}

// slots is a block in its order.
func (p *plan) slots(block int) []slot {
	var slots []slot
	for _, i := range p.scenario.Order(p.planned.Order, block) {
		key := p.treatments[i].Labels.Key()
		if at := slices.IndexFunc(p.chosen, func(t scenarios.Treatment) bool { return t.Labels.Key() == key }); at >= 0 {
			slots = append(slots, slot{block: block, treatment: p.chosen[at]})
		}
	}
	return slots
}

// config is the trial of a slot.
func (p *plan) config(s slot) trial.Config {
	return trial.Config{
		Treatment: s.treatment,
		Crew:      p.crew(s.treatment),
		Seed:      p.scenario.Seed,
		Block:     s.block,
		Warmup:    p.scenario.Warmup,
		Measure:   p.scenario.Measure,
		Steps:     p.scenario.Idle,
		Saturate:  p.scenario.Saturation,
		Lead:      p.lead,
	}
}

// longestLead is what the treatments of a block need before their window, those that
// are left out of this run included: with and without them it is the same run.
func (p *plan) longestLead() time.Duration {
	var all []trial.Config
	for _, t := range p.treatments {
		all = append(all, p.config(slot{block: 1, treatment: t}))
	}
	return trial.Lead(all...)
}

// canaryTime is about what the calibration loop before and after each trial takes.
const canaryTime = 50 * time.Millisecond

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

// sameAs reports how a run on file differs from this plan, nil if it does not:
// only the same can be gone on with. How far to go may be another: that is what a run
// is gone on with for.
func (p *plan) sameAs(h results.Header) error {
	old := h.Plan
	switch {
	case h.Scenario.Text != string(p.scenario.Text):
		return errors.New("the scenario file has changed since")
	case old.Short != p.planned.Short, old.Warmup != p.planned.Warmup, old.Measure != p.planned.Measure, p.asked > 0 && old.Blocks != p.asked:
		return fmt.Errorf("it was started with other -short or -blocks: %d blocks of %v", old.Blocks, old.Measure)
	case !slices.EqualFunc(old.Treatments, p.planned.Treatments, func(a, b results.Treatment) bool { return a.Key() == b.Key() }):
		return errors.New("its treatments are others")
	case old.Generator != p.planned.Generator:
		return fmt.Errorf("its random numbers come from %q, and these from %q", old.Generator, p.planned.Generator)
	case p.decided && len(old.Looks) == 0:
		return errors.New("it was started without -until decided, and looks are planned before the first block: leave -until out")
	}
	return nil
}
