package results

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// builds are runs of two builds by turns, without a record: the host of each run has a
// state of its own, shared by all treatments and besides it one of each. times is what
// the new build does to CPU.
type builds struct {
	old, new []*Run
	measured map[*Run]map[string]Sample // by transport and quantity
}

var noises = map[string]float64{"server/cpu": noiseCPU, "staleness/p50": noiseStaleness, "bytes/total/down": noiseBytes}

func turns(rng *rand.Rand, pairs, blocks int, times float64) builds {
	b := builds{measured: map[*Run]map[string]Sample{}}
	run := func(times float64) *Run {
		r, samples, shared := new(Run), map[string]Sample{}, 0.15*rng.NormFloat64()
		for _, transport := range []string{"ws", "sse", "longpoll"} {
			r.Header.Plan.Treatments = append(r.Header.Plan.Treatments, Treatment{"transport": transport})
			host := shared + 0.10*rng.NormFloat64()
			for _, metric := range []string{"server/cpu", "staleness/p50", "bytes/total/down"} {
				s := Sample{Values: map[int]float64{}, Unit: "1"}
				for block := range blocks {
					v := noises[metric] / math.Sqrt2 * rng.NormFloat64()
					if metric != "bytes/total/down" {
						v += host
					}
					if metric == "server/cpu" {
						v += math.Log(times)
					}
					s.Values[block+1] = math.Exp(v)
				}
				samples[transport+metric] = s
			}
		}
		b.measured[r] = samples
		return r
	}
	for range pairs {
		b.old, b.new = append(b.old, run(1)), append(b.new, run(times))
	}
	return b
}

func (b builds) changes(t *testing.T) []Change {
	var quantities []Quantity
	for _, metric := range []string{"server/cpu", "staleness/p50", "bytes/total/down"} {
		quantities = append(quantities, Quantity{metric, func(r *Run, t Treatment) (Sample, error) {
			return b.measured[r][t.Transport()+metric], nil
		}})
	}
	changes, err := BetweenRuns(b.old, b.new, quantities...)
	if err != nil {
		t.Fatal(err)
	}
	return changes
}

// quantitiesOf are metrics by their names.
func quantitiesOf(metrics ...string) (list []Quantity) {
	for _, metric := range metrics {
		list = append(list, Quantity{metric, func(r *Run, t Treatment) (Sample, error) { return r.Sample(t, metric) }})
	}
	return list
}

// Runs of one build are told apart in 5 % of comparisons at most, all rows together,
// though their hosts differ from run to run.
func TestRunsOfOneBuildAreNotToldApart(t *testing.T) {
	const rounds = 400
	rng := newRand(11)
	for _, pairs := range []int{3, 5} {
		got := shareOf(rounds, func() bool {
			return slices.ContainsFunc(turns(rng, pairs, 5, 1).changes(t), Change.Differs)
		})
		if got > 0.05+room(0.05, rounds) {
			t.Errorf("%d pairs of runs of one build: %.1f %% are told apart", pairs, 100*got)
		}
	}
	// Block by block one run of each would be, in most of them.
	blockwise := shareOf(rounds, func() bool {
		b := turns(rng, 1, 7, 1)
		x, y := b.measured[b.old[0]]["wsserver/cpu"].inOrder(), b.measured[b.new[0]]["wsserver/cpu"].inOrder()
		for i := range x {
			x[i] = math.Log(x[i] / y[i])
		}
		m := momentsOf(x, 1-Confidence)
		return 2*min(m.above(0), m.below(0)) <= 1-Confidence
	})
	if blockwise < 0.4 {
		t.Errorf("one run of each build, block by block: %.1f %%; the simulation has no drift between runs", 100*blockwise)
	}
}

// A build that takes three times the CPU is told from the old one by five pairs, and by
// nothing but its CPU.
func TestAChangedBuildIsTold(t *testing.T) {
	rng := newRand(12)
	for _, c := range turns(rng, 5, 5, 3).changes(t) {
		isCPU := c.Quantity == "server/cpu"
		if c.Differs() != isCPU || c.Exact || !c.Ratio || c.By.N != 5 || c.Old.N != 5 || c.New.N != 5 || c.Adjusted < c.P {
			t.Errorf("%+v", c)
		}
		if isCPU && (c.By.Lo > 3 || c.By.Hi < 3) {
			t.Errorf("three times the CPU is told as %+v", c.By)
		}
		if !isCPU && c.Shows <= math.Abs(c.By.Center-1) {
			t.Errorf("%s of %s: changed by %g, and %g would have shown", c.Quantity, c.Treatment.Transport(), c.By.Center-1, c.Shows)
		}
	}
}

// What the protocol fixes is compared exactly, by one pair of runs.
func TestExactBetweenRuns(t *testing.T) {
	run := func(envelope float64) *Run {
		return runOf(4, func(string, Treatment, int) values {
			return values{"bytes/envelope/down": envelope, "requests/empty": 0, "server/cpu": 1e-5}
		}, "ws")
	}
	for _, tc := range []struct {
		old, new []float64
		differs  bool
		why      string
	}{
		{[]float64{34}, []float64{34}, false, ""},
		{[]float64{34}, []float64{35}, true, ""},
		{[]float64{34, 34}, []float64{35, 35}, true, ""},
		{[]float64{34, 35}, []float64{35, 35}, false, "differs between runs of one build"},
	} {
		var old, new []*Run
		for i := range tc.old {
			old, new = append(old, run(tc.old[i])), append(new, run(tc.new[i]))
		}
		changes, err := BetweenRuns(old, new, quantitiesOf("bytes/envelope/down")...)
		if c := changes[0]; err != nil || !c.Exact || c.Differs() != tc.differs || !strings.Contains(c.Why, tc.why) || (tc.why == "") != (c.Why == "") {
			t.Errorf("%v, then %v: %+v, %v", tc.old, tc.new, c, err)
		}
	}
	changes, _ := BetweenRuns([]*Run{run(34)}, []*Run{run(34)}, quantitiesOf("requests/empty", "server/cpu")...)
	if c := changes[0]; !c.Exact || c.Ratio || c.Differs() || c.By.Center != 0 {
		t.Errorf("none and none: %+v", c)
	}
	if c := changes[1]; c.Differs() || !strings.Contains(c.Why, "n = 1: a change takes at least 3 pairs of runs") || !near(c.Old.Center/1e-5, 1) {
		t.Errorf("one pair: %+v", c)
	}
}

func TestBetweenRunsSaysWhatIsMissing(t *testing.T) {
	var runs []*Run
	for range 6 {
		runs = append(runs, runOf(3, func(_ string, _ Treatment, block int) values {
			return values{"server/cpu": 1e-5 + 1e-7*float64(block), "staleness/p50": 1e-3, "server/rss": 1e6}
		}, "ws"))
	}
	old, new := runs[:3], runs[3:]
	quantities := quantitiesOf("server/cpu", "staleness/p50", "server/rss", "staleness/p99")
	if _, err := BetweenRuns(old, new[:2], quantities...); err == nil || !strings.Contains(err.Error(), "3 runs of the old and 2 of the new") {
		t.Errorf("error %v", err)
	}
	if _, err := BetweenRuns(nil, nil, quantities...); err == nil {
		t.Error("no run was compared with none")
	}
	for i, trial := range new[1].Trials {
		delete(trial.Metrics, "staleness/p50")
		breaks(trial, Counted)
		new[2].Trials[i].Metrics["server/rss"] = Metric{1e6, "1"}
	}
	changes, err := BetweenRuns(old, new, quantities...)
	if err != nil {
		t.Fatal(err)
	}
	for i, why := range []string{"n = 2: a change takes", "a run has no staleness/p50", "it is in B in one run and in 1 in another", "a run has no staleness/p99"} {
		if !strings.HasPrefix(changes[i].Why, why) {
			t.Errorf("%s: %q, want %q", changes[i].Quantity, changes[i].Why, why)
		}
	}
}
