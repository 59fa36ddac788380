package run

import (
	"slices"
	"strings"
	"testing"

	"pushbench/loadgen/trial"
	"pushbench/results"
)

// A run says by a code of its own that a treatment has too few sound blocks, with
// what was broken and what would mend it.
func TestEnough(t *testing.T) {
	for _, test := range []struct {
		name   string
		blocks int
		o      Options
		spoil  []int // blocks in which ws is not sound
		want   string
	}{
		{"all", 6, Options{}, nil, ""},
		{"one of six", 6, Options{}, []int{3}, ""},
		{"three are enough", 6, Options{}, []int{1, 3, 6}, ""},
		{"two are not", 6, Options{}, []int{1, 2, 3, 6}, "fewer than 3 sound blocks for ws (2 of 6; 4 ×: 1 events lost, 1 subscribers without the newest); "},
		{"one of three", 3, Options{}, []int{2}, "fewer than 3 sound blocks for ws (2 of 3; 1 ×: "},
		{"planned with too few", 2, Options{}, []int{2}, ""},
		{"planned with too few, none sound", 2, Options{}, []int{1, 2}, "fewer than 1 sound block for ws (0 of 2; 2 ×: "},
		{"smoke run", 6, Options{Short: true, Blocks: 6}, []int{1, 2, 3, 4, 5}, ""},
		{"smoke run, none sound", 6, Options{Short: true}, []int{1, 2, 3}, "fewer than 1 sound block for ws (0 of 3; 3 ×: "},
		{"not asked for", 6, Options{Only: "longpoll"}, []int{1, 2, 3, 4, 5, 6}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newSession(t, test.blocks, test.o, func(c trial.Config) *results.Trial {
				if c.Treatment.Transport == "ws" && slices.Contains(test.spoil, c.Block) {
					return unsound(c)
				}
				return made(c)
			})
			var stderr strings.Builder
			code := Report(&stderr, s.run(t.Context()))
			switch {
			case test.want == "" && code != ExitOK, test.want != "" && code != ExitFewTrials:
				t.Errorf("exit code %d; it said\n%s", code, &stderr)
			case !strings.Contains(stderr.String(), test.want):
				t.Errorf("it does not say %q but\n%s", test.want, &stderr)
			case strings.Contains(stderr.String(), "quiet"):
				t.Errorf("it puts the host to blame:\n%s", &stderr)
			}
			run, unsound := s.read(t), len(test.spoil)
			if test.o.Only != "" {
				unsound = 0
			}
			if run.End == nil || run.End.Reason != complete || run.End.Unsound != unsound {
				t.Errorf("end %+v, want %d unsound", run.End, unsound)
			}
		})
	}
}

// What mends a run depends on what was broken, and not on the host.
func TestMends(t *testing.T) {
	for _, test := range []struct {
		name string
		try  func(trial.Config) *results.Trial
		want string
	}{
		{"lost", unsound, "; " + finding + "\n"},
		{"some lost", func(c trial.Config) *results.Trial {
			if c.Block > 1 {
				return unsound(c)
			}
			return made(c)
		}, "; " + finding + "; -resume with -for runs more blocks\n"},
		{"no event", func(c trial.Config) *results.Trial {
			return breaking(c, results.Broken{Class: results.Sound, Rule: "window", Text: "no event was due in the window of 1s"})
		}, "; a longer measure or a higher rate in the scenario mends it\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var stderr strings.Builder
			code := Report(&stderr, newSession(t, 4, Options{}, test.try).run(t.Context()))
			if code != ExitFewTrials || !strings.HasSuffix(stderr.String(), test.want) {
				t.Errorf("exit code %d; it says %q, want …%q", code, &stderr, test.want)
			}
		})
	}
}

// That the host was restless costs no trial: it is no reason to have too few.
func TestRestlessHost(t *testing.T) {
	s := newSession(t, 3, Options{}, func(c trial.Config) *results.Trial {
		m := made(c)
		m.Metrics["host/steal"] = results.Metric{Value: 0.5, Unit: "1"}
		return m
	})
	if err := s.run(t.Context()); err != nil {
		t.Error(err)
	}
	if n := len(s.read(t).Trials); n != 6 {
		t.Errorf("%d trials, want 6", n)
	}
}
