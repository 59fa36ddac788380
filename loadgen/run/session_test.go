package run

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pushbench/loadgen/host"
	"pushbench/loadgen/trial"
	"pushbench/results"
)

// newSession is a session of two treatments whose trials are made up. Its clock
// stands still unless a test lets it go on.
func newSession(t *testing.T, blocks int, o Options, try func(trial.Config) *results.Trial) *session {
	t.Helper()
	return newSessionOf(t, fmt.Sprintf("question: q\nfactors:\n  transport: [longpoll, ws]\nwarmup: 1s\nmeasure: 4s\nblocks: %d\n", blocks), o, try)
}

// newSessionOf is a session of any scenario.
func newSessionOf(t *testing.T, text string, o Options, try func(trial.Config) *results.Trial) *session {
	t.Helper()
	path := filepath.Join(t.TempDir(), "made-up.yaml")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	p, err := readPlan(path, o)
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	return &session{
		plan:     p,
		path:     filepath.Join(t.TempDir(), "made-up.jsonl"),
		progress: &progress{w: io.Discard},
		now:      func() time.Time { return began },
		began:    began,
		until:    until(o, began),
		try: func(_ context.Context, c trial.Config) (*results.Trial, error) {
			return try(c), nil
		},
	}
}

// until is when the time that a command line gives is up.
func until(o Options, began time.Time) time.Time {
	if o.Time == 0 {
		return time.Time{}
	}
	return began.Add(o.Time)
}

// again is the next session of the same run, which goes on with its file.
func (s *session) again(t *testing.T, o Options) *session {
	t.Helper()
	p, err := readPlan(s.plan.scenario.Path, o)
	if err != nil {
		t.Fatal(err)
	}
	return &session{
		plan: p, path: s.path, progress: &progress{w: io.Discard}, resume: true,
		now: s.now, began: s.now(), until: until(o, s.now()), try: s.try,
	}
}

// made is a trial without fault.
func made(c trial.Config) *results.Trial {
	return &results.Trial{
		Treatment: c.Treatment.Labels, Block: c.Block, Started: time.Now(),
		Metrics: map[string]results.Metric{},
		Hists:   map[string]*results.Hist{},
	}
}

// unsound is a trial that lost an event, and failing one that did not come to its end.
func unsound(c trial.Config) *results.Trial {
	return breaking(c, results.Broken{Class: results.Sound, Rule: "lost", Text: "1 events lost, 1 subscribers without the newest"})
}

func failing(c trial.Config, text string) *results.Trial {
	return breaking(c, results.Broken{Class: results.Sound, Rule: failedRule, Text: text})
}

func breaking(c trial.Config, b results.Broken) *results.Trial {
	t := made(c)
	t.Broken = append(t.Broken, b)
	return t
}

// read is the run on file.
func (s *session) read(t *testing.T) *results.Run {
	t.Helper()
	run, err := results.Read(s.path)
	if err != nil {
		t.Fatal(err)
	}
	return run
}

// completed is the run on file once the session has come to its end.
func (s *session) completed(t *testing.T) *results.Run {
	t.Helper()
	if err := s.run(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s.read(t)
}

// blocksOf is the block of each trial on file, in its order.
func blocksOf(run *results.Run) (blocks []int) {
	for _, t := range run.Trials {
		blocks = append(blocks, t.Block)
	}
	return blocks
}

// What stops a run other than Ctrl-C is the reason at the file's end.
func TestRunThatStops(t *testing.T) {
	s := newSession(t, 2, Options{}, made)
	s.try = func(context.Context, trial.Config) (*results.Trial, error) {
		return nil, errors.New("the sky has fallen\nand it is blue")
	}
	if err := s.run(t.Context()); err == nil || err.Error() != "the sky has fallen\nand it is blue" {
		t.Errorf("error %v", err)
	}
	if run := s.read(t); run.End == nil || run.End.Reason != "the sky has fallen" || len(run.Trials) != 0 {
		t.Errorf("%d trials, end %+v", len(run.Trials), run.End)
	}
}

// A trial that its record cannot hold ends the run with an error, not with a
// file that nobody can read.
func TestUnwritableTrial(t *testing.T) {
	s := newSession(t, 2, Options{}, func(c trial.Config) *results.Trial {
		m := made(c)
		m.Hists["staleness"] = nil
		return m
	})
	if err := s.run(t.Context()); err == nil || !strings.Contains(err.Error(), "histogram staleness is null") {
		t.Errorf("error %v", err)
	}
	if run := s.read(t); len(run.Trials) != 0 {
		t.Errorf("the file: %+v", run)
	}
}

// The calibration loop runs before and after each trial; what it took is in the
// record, and voids nothing.
func TestCanary(t *testing.T) {
	s := newSession(t, 1, Options{}, made)
	s.newCanary = host.NewCanary
	run := s.completed(t)
	if n := len(run.Header.Host.Canary); n != FirstCanaries {
		t.Errorf("the header has %d measurements", n)
	}
	for _, trial := range run.Trials {
		want := []string{"canary", "canary/after", "host/canary", "host/canary/after"}
		if got := slices.Sorted(maps.Keys(trial.Metrics)); !slices.Equal(got, want) || len(trial.Broken) > 0 {
			t.Errorf("metrics %q, broken rules %v", got, trial.Broken)
		}
	}
	if got := canaries(run); len(got) != FirstCanaries+2*len(run.Trials) {
		t.Errorf("a session that goes on has %d measurements for its median", len(got))
	}
}

// A resumed run has the median of all its sessions.
func TestCanariesOfAResumedRun(t *testing.T) {
	old := &results.Run{
		Header: results.Header{Host: results.Host{Canary: []float64{0.020, 0.022}}},
		Trials: []*results.Trial{
			{Metrics: map[string]results.Metric{"canary": {Value: 0.021, Unit: "s"}, "canary/after": {Value: 0.023, Unit: "s"}}},
			{Metrics: map[string]results.Metric{}},
		},
	}
	if got, want := canaries(old), []float64{0.020, 0.022, 0.021, 0.023}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if len(old.Header.Host.Canary) != 2 {
		t.Error("the header was changed")
	}
}
