package run

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"pushbench/loadgen/trial"
	"pushbench/results"
)

// paced lets a session's trials take a multiple of their estimates, of the plan's
// blocks from the first, on a clock that is the test's. The last pace is that of all
// further blocks.
func (s *session) paced(paces ...float64) {
	clock, try := s.now(), s.try
	s.now = func() time.Time { return clock }
	s.try = func(ctx context.Context, c trial.Config) (*results.Trial, error) {
		t, err := try(ctx, c)
		share := time.Duration(float64(s.plan.blockTime()) / float64(len(s.plan.chosen)) * paces[min(c.Block, len(paces))-1])
		clock = clock.Add(share)
		return t, err
	}
}

// given is a session whose run is given so many times what a block is estimated to
// take.
func given(t *testing.T, blocks float64, o Options) *session {
	t.Helper()
	block := newSession(t, 7, o, made).plan.blockTime()
	o.Time = time.Duration(blocks * float64(block))
	return newSession(t, 7, o, made)
}

// A run that is given a time has as many blocks as fit into it, and at least three.
// The scenario's number is no bound.
func TestTimeGiven(t *testing.T) {
	for _, test := range []struct {
		name   string
		given  float64 // in blocks, by the plan's estimate
		spent  float64 // of it before the first block, in building
		blocks int     // of -blocks
		paces  []float64
		want   int
		says   string
	}{
		{"as estimated", 10.5, 0, 0, []float64{1}, 10, "10 blocks of 2 trials fit"},
		{"the build counts", 10.5, 4, 0, []float64{1}, 6, "6 blocks of 2 trials fit"},
		{"a slow host", 10.5, 0, 0, []float64{2}, 5, ""},
		{"a fast host has the plan's estimate", 10.5, 0, 0, []float64{0.5}, 20, ""},
		{"one slow block is reckoned with", 10.5, 0, 0, []float64{1, 1, 4, 1}, 7, ""},
		{"no time for three", 1, 0, 0, []float64{1}, 3, "and the next 3 blocks take about 32s: they go before the time"},
		{"the build took all of it", 4, 5, 0, []float64{1}, 3, "0s are left, and the next 3 blocks take about 32s: they go before the time"},
		{"a host so slow that three take longer", 3.5, 0, 0, []float64{3}, 3, "3 blocks of 2 trials fit"},
		{"at most as many as asked for", 10.5, 0, 5, []float64{1}, 5, "5 blocks of 2 trials fit"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := given(t, test.given, Options{Blocks: test.blocks})
			s.began = s.began.Add(-time.Duration(test.spent * float64(s.plan.blockTime())))
			s.until = s.began.Add(s.plan.planned.For)
			s.paced(test.paces...)
			var stderr strings.Builder
			s.progress = &progress{w: &stderr}
			run := s.completed(t)
			if len(run.Trials) != 2*test.want || run.Trials[len(run.Trials)-1].Block != test.want {
				t.Errorf("%d trials, want %d blocks of 2; it said\n%s", len(run.Trials), test.want, &stderr)
			}
			if !strings.Contains(stderr.String(), test.says) {
				t.Errorf("it does not say %q but\n%s", test.says, &stderr)
			}
			if run.End == nil || run.End.Reason != complete || run.Header.Plan.For != s.plan.planned.For {
				t.Errorf("planned for %v, want %v; end %+v", run.Header.Plan.For, s.plan.planned.For, run.End)
			}
		})
	}
}

// However long blocks take: each that begins is run whole, and beyond the third one
// begins only if it ends in time should it take as long as the plan says, as blocks so
// far did on average, and as the last one did.
func TestTimeGivenHolds(t *testing.T) {
	for seed := range uint64(30) {
		r := rand.New(rand.NewPCG(seed, 0))
		s := given(t, 0.1+8*r.Float64(), Options{Only: "ws"})
		paces := make([]float64, 12)
		for i := range paces {
			paces[i] = 0.2 + 3*r.Float64()
		}
		s.paced(paces...)
		starts := []time.Time{}
		try := s.try
		s.try = func(ctx context.Context, c trial.Config) (*results.Trial, error) {
			starts = append(starts, s.now())
			return try(ctx, c)
		}
		s.completed(t)
		n := len(starts) // blocks of one trial
		if n < results.MinBlocks {
			t.Errorf("seed %d: %d blocks", seed, n)
			continue
		}
		starts = append(starts, s.now())
		for i := results.MinBlocks; i <= n; i++ { // blocks that were run when the next began, or did not
			mean := starts[i].Sub(starts[0]) / time.Duration(i)
			takes := max(s.plan.blockTime(), mean, starts[i].Sub(starts[i-1]))
			if fits := !starts[i].Add(takes).After(s.until); fits != (i < n) {
				t.Errorf("seed %d: after %d blocks and %v: another of %v fits into %v: %t, and there were %d", seed, i, starts[i].Sub(starts[0]), takes, s.plan.planned.For, fits, n)
			}
		}
	}
}

// Every treatment of a block has the same lead before its window, and so the same events
// in it, whether the others are run or not.
func TestBlockSharesItsLead(t *testing.T) {
	const text = "question: q\nfactors:\n  transport: [poll?interval=2s, ws]\nwarmup: 500ms\nmeasure: 4s\nblocks: 1\n"
	for _, only := range []string{"", "ws"} {
		p := newSessionOf(t, text, Options{Only: only}, made).plan
		for _, sl := range p.slots(1) {
			if c := p.config(sl); c.Lead != 2*time.Second || c.Warmup != 500*time.Millisecond {
				t.Errorf("-only %q: %s has a lead of %v and a warm-up of %v", only, c.Treatment.Transport, c.Lead, c.Warmup)
			}
		}
	}
}

// The order is drawn for each run, and written down with what draws it.
func TestOrderIsDrawnAnew(t *testing.T) {
	seeds := map[uint64]bool{}
	for range 3 {
		s := newSession(t, 3, Options{}, made)
		run := s.completed(t)
		plan := run.Header.Plan
		seeds[plan.Order] = true
		if plan.Generator != "math/rand/v2 PCG, 1" || plan.Seed != 1 {
			t.Errorf("generator %q, seed of the trials %d", plan.Generator, plan.Seed)
		}
		for i, trial := range run.Trials {
			order := s.plan.scenario.Order(plan.Order, 1+i/2)
			if want := plan.Treatments[order[i%2]].Key(); trial.Treatment.Key() != want {
				t.Errorf("trial %d is of %s, want %s", i+1, trial.Treatment.Key(), want)
			}
		}
	}
	if len(seeds) != 3 || seeds[0] {
		t.Errorf("three runs have the seeds %v", seeds)
	}
}

const withClaim = `question: q
factors:
  transport: [longpoll, ws]
warmup: 1s
measure: 4s
blocks: 7
claims:
  - {id: a, says: less, expect: "requests[ws] < requests[longpoll]"}
`

// requests is a trial with so many requests for each event.
func requests(c trial.Config, n float64) *results.Trial {
	t := made(c)
	t.Metrics["requests"] = results.Metric{Value: n, Unit: "1"}
	return t
}

// A run until its claims are decided ends at the first of its planned looks that finds
// them so, or with the last. Between looks nobody looks.
func TestUntilDecided(t *testing.T) {
	told := func(c trial.Config) *results.Trial {
		if c.Treatment.Transport == "ws" {
			return requests(c, 0)
		}
		return requests(c, 1+0.01*float64(c.Block))
	}
	open := func(c trial.Config) *results.Trial {
		return requests(c, float64(1+(c.Block+len(c.Treatment.Transport))%2))
	}
	for _, test := range []struct {
		name  string
		given float64
		try   func(trial.Config) *results.Trial
		looks []int
		want  int
	}{
		{"at the first", 24.5, told, []int{3, 6, 12, 24}, 3},
		{"never", 24.5, open, []int{3, 6, 12, 24}, 24},
		{"from the fourth block on", 24.5, func(c trial.Config) *results.Trial {
			if c.Block == 3 && c.Treatment.Transport == "longpoll" { // which hides it
				return requests(c, 0)
			}
			return told(c)
		}, []int{3, 6, 12, 24}, 6},
	} {
		t.Run(test.name, func(t *testing.T) {
			block := newSessionOf(t, withClaim, Options{}, made).plan.blockTime()
			s := newSessionOf(t, withClaim, Options{Decided: true, Time: time.Duration(test.given * float64(block))}, test.try)
			s.paced(1)
			run := s.completed(t)
			if !slices.Equal(run.Header.Plan.Looks, test.looks) {
				t.Errorf("looks %v, want %v", run.Header.Plan.Looks, test.looks)
			}
			if got := run.Trials[len(run.Trials)-1].Block; got != test.want {
				t.Errorf("%d blocks, want %d; %v", got, test.want, run.Judge(s.plan.scenario.Claims)[0])
			}
		})
	}
}

func TestLooks(t *testing.T) {
	s := newSessionOf(t, withClaim, Options{}, made)
	s.plan.decided, s.plan.planned.Blocks = true, maxBlocks
	for _, test := range []struct {
		fit  float64
		want []int
	}{
		{-3, []int{3}}, {0.5, []int{3}}, {3, []int{3}}, {4, []int{4}}, {5, []int{3, 5}}, {8, []int{3, 8}}, {9, []int{3, 6, 9}},
		{12, []int{3, 6, 12}}, {17, []int{3, 6, 17}}, {20, []int{3, 6, 12, 20}}, {1e5, []int{3, 6, 12, 24, 48, 96, 192, 384, 1000}},
	} {
		s.plan.look(time.Duration(test.fit * float64(s.plan.blockTime())))
		if got := s.plan.planned.Looks; !slices.Equal(got, test.want) {
			t.Errorf("%v blocks fit: looks after %v, want %v", test.fit, got, test.want)
		}
	}
}

// What is left is told by how long the trials so far took; with a time given no block
// is promised that does not fit into it.
func TestETA(t *testing.T) {
	block := newSession(t, 7, Options{}, made).plan.blockTime()
	for _, test := range []struct {
		name  string
		o     Options
		pace  float64
		after int    // trials
		want  string // in the line of the last of them
	}{
		{"seven blocks", Options{}, 1, 2, fmt.Sprintf("ETA %v ", rounded(6*block))},
		{"seven blocks, half as fast", Options{}, 2, 2, fmt.Sprintf("ETA %v ", rounded(12*block))},
		{"the last", Options{}, 2, 14, "ETA 0s "},
		{"a time", Options{Time: 5*block + time.Second}, 1, 2, fmt.Sprintf("ETA %v ", rounded(4*block))},
		{"a time, half as fast", Options{Time: 5*block + time.Second}, 2, 3, fmt.Sprintf("ETA %v ", rounded(3*block))},
		{"no time, but three blocks", Options{Time: time.Second}, 1, 4, fmt.Sprintf("ETA %v ", rounded(block))},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newSession(t, 7, test.o, made)
			s.paced(test.pace)
			var stderr strings.Builder
			s.progress = &progress{w: &stderr}
			s.completed(t)
			var lines []string
			for line := range strings.Lines(stderr.String()) {
				if strings.HasPrefix(line, "[") {
					lines = append(lines, line)
				}
			}
			if line := lines[test.after-1]; !strings.Contains(line, test.want) {
				t.Errorf("it says %q, want %q", line, test.want)
			}
		})
	}
}
