package run

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"pushbench/loadgen/trial"
	"pushbench/results"
)

// stopAfter runs the session, with Ctrl-C in place of the trial behind the n-th.
func (s *session) stopAfter(n int) error {
	ctx, stop := context.WithCancel(context.Background())
	try := s.try
	defer func() { s.try = try }()
	s.try = func(_ context.Context, c trial.Config) (*results.Trial, error) {
		if n == 0 {
			stop()
			return nil, ctx.Err()
		}
		n--
		return try(ctx, c)
	}
	return s.run(ctx)
}

// A block that was interrupted is done again whole, under its number and in its
// order; what was measured of it stays in the file, and does not count.
func TestInterruptedBlockIsDoneAgain(t *testing.T) {
	s := newSession(t, 4, Options{}, made)
	var code ExitError
	if err := s.stopAfter(3); !errors.As(err, &code) || code.Code != ExitInterrupted {
		t.Fatalf("it ended with %v", err)
	}
	next := s.again(t, Options{Resume: true})
	run := next.completed(t)
	if got, want := blocksOf(run), []int{1, 1, 2, 2, 2, 3, 3, 4, 4}; !slices.Equal(got, want) {
		t.Fatalf("trials of the blocks %v, want %v", got, want)
	}
	if a, b := run.Trials[2].Treatment.Key(), run.Trials[3].Treatment.Key(); a != b {
		t.Errorf("block 2 began with %s, and then with %s", a, b)
	}
	for _, treatment := range run.Header.Plan.Treatments {
		if n, of := run.SoundBlocks(treatment); n != 4 || of != 4 {
			t.Errorf("%s has %d of %d sound blocks", treatment.Transport(), n, of)
		}
	}
}

// Nothing is repeated for what it came to; only a trial of which nothing was reached
// has its block done again, where the run is gone on with.
func TestWhatIsDoneAgain(t *testing.T) {
	for _, test := range []struct {
		name string
		try  func(trial.Config) *results.Trial
		want []int // blocks of the second session
	}{
		{"unsound", unsound, nil},
		{"broken in part", func(c trial.Config) *results.Trial {
			return breaking(c, results.Broken{Class: results.Unsaturated, Rule: "busy", Text: "fleet used 85 %"})
		}, nil},
		{"failed", func(c trial.Config) *results.Trial {
			return failing(c, "server: run: the process ended instead of answering")
		}, nil},
		{"not reached", func(c trial.Config) *results.Trial {
			return breaking(c, results.Broken{Class: results.Sound, Rule: unreachedRule, Text: "start the server: no space left on device"})
		}, []int{2, 2}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newSession(t, 4, Options{}, func(c trial.Config) *results.Trial {
				if c.Block == 2 && c.Treatment.Transport == "ws" {
					return test.try(c)
				}
				return made(c)
			})
			first := s.completed(t)
			if got, want := blocksOf(first), []int{1, 1, 2, 2, 3, 3, 4, 4}; !slices.Equal(got, want) {
				t.Fatalf("trials of the blocks %v, want %v", got, want)
			}
			next := s.again(t, Options{Resume: true})
			if got := blocksOf(next.completed(t))[8:]; !slices.Equal(got, test.want) {
				t.Errorf("gone on with, it ran trials of the blocks %v, want %v", got, test.want)
			}
		})
	}
}

// A block that was begun is brought to its end, whether there is time or not.
func TestInterruptedBlockWithoutTime(t *testing.T) {
	s := given(t, 4.2, Options{})
	s.paced(1)
	s.stopAfter(7)
	next := s.again(t, Options{Resume: true})
	if got, want := blocksOf(next.completed(t)), []int{1, 1, 2, 2, 3, 3, 4, 4, 4}; !slices.Equal(got, want) {
		t.Errorf("trials of the blocks %v, want %v", got, want)
	}
}

// A run goes on for the time that it was given, or for that which is given now.
func TestTimeOfAResumedRun(t *testing.T) {
	end := func(run *results.Run) int { return run.Trials[len(run.Trials)-1].Block }
	s := given(t, 10.5, Options{})
	s.paced(1)
	s.stopAfter(4)
	next := s.again(t, Options{Resume: true})
	if n := end(next.completed(t)); n != 10 {
		t.Errorf("interrupted after two blocks and gone on with, it has %d, want the 10 that fit into its time", n)
	}

	// Its time is up, and it has its end.
	before := len(next.read(t).Trials)
	over := next.again(t, Options{Resume: true})
	var stderr strings.Builder
	over.progress = &progress{w: &stderr}
	if n := len(over.completed(t).Trials); n != before || !strings.Contains(stderr.String(), "-for gives the run more time") {
		t.Errorf("a complete run has %d trials, then %d; it said\n%s", before, n, &stderr)
	}

	// More time is more blocks.
	more := over.again(t, Options{Resume: true, Time: 4*s.plan.blockTime() + time.Second})
	if n := end(more.completed(t)); n != 14 {
		t.Errorf("with time for four more blocks than 10 it has %d", n)
	}
}

// A run of so many blocks is gone on with for a time, too; its file then has two
// ends, and a session that adds nothing adds none.
func TestEnds(t *testing.T) {
	s := newSession(t, 4, Options{}, made)
	s.completed(t)
	s.paced(1)
	for range 2 {
		if err := s.again(t, Options{Resume: true, Time: 2 * s.plan.blockTime()}).run(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	nothing := s.again(t, Options{Resume: true})
	nothing.completed(t)
	run := s.read(t)
	if got := blocksOf(run); got[len(got)-1] != 8 || run.End == nil || run.End.Trials != 16 {
		t.Errorf("blocks %v, end %+v", got, run.End)
	}
	text, err := os.ReadFile(s.path)
	if n := strings.Count(string(text), `{"type":"end"`); err != nil || n != 3 {
		t.Errorf("the file has %d ends, want one of each session that measured something; %v", n, err)
	}
}

// Looks are planned before the first block, and a run that is gone on with keeps its
// own.
func TestLooksOfAResumedRun(t *testing.T) {
	open := func(c trial.Config) *results.Trial {
		return requests(c, float64(1+(c.Block+len(c.Treatment.Transport))%2))
	}
	block := newSessionOf(t, withClaim, Options{}, made).plan.blockTime()
	s := newSessionOf(t, withClaim, Options{Decided: true, Time: 12*block + time.Second}, open)
	s.paced(1)
	s.stopAfter(8)
	next := s.again(t, Options{Resume: true, Decided: true, Time: 100 * block})
	run := next.completed(t)
	if got := run.Trials[len(run.Trials)-1].Block; got != 12 || !slices.Equal(run.Header.Plan.Looks, []int{3, 6, 12}) {
		t.Errorf("%d blocks, looks %v; want the 12 of the last look", got, run.Header.Plan.Looks)
	}

	plain := newSessionOf(t, withClaim, Options{}, open)
	plain.completed(t)
	late := plain.again(t, Options{Resume: true, Decided: true})
	if err := late.run(t.Context()); err == nil || !strings.Contains(err.Error(), "it was started without -until decided, and looks are planned before the first block") {
		t.Errorf("error %v", err)
	}
}
