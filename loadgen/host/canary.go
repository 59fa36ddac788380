package host

import (
	"errors"
	"math"
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
	seen []float64 // s, sorted
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
	c := &Canary{cpus: slices.Clone(cpus), now: time.Now}
	var sum uint64
	c.work = func() { sum = churn(words, sum) } // sum is kept, so that no compiler drops the work
	for _, s := range earlier {
		c.add(s)
	}
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
	c.add(seconds)
	return seconds, err
}

func (c *Canary) add(seconds float64) {
	if !(seconds > 0) || math.IsInf(seconds, 1) {
		return
	}
	i, _ := slices.BinarySearch(c.seen, seconds)
	c.seen = slices.Insert(c.seen, i, seconds)
}

// Median is the run's median so far, in seconds; NaN before the first
// measurement.
func (c *Canary) Median() float64 {
	n := len(c.seen)
	if n == 0 {
		return math.NaN()
	}
	return (c.seen[(n-1)/2] + c.seen[n/2]) / 2
}

// Ratio is a measurement relative to the run's median so far: above 1 is
// slower. Before the first measurement it is NaN.
func (c *Canary) Ratio(seconds float64) float64 { return seconds / c.Median() }

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
