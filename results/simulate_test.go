package results

import (
	"fmt"
	"math"
	"math/rand/v2"
)

// What the statistics promise is tried on simulated hosts, whose noise is that of the
// committed runs: the standard deviation of ln(twin ÷ original) within blocks, over all
// twins of results/reference. TestNoiseOfTheRecords holds them against the records.
const (
	noiseCPU       = 0.139   // server/cpu: 535 blocks of 80 pairs of twins
	noiseStaleness = 0.174   // staleness/p50: 339 blocks of 50 pairs of twins
	noiseBytes     = 0.00076 // bytes/total/down: 535 blocks of 80 pairs of twins
)

// host is how a machine treats trials: the logarithm of the factor by which it slows
// each, by block and trial.
type host struct {
	name string
	slow func(rng *rand.Rand, blocks, trials int) [][]float64
}

// hosts are three on which the statistics have to hold.
var hosts = []host{{"drift", drifting}, {"spikes", spiking}, {"two speeds", twoSpeeds}}

// drifting wanders by up to 35 % either way over a run, and slows all trials of a block
// alike.
func drifting(rng *rand.Rand, blocks, trials int) [][]float64 {
	start, turns := rng.Float64(), 0.5+1.5*rng.Float64()
	return byTrial(blocks, trials, func(block, _ int) float64 {
		return math.Log(1 + 0.35*math.Sin(2*math.Pi*(start+turns*float64(block)/float64(blocks))))
	})
}

// spiking makes one trial in one block of ten 1.5 to 3 times as slow. In the records a
// trial and its twin are 1.5 times apart or more in one or two blocks of a hundred.
func spiking(rng *rand.Rand, blocks, trials int) [][]float64 {
	hit := -1
	return byTrial(blocks, trials, func(_, trial int) float64 {
		if trial == 0 {
			hit = rng.IntN(10 * trials)
		}
		if trial == hit {
			return math.Log(1.5 + 1.5*rng.Float64())
		}
		return 0
	})
}

// twoSpeeds runs each trial at one of two speeds, by whether a sibling hyper-thread is
// busy.
func twoSpeeds(rng *rand.Rand, blocks, trials int) [][]float64 {
	return byTrial(blocks, trials, func(int, int) float64 { return math.Log(1.5) * float64(rng.IntN(2)) })
}

func byTrial(blocks, trials int, of func(block, trial int) float64) [][]float64 {
	all := make([][]float64, blocks)
	for b := range all {
		all[b] = make([]float64, trials)
		for t := range all[b] {
			all[b][t] = of(b, t)
		}
	}
	return all
}

// measure is what is measured of treatments with these true values, block by block,
// with noise of its own in each trial.
func (h host) measure(rng *rand.Rand, blocks int, noise float64, truth ...float64) [][]float64 {
	slow := h.slow(rng, blocks, len(truth))
	measured := make([][]float64, len(truth))
	for t := range measured {
		measured[t] = make([]float64, blocks)
		for b := range blocks {
			measured[t][b] = truth[t] * math.Exp(slow[b][t]+noise/math.Sqrt2*rng.NormFloat64())
		}
	}
	return measured
}

// pairsAt are the treatments of so many claims at so many rates: a0 and b0 at each rate,
// then a1 and b1, and on.
func pairsAt(claims, rates int) (list []Treatment) {
	for claim := range claims {
		for rate := range rates {
			for _, side := range []string{"a", "b"} {
				list = append(list, Treatment{"transport": fmt.Sprintf("%s%d", side, claim), "rate": fmt.Sprintf("%d/s", rate)})
			}
		}
	}
	return list
}

// claimsOf are as many: that b takes more than a, at every rate.
func claimsOf(claims int, metric string) (list []Claim) {
	for claim := range claims {
		list = append(list, Claim{Expect: fmt.Sprintf("%s[a%d] < %[1]s[b%[2]d]", metric, claim)})
	}
	return list
}

// recorded is a run of treatments that measured so.
func recorded(treatments []Treatment, metric string, measured [][]float64) *Run {
	r := new(Run)
	r.Header.Plan.Treatments = treatments
	r.record(metric, measured)
	return r
}

// record appends to a run the blocks that it lacks.
func (r *Run) record(metric string, measured [][]float64) {
	info, _ := Describe(metric)
	for block := len(r.Trials)/len(measured) + 1; block <= len(measured[0]); block++ {
		for t, treatment := range r.Header.Plan.Treatments {
			value := Metric{measured[t][block-1], info.Unit}
			r.Trials = append(r.Trials, &Trial{Treatment: treatment, Block: block, Metrics: map[string]Metric{metric: value}})
		}
	}
}

// judgePair is the verdict on two sides alone, by one look, without a record about it.
func judgePair(e *Expect, k kind, left, right []float64) Outcome {
	v := CellVerdict{Leans: CannotTell, P: 1}
	b := blocks{left: left, right: right}
	if k.dear && len(left) <= fewBlocks { // it goes by the ratio
		v.describe(e, b, 1-Confidence)
	}
	v.decide(e, b, 1-Confidence, []kind{k})
	if v.P > 1-Confidence {
		return CannotTell
	}
	return v.Leans
}

// mustExpect parses an expectation.
func mustExpect(text string) *Expect {
	e, err := ParseExpect(text)
	if err != nil {
		panic(err)
	}
	return e
}

// shareOf is how often something happens in so many rounds.
func shareOf(rounds int, happens func() bool) float64 {
	n := 0
	for range rounds {
		if happens() {
			n++
		}
	}
	return float64(n) / float64(rounds)
}

// room is four standard deviations of a share p that was counted in so many rounds.
func room(p float64, rounds int) float64 { return 4 * math.Sqrt(p*(1-p)/float64(rounds)) }
