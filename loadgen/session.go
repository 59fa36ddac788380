package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"pushbench/loadgen/host"
	"pushbench/loadgen/trial"
	"pushbench/results"
)

// measure runs the scenarios one after the other. What stops one stops all,
// but for too few undisturbed trials, which is said at the end.
func measure(ctx context.Context, o options, stdout, stderr io.Writer) error {
	var plans []*plan
	for _, path := range o.files {
		p, err := readPlan(path, o)
		if err != nil {
			return err
		}
		for _, other := range plans {
			if other.scenario.Name == p.scenario.Name {
				return exitError{exitUsage, fmt.Errorf("%s and %s would both write %s.jsonl; run them one by one, each with an -out of its own",
					other.scenario.Path, path, p.scenario.Name)}
			}
		}
		plans = append(plans, p)
	}
	if o.dry {
		for _, p := range plans {
			p.print(stdout)
		}
		return nil
	}
	if err := checkAwake(plans, host.CanKeepAwake); err != nil {
		return err
	}
	if code, entered, err := enterLab(plans, stderr); err != nil || entered {
		if entered {
			return exitError{code: code}
		}
		return err
	}
	dir, err := os.MkdirTemp("", "pushbench-")
	if err != nil {
		return fmt.Errorf("make a place for the servers' program: %w", err)
	}
	defer os.RemoveAll(dir)
	programs, err := build(ctx, dir, o.servers)
	if ctx.Err() != nil {
		return exitError{exitInterrupted, errors.New("interrupted before the first trial")}
	}
	if err != nil {
		return err
	}
	var few error
	for _, p := range plans {
		path := filepath.Join(o.out, p.scenario.Name+".jsonl")
		s := &session{plan: p, programs: programs, resume: o.resume, progress: newProgress(stderr), path: path, try: trial.Run, floor: trial.Run}
		err := s.run(ctx)
		var code exitError
		if errors.As(err, &code) && code.code == exitFewTrials {
			few = errors.Join(few, err)
		} else if err != nil {
			return err
		}
		fmt.Fprintln(stdout, path)
	}
	return few
}

// session is one run of one scenario.
type session struct {
	plan     *plan
	programs programs
	resume   bool
	path     string
	progress *progress
	try      func(context.Context, trial.Config) (*results.Trial, error) // trial.Run, but in tests
	floor    func(context.Context, trial.Config) (*results.Trial, error) // the same for calibration; nil: none

	layout host.Layout
	canary *host.Canary
	file   *results.Writer
	trials []*results.Trial // in the file, of this and of earlier sessions
	fleet  results.Calibration
}

// run opens the file, runs what is not in it yet, repeats what was disturbed,
// and closes the file with the reason why it ended.
func (s *session) run(ctx context.Context) (err error) {
	s.layout = host.Split(host.Cores())
	if err := s.open(ctx); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.file.Close()) }()
	err = s.trialsThenRepeats(ctx)
	switch {
	case err == nil:
		if err := s.end("complete"); err != nil {
			return err
		}
		return s.enough()
	case ctx.Err() != nil:
		err = exitError{exitInterrupted, fmt.Errorf("interrupted after %d trials; they are in %s; go on with: -resume -out %s", len(s.trials), s.path, filepath.Dir(s.path))}
		return errors.Join(err, s.end("interrupted"))
	default:
		var disk *results.WriteError
		if errors.As(err, &disk) {
			return err // the end would not fit either
		}
		return errors.Join(err, s.end(err.Error()))
	}
}

func (s *session) open(ctx context.Context) error {
	if s.resume {
		file, old, err := results.Append(s.path)
		switch {
		case errors.Is(err, os.ErrNotExist):
			s.progress.note("%s is not there yet: this run begins it", s.path)
		case err != nil:
			return err
		default:
			if err := errors.Join(s.plan.sameAs(old.Header), sameBuild(old.Header.Build, describeBuild(ctx, s.programs.servers))); err != nil {
				file.Close()
				return fmt.Errorf("resume %s: %w; start anew with another -out", s.path, err)
			}
			for _, w := range old.Warnings {
				s.progress.note("%s: %s", s.path, w)
			}
			s.file, s.trials, s.fleet = file, old.Trials, old.Header.Calibration
			s.canary = host.NewCanary(s.layout.Server, canaries(old)...)
			if s.fleet == (results.Calibration{}) { // it was interrupted before
				if err := s.calibrate(ctx); err != nil {
					s.progress.note("warning: %v", err)
				}
			}
			return nil
		}
	}
	file, err := results.Create(s.path)
	if err != nil {
		return err
	}
	s.file, s.canary = file, host.NewCanary(s.layout.Server)
	if err := s.file.Header(s.header(ctx)); err != nil {
		file.Close()
		return err
	}
	return nil
}

// canaries is what the calibration loop took in an earlier session of the run.
func canaries(old *results.Run) []float64 {
	earlier := slices.Clone(old.Header.Host.Canary)
	for _, t := range old.Trials {
		if m, ok := t.Metrics["canary"]; ok {
			earlier = append(earlier, m.Value)
		}
	}
	return earlier
}

// firstCanaries is how often the calibration loop runs before the first trial,
// so that even that one is judged by a median.
const firstCanaries = 9

// header describes the run, and warns of what is wrong with the host.
func (s *session) header(ctx context.Context) results.Header {
	h := host.Describe()
	h.ServerCPUs, h.FleetCPUs = s.layout.Server, s.layout.Fleet
	if s.plan.emulated() {
		h.LinkCPUs = s.layout.Link
	}
	for range firstCanaries {
		if seconds, err := s.canary.Measure(); err == nil || errors.Is(err, host.ErrNoAffinity) {
			h.Canary = append(h.Canary, seconds)
		}
	}
	build := describeBuild(ctx, s.programs.servers)
	warnings := slices.Concat(s.plan.scenario.Warnings(), host.Doubts(h, s.layout), doubtsOf(build))
	if s.plan.emulated() && s.layout.LinkShares() {
		warnings = append(warnings, sharedLink)
	}
	if err := s.calibrate(ctx); err != nil {
		warnings = append(warnings, err.Error())
	}
	for _, w := range warnings {
		s.progress.note("warning: %s", w)
	}
	return results.Header{
		Scenario: results.Source{Name: s.plan.scenario.Name, Text: string(s.plan.scenario.Text)},
		Plan:     s.plan.planned,
		Host:     h,
		Build:    build,
		Started:  time.Now().UTC(),
		Warnings: warnings,

		Calibration: s.fleet,
	}
}

// trialsThenRepeats runs what the file does not hold yet, then repeats
// disturbed trials for at most a share of the run's time.
func (s *session) trialsThenRepeats(ctx context.Context) error {
	done := make(map[string]bool)
	for _, t := range s.trials {
		done[place(t)] = true
	}
	var todo []slot
	slots := s.plan.slots()
	for _, sl := range slots {
		if !done[sl.place()] {
			todo = append(todo, sl)
		}
	}
	if err := s.runAll(ctx, todo); err != nil {
		return err
	}
	for !s.plan.planned.Short { // a smoke run has nothing to repeat for
		disturbed := s.disturbed(slots)
		if len(disturbed) == 0 {
			return nil
		}
		budget := s.plan.estimate(slots)*time.Duration(s.plan.repeats)/100 - s.repeated()
		again := s.fitting(disturbed, budget)
		if len(again) == 0 {
			s.progress.note("%d trials stay disturbed: the time for repeats is used up", len(disturbed))
			return nil
		}
		s.progress.note("repeating %d of %d disturbed trials", len(again), len(disturbed))
		if err := s.runAll(ctx, again); err != nil {
			return err
		}
	}
	return nil
}

// fitting is as many of the slots as the budget has time for.
func (s *session) fitting(slots []slot, budget time.Duration) []slot {
	var fit []slot
	for _, sl := range slots {
		if cost := s.plan.estimate([]slot{sl}); cost <= budget {
			budget -= cost
			fit = append(fit, sl)
		}
	}
	return fit
}

// runAll runs slots in turn.
func (s *session) runAll(ctx context.Context, slots []slot) error {
	s.progress.start(len(slots), s.plan.estimate(slots))
	for i, sl := range slots {
		t, err := s.one(ctx, sl)
		if err != nil {
			return err
		}
		s.progress.trial(i, s.plan, sl, t, s.plan.estimate(slots[i+1:]))
	}
	return nil
}

// one runs a trial, judges whether it was disturbed, and writes it down.
func (s *session) one(ctx context.Context, sl slot) (*results.Trial, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	seconds, err := s.canary.Measure()
	if err != nil && !errors.Is(err, host.ErrNoAffinity) {
		return nil, fmt.Errorf("calibration loop: %w", err)
	}
	c := s.plan.config(sl)
	c.ServerPath, c.FleetPath, c.Layout = s.programs.servers, s.programs.fleet, s.layout
	t, err := s.try(ctx, c)
	if err != nil {
		return nil, err
	}
	load(t, s.fleet)
	t.Order, t.Attempt = len(s.trials)+1, sl.attempt
	ratio := s.canary.Ratio(seconds)
	t.Metrics["canary"] = results.Metric{Value: seconds, Unit: "s"}
	t.Metrics["host/canary"] = results.Metric{Value: ratio, Unit: "1"}
	t.Disturbance = append(t.Disturbance, host.Conditions{
		Steal:   t.Metrics["host/steal"].Value,
		Foreign: t.Metrics["host/foreign"].Value,
		Canary:  ratio,
	}.Disturbance()...)
	t.Disturbed = len(t.Disturbance) > 0
	if err := s.file.Trial(t); err != nil {
		return nil, err
	}
	s.trials = append(s.trials, t)
	return t, nil
}

// end closes the record with the reason why the run ended.
func (s *session) end(reason string) error {
	run := results.Run{Trials: s.trials}
	n := run.Counts()
	return s.file.End(results.End{
		Ended:    time.Now().UTC(),
		Reason:   reason,
		Trials:   n.Written,
		Invalid:  n.Invalid,
		Disturb:  n.Disturbed,
		Repeated: n.Repeated,
	})
}

// place names a slot: its block and treatment.
func (sl slot) place() string { return fmt.Sprintf("%d %s", sl.block, sl.treatment.Labels.Key()) }

func place(t *results.Trial) string { return fmt.Sprintf("%d %s", t.Block, t.Treatment.Key()) }

// disturbed is the slots whose every trial so far was disturbed, to be tried
// once more. A trial that broke a rule undisturbed is not tried again: choosing
// by outcome would be picking.
func (s *session) disturbed(slots []slot) []slot {
	attempts := make(map[string]int)
	settled := make(map[string]bool)
	for _, t := range s.trials {
		attempts[place(t)]++
		if !t.Disturbed {
			settled[place(t)] = true
		}
	}
	var again []slot
	for _, sl := range slots {
		if !settled[sl.place()] {
			sl.attempt = attempts[sl.place()]
			again = append(again, sl)
		}
	}
	return again
}

// repeated is about how long the repeats so far took.
func (s *session) repeated() time.Duration {
	done := make(map[string]int)
	for _, t := range s.trials {
		if t.Attempt > 0 {
			done[place(t)]++
		}
	}
	var d time.Duration
	for _, sl := range s.plan.slots() {
		d += time.Duration(done[sl.place()]) * s.plan.estimate([]slot{sl})
	}
	return d
}

// enough is an error with a code of its own where a treatment is left with too
// few undisturbed, valid trials for an interval, though the plan had enough.
func (s *session) enough() error {
	if s.plan.planned.Short || s.plan.scenario.Blocks < results.MinBlocks {
		return nil
	}
	run := results.Run{Trials: s.trials}
	var few []string
	for _, t := range s.plan.treatments {
		if n := run.KeptBlocks(t.Labels); s.plan.chosen[t.Labels.Key()] && n < results.MinBlocks {
			few = append(few, fmt.Sprintf("%s (%d)", s.plan.name(t), n))
		}
	}
	if len(few) == 0 {
		return nil
	}
	return exitError{exitFewTrials, fmt.Errorf("%s: fewer than %d valid and undisturbed trials are left for %s; repeat more of the disturbed ones (-resume -repeats 100), or run again on a quieter host, or with more -blocks",
		s.path, results.MinBlocks, strings.Join(few, ", "))}
}
