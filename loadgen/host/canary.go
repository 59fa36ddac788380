package host

import (
	"errors"
	"slices"
	"time"
)

// Canary is a fixed amount of CPU work, timed before and after each trial on the
// server's core. When the machine gets slower or faster, by its neighbours,
// its clock or its heat, the work takes another time. That explains a result and
// voids none: of this project's records it foretold neither staleness nor CPU time.
//
// The work is four independent multiply chains over a buffer that fits the
// second cache, not the first: it keeps the core's pipes full, so that a busy
// SMT sibling and an evicted cache show, which a single chain would hide. It
// calls no library, so that no special instruction of some CPU shortens it.
//
// Only ratios on one host mean something.
type Canary struct {
	cpus []int
	seen []float64 // s
	now  func() time.Time
	work func() // one slice
}

// Five slices take about 22 ms at 2.5 GHz. The middle one counts, so that a
// preemption or two within a measurement, which say little about the trial
// after it, do not.
const (
	canarySlices = 5
	canaryWords  = 8 << 10 // 64 KiB
	canaryPasses = 950
)

// NewCanary returns a canary for the server's CPUs. Earlier measurements, of a
// run that is resumed, count towards the median.
func NewCanary(cpus []int, earlier ...float64) *Canary {
	words := make([]uint64, canaryWords)
	for i := range words {
		words[i] = uint64(i) * 0x9e3779b97f4a7c15
	}
	c := &Canary{cpus: slices.Clone(cpus), seen: slices.Clone(earlier), now: time.Now}
	var sum uint64
	c.work = func() { sum = churn(words, sum) } // sum is kept, so that no compiler drops the work
	return c
}

// Measure runs the work on the canary's CPUs and returns its time in seconds:
// the middle slice times their number. With ErrNoAffinity the time is good,
// but of any core; after any other error there is none.
func (c *Canary) Measure() (float64, error) {
	var slice [canarySlices]float64
	err := onCPUs(c.cpus, func() error {
		for i := range slice {
			start := c.now()
			c.work()
			slice[i] = c.now().Sub(start).Seconds()
		}
		return nil
	})
	if err != nil && !errors.Is(err, ErrNoAffinity) {
		return 0, err
	}
	slices.Sort(slice[:])
	seconds := slice[canarySlices/2] * canarySlices
	c.seen = append(c.seen, seconds)
	return seconds, err
}

// Ratio is a measurement relative to the run's median so far, of which it is a part:
// above 1 is slower.
func (c *Canary) Ratio(seconds float64) float64 {
	seen := slices.Sorted(slices.Values(c.seen))
	return seconds / ((seen[(len(seen)-1)/2] + seen[len(seen)/2]) / 2)
}

// churn is one slice of work: a multiply-and-xor hash (FNV-1a over words) in
// four lanes. Under the race detector, which has nothing to find here, it would
// take twelve times as long, and so would every run of a test.
//
//go:norace
func churn(words []uint64, seed uint64) uint64 {
	const prime = 0x100000001b3
	a, b, c, d := seed, seed+1, seed+2, seed+3
	for range canaryPasses {
		for w := words; len(w) >= 4; w = w[4:] {
			a = (a ^ w[0]) * prime
			b = (b ^ w[1]) * prime
			c = (c ^ w[2]) * prime
			d = (d ^ w[3]) * prime
		}
	}
	return a ^ b ^ c ^ d
}
