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
	"testing"
	"time"

	"pgregory.net/rapid"

	"pushbench/loadgen/host"
	"pushbench/loadgen/trial"
	"pushbench/results"
)

// newSession is a session of two treatments whose trials are made up.
func newSession(t *testing.T, blocks int, o options, try func(trial.Config) *results.Trial) *session {
	t.Helper()
	path := filepath.Join(t.TempDir(), "made-up.yaml")
	text := fmt.Sprintf("question: q\nfactors:\n  transport: [longpoll, ws]\nwarmup: 1s\nmeasure: 4s\nblocks: %d\n", blocks)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	o.repeats = defaultRepeats
	p, err := readPlan(path, o)
	if err != nil {
		t.Fatal(err)
	}
	return &session{
		plan:     p,
		path:     filepath.Join(t.TempDir(), "made-up.jsonl"),
		progress: newProgress(io.Discard),
		try: func(_ context.Context, c trial.Config) (*results.Trial, error) {
			return try(c), nil
		},
	}
}

// made is a trial without fault. Its host is as it was told to be: what the
// calibration loop of this host says comes on top.
func made(c trial.Config) *results.Trial {
	return &results.Trial{
		Treatment: c.Treatment.Labels, Block: c.Block, Started: time.Now(), Valid: true,
		Metrics: map[string]results.Metric{"host/steal": {Value: 0, Unit: "1"}},
		Hists:   map[string]*results.Hist{},
	}
}

func disturbedBySteal(c trial.Config) *results.Trial {
	t := made(c)
	t.Metrics["host/steal"] = results.Metric{Value: 0.5, Unit: "1"}
	return t
}

// A run that is left with too few trials is complete, and says so with a code of
// its own.
func TestTooFewTrials(t *testing.T) {
	s := newSession(t, results.MinBlocks, options{}, func(c trial.Config) *results.Trial {
		made := made(c)
		if c.Treatment.Transport == "ws" {
			made.Valid, made.Invalid = false, []string{"1 events lost"}
		}
		return made
	})
	var stderr strings.Builder
	s.progress = newProgress(&stderr)
	if code := report(&stderr, s.run(t.Context())); code != exitFewTrials {
		t.Errorf("exit code %d, want %d", code, exitFewTrials)
	}
	for _, want := range []string{
		"invalid: 1 events lost",
		"fewer than 6 valid and undisturbed trials are left for ",
		"ws (0)", // and whatever the calibration loop of this host says of others
		", or run again on a quieter host, or with more -blocks\n",
	} {
		if !strings.Contains(stderr.String(), want) {
			t.Errorf("it does not say %q but\n%s", want, &stderr)
		}
	}
	run, err := results.Read(s.path)
	if err != nil {
		t.Fatal(err)
	}
	if run.End == nil || run.End.Reason != "complete" || run.End.Invalid < results.MinBlocks {
		t.Errorf("end %+v", run.End)
	}
}

func TestEnough(t *testing.T) {
	spoilt := func(t *results.Trial) { t.Valid = false }
	disturb := func(t *results.Trial) { t.Disturbed = true }
	for _, test := range []struct {
		name   string
		blocks int
		o      options
		spoil  map[int]func(*results.Trial) // of ws, by block
		again  []int                        // blocks of ws that were repeated, undisturbed
		want   string
	}{
		{name: "all", blocks: 6},
		{name: "one of six invalid", blocks: 6, spoil: map[int]func(*results.Trial){3: spoilt}, want: "ws (5)"},
		{name: "one of six disturbed", blocks: 6, spoil: map[int]func(*results.Trial){3: disturb}, want: "ws (5)"},
		{name: "two of six", blocks: 6, spoil: map[int]func(*results.Trial){3: disturb, 6: spoilt}, want: "ws (4)"},
		{name: "one of six disturbed and repeated", blocks: 6, spoil: map[int]func(*results.Trial){3: disturb}, again: []int{3}},
		{name: "another block repeated does not count twice", blocks: 6, spoil: map[int]func(*results.Trial){3: disturb}, again: []int{4}, want: "ws (5)"},
		{name: "one of seven", blocks: 7, spoil: map[int]func(*results.Trial){3: disturb}},
		{name: "planned with too few", blocks: 5},
		{name: "smoke run", blocks: 6, o: options{short: true, blocks: 6}, spoil: map[int]func(*results.Trial){3: disturb}},
		{name: "not asked for", blocks: 6, o: options{only: "longpoll"}, spoil: map[int]func(*results.Trial){3: disturb}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newSession(t, test.blocks, test.o, made)
			for _, sl := range s.plan.slots() {
				m := made(s.plan.config(sl))
				s.trials = append(s.trials, m)
				if m.Treatment.Transport() == "ws" && test.spoil[m.Block] != nil {
					test.spoil[m.Block](m)
				}
				if m.Treatment.Transport() == "ws" && slices.Contains(test.again, m.Block) {
					again := made(s.plan.config(sl))
					again.Attempt = 1
					s.trials = append(s.trials, again)
				}
			}
			err := s.enough()
			var code exitError
			switch {
			case test.want == "":
				if err != nil {
					t.Errorf("error %v", err)
				}
			case !errors.As(err, &code) || code.code != exitFewTrials || !strings.Contains(err.Error(), "are left for "+test.want+";"):
				t.Errorf("error %v, want %q", err, test.want)
			}
		})
	}
}

// Repeats take at most a fifth of the run's time, unless more is asked for,
// however disturbed the host.
func TestRepeatsAreBounded(t *testing.T) {
	const blocks = 10
	s := newSession(t, blocks, options{}, disturbedBySteal)
	var stderr strings.Builder
	s.progress = newProgress(&stderr)
	if code := report(&stderr, s.run(t.Context())); code != exitFewTrials {
		t.Errorf("exit code %d, want %d: nothing is left", code, exitFewTrials)
	}
	// All trials are equally long, so that a fifth of the time is a fifth of them.
	run, err := results.Read(s.path)
	if err != nil {
		t.Fatal(err)
	}
	if n := run.Counts(); n.Written != 2*blocks+2*blocks/5 || n.Repeated != 2*blocks/5 || n.Disturbed != n.Written {
		t.Errorf("%+v, want a fifth of %d trials repeated", n, 2*blocks)
	}
	if !strings.Contains(stderr.String(), "\nrepeating 4 of 20 disturbed trials\n") || !strings.Contains(stderr.String(), "\n20 trials stay disturbed: the time for repeats is used up\n") {
		t.Errorf("it said\n%s", &stderr)
	}

	// Nor does a second session repeat what the first had no time for.
	s.resume, s.trials = true, nil
	report(io.Discard, s.run(t.Context()))
	if again, err := results.Read(s.path); err != nil || len(again.Trials) != len(run.Trials) {
		t.Errorf("resumed: %d trials, error %v; want the %d there were", len(again.Trials), err, len(run.Trials))
	}

	// Unless it is given more time.
	s.plan.repeats, s.trials = 100, nil
	report(io.Discard, s.run(t.Context()))
	if more, err := results.Read(s.path); err != nil || more.Counts().Repeated != 2*blocks {
		t.Errorf("with as much time as the run had: %+v, error %v; want %d repeated", more.Counts(), err, 2*blocks)
	}
}

// What was disturbed is repeated until one attempt is not.
func TestRepeats(t *testing.T) {
	tries := map[string]int{}
	s := newSession(t, 10, options{}, func(c trial.Config) *results.Trial {
		key := fmt.Sprint(c.Block, c.Treatment.Transport)
		tries[key]++
		if key == "3ws" && tries[key] < 3 {
			return disturbedBySteal(c)
		}
		return made(c)
	})
	report(io.Discard, s.run(t.Context()))
	// Nothing is asked about the others: this host may disturb some on its own.
	var attempts []int
	for _, trial := range s.trials {
		if trial.Block == 3 && trial.Treatment.Transport() == "ws" {
			attempts = append(attempts, trial.Attempt)
		}
	}
	if len(attempts) < 2 || len(attempts) > 5 {
		t.Errorf("attempts %v at a trial that was disturbed twice; four repeats fit", attempts)
	}
	for i, attempt := range attempts {
		if attempt != i {
			t.Errorf("attempts are numbered %v", attempts)
		}
	}
}

func TestSmokeRunRepeatsNothing(t *testing.T) {
	s := newSession(t, 10, options{short: true}, disturbedBySteal)
	if err := s.run(t.Context()); err != nil {
		t.Error(err)
	}
	if len(s.trials) != 2*shortBlocks {
		t.Errorf("%d trials, want %d", len(s.trials), 2*shortBlocks)
	}
}

func TestDisturbed(t *testing.T) {
	s := newSession(t, 2, options{}, made)
	slots := s.plan.slots()
	add := func(i int, spoil func(*results.Trial)) {
		m := made(s.plan.config(slots[i]))
		spoil(m)
		s.trials = append(s.trials, m)
	}
	add(0, func(t *results.Trial) {})
	add(1, func(t *results.Trial) { t.Valid = false })                    // its own fault
	add(2, func(t *results.Trial) { t.Valid, t.Disturbed = false, true }) // perhaps the host's
	add(3, func(t *results.Trial) { t.Disturbed = true })
	add(3, func(t *results.Trial) { t.Disturbed, t.Attempt = true, 1 })
	var got []string
	for _, sl := range s.disturbed(slots) {
		got = append(got, fmt.Sprintf("%s attempt %d", sl.place(), sl.attempt))
	}
	want := []string{slots[2].place() + " attempt 1", slots[3].place() + " attempt 2"}
	if !slices.Equal(got, want) {
		t.Errorf("again: %q, want %q", got, want)
	}
	if got, want := s.repeated(), s.plan.estimate(slots[:1]); got != want {
		t.Errorf("repeats took %v, want that of one trial, %v", got, want)
	}
}

func TestFitting(t *testing.T) {
	s := newSession(t, 4, options{}, made)
	all := s.plan.slots()
	rapid.Check(t, func(t *rapid.T) {
		slots := all[:rapid.IntRange(0, len(all)).Draw(t, "slots")]
		budget := time.Duration(rapid.Int64Range(-1e9, 60e9).Draw(t, "budget"))
		fit := s.fitting(slots, budget)
		if took := s.plan.estimate(fit); len(fit) > 0 && took > budget {
			t.Errorf("%d trials take %v of %v", len(fit), took, budget)
		}
		if len(fit) < len(slots) && s.plan.estimate(slots[:len(fit)+1]) <= budget {
			t.Errorf("%d trials of %d, and one more fits into %v", len(fit), len(slots), budget)
		}
	})
}

// What stops a run other than Ctrl-C is the reason at the file's end.
func TestRunThatStops(t *testing.T) {
	s := newSession(t, 2, options{}, made)
	s.try = func(context.Context, trial.Config) (*results.Trial, error) {
		return nil, errors.New("the sky has fallen")
	}
	if err := s.run(t.Context()); err == nil || err.Error() != "the sky has fallen" {
		t.Errorf("error %v", err)
	}
	run, err := results.Read(s.path)
	if err != nil {
		t.Fatal(err)
	}
	if run.End == nil || run.End.Reason != "the sky has fallen" || len(run.Trials) != 0 {
		t.Errorf("%d trials, end %+v", len(run.Trials), run.End)
	}
}

// A trial that its record cannot hold ends the run with an error, not with a
// file that nobody can read.
func TestUnwritableTrial(t *testing.T) {
	s := newSession(t, 2, options{}, func(c trial.Config) *results.Trial {
		m := made(c)
		m.Hists["staleness"] = nil
		return m
	})
	if err := s.run(t.Context()); err == nil || !strings.Contains(err.Error(), "histogram staleness is null") {
		t.Errorf("error %v", err)
	}
	if run, err := results.Read(s.path); err != nil || len(run.Trials) != 0 {
		t.Errorf("the file: %+v, %v", run, err)
	}
}

// A resumed run is judged by the calibration of all its sessions.
func TestCanariesOfAResumedRun(t *testing.T) {
	old := &results.Run{
		Header: results.Header{Host: results.Host{Canary: []float64{0.020, 0.022}}},
		Trials: []*results.Trial{
			{Metrics: map[string]results.Metric{"canary": {Value: 0.021, Unit: "s"}}},
			{Metrics: map[string]results.Metric{}},
		},
	}
	if got, want := canaries(old), []float64{0.020, 0.022, 0.021}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if median := host.NewCanary(nil, canaries(old)...).Median(); median != 0.021 {
		t.Errorf("median %v", median)
	}
	if len(old.Header.Host.Canary) != 2 {
		t.Error("the header was changed")
	}
}
