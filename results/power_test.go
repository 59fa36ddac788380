package results

import (
	"math"
	"math/rand/v2"
	"testing"
)

// told is how often it is told that the second of two takes more than the first, in so
// many blocks: alone, and after Holm among nineteen claims of which nothing comes.
func told(rounds int, k kind, measure func(effect bool) [][]float64) (alone, amongTwenty float64) {
	e := mustExpect("server/cpu[a] < server/cpu[b]") // the kind says what it is of
	p := func(effect bool) float64 {
		m := measure(effect)
		v, both := CellVerdict{Leans: CannotTell, P: 1}, blocks{left: m[0], right: m[1]}
		v.describe(e, both, 1-Confidence)
		v.decide(e, both, 1-Confidence, []kind{k})
		if v.Leans != Holds {
			return 1
		}
		return v.P
	}
	ps := make([]float64, 20)
	for range rounds {
		for i := range ps {
			ps[i] = p(i == 0)
		}
		if ps[0] <= 1-Confidence {
			alone += 1 / float64(rounds)
		}
		if Holm(ps)[0] <= 1-Confidence {
			amongTwenty += 1 / float64(rounds)
		}
	}
	return alone, amongTwenty
}

// times is two equals, of which the second takes so many times as much.
func (h host) times(rng *rand.Rand, blocks int, noise, times float64) func(bool) [][]float64 {
	return func(effect bool) [][]float64 {
		if !effect {
			return h.measure(rng, blocks, noise, 1, 1)
		}
		return h.measure(rng, blocks, noise, 1, times)
	}
}

// What can be told of CPU, with the wider noise of the committed runs and on a host that
// drifts: eight blocks tell a ratio of 2 always, and one of 1.33 in 95 % alone and in
// 61 % among twenty claims; three tell a ratio of 100.
func TestPower(t *testing.T) {
	const points, always = 0.05, 0.995
	rng, drift := newRand(7), hosts[0]
	for _, tc := range []struct {
		times              float64
		blocks, rounds     int
		alone, amongTwenty float64
	}{
		{1.33, 8, 800, 0.95, 0.61}, {2, 8, 300, 1, 1}, {100, 3, 300, 1, 1}, {100, 4, 100, 1, 1},
	} {
		alone, among := told(tc.rounds, cpu, drift.times(rng, tc.blocks, noiseStaleness, tc.times))
		t.Logf("%g × in %d blocks: alone %.1f %%, among twenty %.1f %%", tc.times, tc.blocks, 100*alone, 100*among)
		if math.Abs(alone-tc.alone) > points || math.Abs(among-tc.amongTwenty) > points || tc.alone == 1 && alone < always {
			t.Errorf("%g × in %d blocks: alone %.1f %%, among twenty %.1f %%; promised are %g and %g %%",
				tc.times, tc.blocks, 100*alone, 100*among, 100*tc.alone, 100*tc.amongTwenty)
		}
	}
	// A host that treats trials of one block differently lets less be told.
	for _, h := range hosts[1:] {
		alone, among := told(200, cpu, h.times(rng, 8, noiseCPU, 2))
		t.Logf("%s, 2 × in 8 blocks: alone %.1f %%, among twenty %.1f %%", h.name, 100*alone, 100*among)
		if alone < 0.98 || among < 0.7 {
			t.Errorf("%s, 2 × in 8 blocks: alone %.1f %%, among twenty %.1f %%", h.name, 100*alone, 100*among)
		}
	}
}

// What somebody planted is found in eight blocks among twenty claims: a delay of 5 ms
// before events that are 1 ms old; 3 % of bytes; 50 % of CPU, but for hosts that treat
// the trials of one block differently.
func TestPlantedEffectsAreFound(t *testing.T) {
	const blocks, rounds = 8, 200
	rng := newRand(8)
	late := func(h host) func(bool) [][]float64 {
		return func(effect bool) [][]float64 {
			m := h.measure(rng, blocks, noiseStaleness, 0.001, 0.001)
			for i := range m[1] {
				if effect {
					m[1][i] += 0.005
				}
			}
			return m
		}
	}
	still := host{"bytes, that no host moves", func(_ *rand.Rand, blocks, trials int) [][]float64 {
		return byTrial(blocks, trials, func(int, int) float64 { return 0 })
	}}
	for _, tc := range []struct {
		name         string
		kind         kind
		measure      func(bool) [][]float64
		alone, among float64 // at least
	}{
		{"5 ms of 1 ms, drift", latency, late(hosts[0]), 1, 0.98},
		{"5 ms of 1 ms, spikes", latency, late(hosts[1]), 1, 0.95},
		{"5 ms of 1 ms, two speeds", latency, late(hosts[2]), 1, 0.95},
		{"3 % of bytes", wire, still.times(rng, blocks, noiseBytes, 1.03), 1, 1},
		{"50 % of CPU, drift", cpu, hosts[0].times(rng, blocks, noiseCPU, 1.5), 1, 0.95},
		{"50 % of CPU, spikes", cpu, hosts[1].times(rng, blocks, noiseCPU, 1.5), 0.8, 0.5},
		{"50 % of CPU, two speeds", cpu, hosts[2].times(rng, blocks, noiseCPU, 1.5), 0.75, 0.15},
	} {
		alone, among := told(rounds, tc.kind, tc.measure)
		t.Logf("%s: alone %.1f %%, among twenty %.1f %%", tc.name, 100*alone, 100*among)
		if alone < tc.alone || among < tc.among {
			t.Errorf("%s: found alone in %.1f %%, among twenty in %.1f %%", tc.name, 100*alone, 100*among)
		}
	}
}

// Two that are equal, or nearly, are seen to lie within a tolerance that the noise
// allows, whatever the host does to all trials of a block.
func TestEqualsAreSeenToBeEqual(t *testing.T) {
	rng := newRand(9)
	for _, tc := range []struct {
		kind         kind
		noise, times float64
		expect       string
		least        float64
	}{
		{cpu, noiseCPU, 1, "server/cpu[a] ≈ server/cpu[b] ± 25%", 0.9},
		{latency, noiseCPU, 1, "staleness/p50[a] ≈ staleness/p50[b] ± 25%", 0.9},
		{cpu, 0.02, 1.1, "server/cpu[a] ≈ server/cpu[b] ± 20%", 0.98},
		{latency, 0.02, 1.1, "staleness/p50[a] ≈ staleness/p50[b] ± 20%", 0.98},
	} {
		e := mustExpect(tc.expect)
		got := shareOf(300, func() bool {
			m := hosts[0].measure(rng, 8, tc.noise, tc.times, 1)
			return judgePair(e, tc.kind, m[0], m[1]) == Holds
		})
		if got < tc.least {
			t.Errorf("%s, at a ratio of %g: holds in %.1f %%", tc.expect, tc.times, 100*got)
		}
	}
}
