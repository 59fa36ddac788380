package run

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"pushbench/loadgen/host"
	"pushbench/loadgen/trial"
	"pushbench/results"
	"pushbench/scenarios"
)

// session is one sitting of a run of one scenario: from its first block, or from
// where an earlier one ended.
type session struct {
	plan     *plan
	programs programs
	resume   bool
	path     string
	progress *progress
	now      func() time.Time
	began    time.Time // when the command began
	until    time.Time // when its time is up; zero: none was given

	try       runner                                            // of a trial
	first     runner                                            // of a try before the first; nil: none
	floor     runner                                            // of a calibration; nil: none
	newCanary func(cpus []int, earlier ...float64) *host.Canary // nil: no calibration loop

	layout   host.Layout
	canary   *host.Canary
	file     *results.Writer
	record   *results.Run // what the file holds, of this and of earlier sessions
	fleet    results.Calibration
	added    int // trials of this session
	always   int // blocks that are run whether there is time for them or not
	schedule schedule
	failed   *results.Trial // the last trial, if it failed
}

// runner is trial.Run, but in tests.
type runner = func(context.Context, trial.Config) (*results.Trial, error)

// complete is the reason of a run's end that is its plan's.
const complete = "complete"

// run opens the file, runs the blocks that are not in it yet, and closes it with the
// reason why it ended.
func (s *session) run(ctx context.Context) (err error) {
	s.layout = host.Split(host.Cores())
	if err := s.open(ctx); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.file.Close()) }()
	err = s.blocks(ctx)
	switch {
	case err == nil:
		if err := s.end(complete); err != nil {
			return err
		}
		return s.enough()
	case ctx.Err() != nil:
		short := ""
		if s.plan.planned.Short {
			short = " -short"
		}
		err = ExitError{ExitInterrupted, fmt.Errorf("interrupted after %d trials; they are in %s; go on with: -resume%s -out %s",
			len(s.record.Trials), s.path, short, filepath.Dir(s.path))}
		return errors.Join(err, s.end("interrupted"))
	default:
		var disk *results.WriteError
		if errors.As(err, &disk) {
			return err // the end would not fit either
		}
		return errors.Join(err, s.end(reason(err)))
	}
}

func (s *session) open(ctx context.Context) error {
	if s.resume {
		file, old, err := results.Append(s.path)
		switch {
		case err == nil:
			if err = s.goOn(ctx, file, old); err != nil {
				file.Close()
			}
			return err
		case errors.Is(err, os.ErrNotExist):
			s.progress.note("%s is not there yet: this run begins it", s.path)
		default:
			return err
		}
	}
	file, err := results.Create(s.path)
	switch {
	case errors.Is(err, results.ErrExists), errors.Is(err, results.ErrBusy): // which say what to do
		return err
	case err != nil:
		return fmt.Errorf("%w; name another directory with -out", err)
	}
	if err = s.probe(ctx); err != nil {
		os.Remove(s.path) // it is empty
	} else {
		s.file, s.record = file, &results.Run{Path: s.path, Header: s.header(ctx)}
		err = s.file.Header(s.record.Header)
	}
	if err != nil {
		file.Close()
	}
	return err
}

// goOn takes up what an earlier session left: its order and its looks, and how far it
// was to go where this one is given no time of its own.
func (s *session) goOn(ctx context.Context, file *results.Writer, old *results.Run) error {
	if err := errors.Join(s.plan.sameAs(old.Header), sameBuild(old.Header.Build, describeBuild(ctx, s.programs))); err != nil {
		return fmt.Errorf("resume %s: %w; start anew with another -out", s.path, err)
	}
	if err := s.probe(ctx); err != nil {
		return err
	}
	for _, w := range old.Warnings {
		s.progress.note("%s: %s", s.path, w)
	}
	s.file, s.record, s.fleet = file, old, old.Header.Calibration
	s.loops(canaries(old)...)
	if s.fleet == (results.Calibration{}) { // it was interrupted before
		if err := s.calibrate(ctx); err != nil {
			s.progress.note("warning: %v", err)
		}
	}
	given := s.plan.planned.Blocks
	s.plan.planned = old.Header.Plan
	switch planned := old.Header.Plan.For; {
	case !s.until.IsZero():
		s.plan.planned.Blocks = given
	case planned > 0 && old.End != nil && old.End.Reason == complete:
		s.until = s.began
	case planned > 0:
		spent := s.plan.blockTime() * time.Duration(len(old.Trials)) / time.Duration(len(s.plan.chosen))
		s.until = s.began.Add(planned - spent)
	}
	return nil
}

// loops begins the series of the calibration loop.
func (s *session) loops(earlier ...float64) {
	if s.newCanary != nil {
		s.canary = s.newCanary(s.layout.Server, earlier...)
	}
}

// loop runs the calibration loop and puts into metrics, under when, what it took and
// how that is against the median of the run. It is a fact about the host: where it
// cannot be measured it is not there.
func (s *session) loop(metrics map[string]results.Metric, when string) (seconds float64, ok bool) {
	if s.canary == nil {
		return 0, false
	}
	seconds, err := s.canary.Measure()
	if err != nil && !errors.Is(err, host.ErrNoAffinity) {
		return 0, false
	}
	metrics["canary"+when] = results.Metric{Value: seconds, Unit: "s"}
	metrics["host/canary"+when] = results.Metric{Value: s.canary.Ratio(seconds), Unit: "1"}
	return seconds, true
}

// canaries is what the calibration loop took in an earlier session of the run.
func canaries(old *results.Run) []float64 {
	earlier := slices.Clone(old.Header.Host.Canary)
	for _, t := range old.Trials {
		for _, name := range []string{"canary", "canary" + after} {
			if m, ok := t.Metrics[name]; ok {
				earlier = append(earlier, m.Value)
			}
		}
	}
	return earlier
}

// after is how the names of what the calibration loop says after a trial end.
const after = "/after"

// FirstCanaries is how often the calibration loop runs before the first trial,
// so that even that one is set against a median. It is a variable for tests.
var FirstCanaries = 9

// header describes the run, and warns of what is wrong with the host.
func (s *session) header(ctx context.Context) results.Header {
	h := host.Describe()
	h.ServerCPUs, h.FleetCPUs = s.layout.Server, s.layout.For(s.plan.fleets()).Fleet
	proxied := s.plan.some(scenarios.Treatment.Proxied)
	if s.plan.emulated() || proxied {
		h.LinkCPUs = s.layout.Link
	}
	s.loops()
	for range FirstCanaries {
		if seconds, ok := s.loop(map[string]results.Metric{}, ""); ok {
			h.Canary = append(h.Canary, seconds)
		}
	}
	build := describeBuild(ctx, s.programs)
	warnings := slices.Concat(s.plan.scenario.Warnings(), host.Doubts(h, s.layout), doubtsOf(build))
	if s.plan.emulated() && s.layout.LinkShares() {
		warnings = append(warnings, sharedLink)
	}
	if proxied && s.layout.LinkShares() {
		warnings = append(warnings, sharedProxy)
	}
	if err := s.calibrate(ctx); err != nil {
		warnings = append(warnings, err.Error())
	}
	for _, w := range warnings {
		s.progress.note("warning: %s", w)
	}
	for _, line := range s.plan.planned.Processes {
		s.progress.note("%s", line)
	}
	s.plan.look(s.until.Sub(s.now()))
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

// one runs a trial and writes it down.
func (s *session) one(ctx context.Context, sl slot, pass int) (*results.Trial, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	facts := map[string]results.Metric{}
	s.loop(facts, "")
	c := s.plan.config(sl)
	c.ServerPath, c.RivalsPath, c.FleetPath, c.Layout = s.programs.servers, s.programs.rivals, s.programs.fleet, s.layout
	c.Connected = s.progress.connected()
	t, err := s.try(ctx, c)
	if err != nil {
		return nil, err
	}
	load(t, s.fleet, max(1, len(s.layout.For(c.Crew.Fleets).Fleet)))
	s.loop(facts, after)
	maps.Copy(t.Metrics, facts)
	t.Order, t.Pass = len(s.record.Trials)+1, pass
	if err := s.file.Trial(t); err != nil {
		return nil, err
	}
	s.record.Trials = append(s.record.Trials, t)
	s.added++
	return t, nil
}

// end closes the record with the reason why the run ended. A session that had nothing
// to add to a run that has its end leaves it at that.
func (s *session) end(reason string) error {
	if old := s.record.End; s.added == 0 && old != nil && old.Reason == reason {
		return nil
	}
	unsound := 0
	for _, t := range s.record.Trials {
		if !t.Sound() {
			unsound++
		}
	}
	return s.file.End(results.End{
		Ended:   time.Now().UTC(),
		Reason:  reason,
		Trials:  len(s.record.Trials),
		Unsound: unsound,
	})
}
