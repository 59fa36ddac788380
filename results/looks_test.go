package results

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// All looks together spend the error of the planned ones, and no more than beyond for
// all that follow.
func TestLevelsOfLooks(t *testing.T) {
	for planned := range 20 {
		sum, last := levelOf(planned, 0)*float64(max(planned, 1)), 1.0
		if !near(sum, 0.05) {
			t.Errorf("%d planned looks spend %v", planned, sum)
		}
		for further := 1; further < 60; further++ {
			level := levelOf(planned, further)
			if level <= 0 || level >= last {
				t.Errorf("%d looks further: level %v after %v", further, level, last)
			}
			sum, last = sum+level, level
		}
		if sum > 0.05+beyond+1e-12 {
			t.Errorf("all looks behind %d planned ones spend %v", planned, sum)
		}
	}
}

// Each end of a sitting is a look, and so is each that was planned.
func TestLooks(t *testing.T) {
	const treatments = 2
	for _, tc := range []struct {
		name        string
		plan        []int // blocks; one alone is the plan's blocks, none a time
		ends        []int // blocks
		blocks      int
		looks       int
		level, next float64
	}{
		{"a time, and no end", nil, nil, 8, 1, 0.05, 0.005},
		{"a time, one sitting", nil, []int{8}, 8, 1, 0.05, 0.005},
		{"it was gone on with", nil, []int{8, 20}, 20, 2, 0.005, 0.0025},
		{"twice", nil, []int{8, 20, 40}, 40, 3, 0.0025, 0.00125},
		{"the second sitting is cut off", nil, []int{8}, 9, 2, 0.005, 0.0025},
		{"the second sitting measured nothing", nil, []int{8, 8}, 8, 1, 0.05, 0.005},
		{"the first sittings were too short for a verdict", nil, []int{1, 2, 8}, 8, 1, 0.05, 0.005},
		{"all blocks", []int{7}, []int{7}, 7, 1, 0.05, 0.005},
		{"stopped before", []int{7}, []int{5}, 5, 2, 0.005, 0.05},
		{"and gone on with to the plan's end", []int{7}, []int{5, 7}, 7, 2, 0.05, 0.0025},
		{"a plan at its second look", []int{3, 6, 12, 24}, nil, 6, 4, 0.0125, 0.0125},
		{"decided at its second look", []int{3, 6, 12, 24}, []int{6}, 6, 4, 0.0125, 0.0125},
		{"gone on with to the third", []int{3, 6, 12, 24}, []int{6, 12}, 12, 4, 0.0125, 0.0125},
		{"stopped between two looks", []int{3, 6, 12, 24}, []int{7}, 7, 5, 0.005, 0.0125},
		{"stopped between, and then at one", []int{3, 6, 12, 24}, []int{7, 12}, 12, 5, 0.0125, 0.0125},
		{"at its last look", []int{3, 6}, []int{6}, 6, 2, 0.025, 0.005},
		{"behind its last look", []int{3, 6}, []int{6, 9}, 9, 3, 0.005, 0.0025},
	} {
		r := pairs("server/cpu", make([]float64, tc.blocks)...)
		switch len(tc.plan) {
		case 0:
			r.Header.Plan.For = time.Minute
		case 1:
			r.Header.Plan.Blocks = tc.plan[0]
		default:
			r.Header.Plan.Looks = tc.plan
		}
		for _, blocks := range tc.ends {
			r.ends = append(r.ends, blocks*treatments)
		}
		further, _ := r.looks()
		if looks := max(1, len(r.Header.Plan.Looks)) + further; looks != tc.looks || !near(r.level(), tc.level) || !near(r.nextLevel(), tc.next) {
			t.Errorf("%s: %d looks, level %v, the next %v; want %d, %v, %v", tc.name, looks, r.level(), r.nextLevel(), tc.looks, tc.level, tc.next)
		}
	}
}

// What stands out at one look need not at the second, and its interval is wider.
func TestLooksCostCertainty(t *testing.T) {
	r := pairs("server/cpu", 0.1, 0.35, 0.05, 0.3, 0.12, 0.28, 0.02, -0.03)
	claim := Claim{Expect: "server/cpu[ws] < server/cpu[poll]"}
	one, err := judgeOne(r, claim)
	if err != nil || one.Outcome != Holds || one.Cells[0].P < 0.02 {
		t.Fatalf("one look, p = %v: %s, %v", one.Cells[0].P, one.Sentence(), err)
	}
	r.ends, r.Header.Plan.For = []int{10, 16}, time.Minute
	two, err := judgeOne(r, claim)
	if err != nil || two.Outcome != CannotTell {
		t.Errorf("two looks: %s, %v", two.Sentence(), err)
	}
	if w1, w2 := one.Cells[0].Diff, two.Cells[0].Diff; w2.Hi-w2.Lo <= w1.Hi-w1.Lo {
		t.Errorf("the interval of two looks is no wider: %+v, %+v", w1, w2)
	}
	if two.Takes.Blocks <= one.Cells[0].takes(0.05) {
		t.Errorf("a further look takes %d blocks", two.Takes.Blocks)
	}
}

// follow judges a claim about two equals, goes on with the file for as many blocks as
// the verdict advises, and so on until it is decided or would take more than most.
func follow(rng *rand.Rand, h host, metric string, start, most int) Outcome {
	all := h.measure(rng, most, noiseStaleness, 1, 1)
	r := recorded(pairsAt(1, 1), metric, [][]float64{all[0][:start], all[1][:start]})
	for blocks := start; ; r.record(metric, [][]float64{all[0][:blocks], all[1][:blocks]}) {
		r.ends = append(r.ends, len(r.Trials))
		v := r.Judge(claimsOf(1, metric))[0]
		if blocks += v.Takes.Blocks; v.Decided() || v.Takes.Blocks == 0 || blocks > most {
			return v.Outcome
		}
	}
}

// Who follows "14 more blocks" again and again, and goes on with the file, errs in 6 %
// of runs at most.
func TestFollowingTheAdvice(t *testing.T) {
	rng := newRand(5)
	const rounds, most = 400, 100
	for _, tc := range []struct {
		metric string
		start  int
	}{{"bytes/total/down", MinBlocks}, {"server/cpu", 8}} {
		for _, h := range hosts {
			got := shareOf(rounds, func() bool { return follow(rng, h, tc.metric, tc.start, most) != CannotTell })
			t.Logf("%s, from %d blocks on: %.1f %% false verdicts", h.name, tc.start, 100*got)
			if got > 0.05+beyond+room(0.05+beyond, rounds) {
				t.Errorf("%s, from %d blocks on: %.1f %% false verdicts", h.name, tc.start, 100*got)
			}
		}
	}
}

// The looks of -until decided, each twice as far as the one before, err in 5 % together.
func TestPlannedLooksErrAsOne(t *testing.T) {
	rng := newRand(6)
	const rounds = 2000
	for _, plan := range [][]int{{3, 6, 12, 24, 48}, {3, 6, 17}, {8, 16}, {3, 4, 5, 6, 7, 8}} {
		level := levelOf(len(plan), 0)
		got := shareOf(rounds, func() bool {
			x := make([]float64, slices.Max(plan))
			for i := range x {
				x[i] = rng.NormFloat64()
			}
			return slices.ContainsFunc(plan, func(n int) bool {
				_, p := test{moments: momentsOf(x[:n], level)}.decide("<")
				return p <= level
			})
		})
		if got > 0.05+room(0.05, rounds) {
			t.Errorf("looks after %v blocks: %.2f %% false verdicts", plan, 100*got)
		}
	}
}
