package results

import (
	"slices"
	"testing"
)

var blockCounts = []int{3, 4, 5, 6, 8, 12}

// Two equals are told apart in 5 % of comparisons at most, on every host and from three
// blocks on; times and CPU, below six blocks, in one of a thousand.
func TestEqualsAreNotToldApart(t *testing.T) {
	const rounds = 2000
	e := mustExpect("server/cpu[a] < server/cpu[b]")
	rng := newRand(1)
	for _, h := range hosts {
		for kindName, k := range map[string]kind{"CPU": cpu, "latency": latency, "bytes": wire} {
			for _, n := range blockCounts {
				promised := 0.05
				if k.dear && n <= fewBlocks {
					promised = 0.001
				}
				got := shareOf(rounds, func() bool {
					m := h.measure(rng, n, noiseStaleness, 1, 1)
					return judgePair(e, k, m[0], m[1]) != CannotTell
				})
				if got > promised+room(promised, rounds) {
					t.Errorf("%s, %s, %d blocks: %.2f %% false verdicts, promised are %g %%", h.name, kindName, n, 100*got, 100*promised)
				}
			}
		}
	}
}

// onAll is how often something happens in so many rounds on each of the hosts.
func onAll(rounds int, happens func(h host) bool) (share float64, of int) {
	for _, h := range hosts {
		share += shareOf(rounds, func() bool { return happens(h) }) / float64(len(hosts))
	}
	return share, rounds * len(hosts)
}

// Of twenty claims about equals in one run, any is decided in 5 % of runs at most.
func TestTwentyClaimsErrAsOne(t *testing.T) {
	rng := newRand(2)
	const claims = 20
	list, equals := claimsOf(claims, "server/cpu"), slices.Repeat([]float64{1}, 2*claims)
	got, of := onAll(60, func(h host) bool {
		r := recorded(pairsAt(claims, 1), "server/cpu", h.measure(rng, 6, noiseCPU, equals...))
		return slices.ContainsFunc(r.Judge(list), Verdict.Decided)
	})
	if got > 0.05+room(0.05, of) {
		t.Errorf("%.1f %% of runs have a false verdict", 100*got)
	}
}

// A claim that holds in all of its combinations but one, or in none, where nothing
// fails, is said to hold only somewhere in 5 % of runs at most, also where a run has
// twenty of them.
func TestHoldsOnlyWhereIsRarelyWrong(t *testing.T) {
	rng := newRand(3)
	for _, tc := range []struct {
		name                        string
		claims, equal, apart, times int
	}{
		{"15 combinations of equals", 1, 15, 0, 60},
		{"14 that hold, and one of equals", 1, 1, 14, 60},
		{"20 claims, each of 2 that hold and one of equals", 20, 1, 2, 15},
	} {
		cells := tc.equal + tc.apart
		truth := slices.Concat(slices.Repeat([]float64{1, 1}, tc.equal), slices.Repeat([]float64{1, 4}, tc.apart))
		treatments, list := pairsAt(tc.claims, cells), claimsOf(tc.claims, "server/cpu")
		got, of := onAll(tc.times, func(h host) bool {
			r := recorded(treatments, "server/cpu", h.measure(rng, 8, noiseCPU, slices.Repeat(truth, tc.claims)...))
			return slices.ContainsFunc(r.Judge(list), func(v Verdict) bool { return v.Outcome == HoldsOnlyWhere })
		})
		t.Logf("%s: %.1f %%", tc.name, 100*got)
		if got > 0.05+room(0.05, of) {
			t.Errorf("%s: 'holds only where' in %.1f %% of runs", tc.name, 100*got)
		}
	}
}

// At the very edge of a tolerance ≈ holds in 2.5 % at most, and fails in 2.5 %.
func TestToleranceIsKeptAtItsEdges(t *testing.T) {
	const rounds, promised = 1000, 0.025
	rng := newRand(4)
	for _, tc := range []struct {
		name        string
		kind        kind
		expect      string
		times, more float64 // what is done to the left of two equals
	}{
		{"CPU, at the most", cpu, "server/cpu[a] ≈ server/cpu[b] ± 20%", 1.2, 0},
		{"CPU, at the least", cpu, "server/cpu[a] ≈ server/cpu[b] ± 20%", 0.8, 0},
		{"latencies, at the most", latency, "staleness/p50[a] ≈ staleness/p50[b] ± 20%", 1.2, 0},
		{"latencies, at the least", latency, "staleness/p50[a] ≈ staleness/p50[b] ± 20%", 0.8, 0},
		{"latencies, 200 ms more", latency, "staleness/p50[a] ≈ staleness/p50[b] ± 200ms", 1, 0.2},
		{"latencies, 200 ms less", latency, "staleness/p50[a] ≈ staleness/p50[b] ± 200ms", 1, -0.2},
	} {
		e := mustExpect(tc.expect)
		for _, h := range hosts {
			for _, n := range blockCounts {
				count := map[Outcome]int{}
				for range rounds {
					m := h.measure(rng, n, noiseCPU, tc.times, 1)
					for i := range m[0] {
						m[0][i] += tc.more
					}
					count[judgePair(e, tc.kind, m[0], m[1])]++
				}
				for _, what := range []Outcome{Holds, Fails} {
					if got := float64(count[what]) / rounds; got > promised+room(promised, rounds) {
						t.Errorf("%s, %s, %d blocks: %s in %.2f %%", tc.name, h.name, n, what, 100*got)
					}
				}
			}
		}
	}
}
