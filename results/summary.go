package results

import (
	"fmt"
	"math"
	"slices"

	"golang.org/x/perf/benchmath"
)

// Confidence is the level of every interval.
const Confidence = 0.95

// MinBlocks is the least number of values whose median has a finite interval at
// that level: of five, the chance that all lie on one side of the median is
// 2 · ½⁵ = 6.25 %, of six it is 3.1 %.
const MinBlocks = 6

// Summary is the median of a set of values, one per block, and an interval that
// holds the true median with the given confidence whatever the distribution.
type Summary struct {
	N              int
	Center, Lo, Hi float64 // NaN, −Inf and +Inf when there is no value
	Confidence     float64 // of the interval: at least 0.95
	Warnings       []string
}

// Finite reports whether the interval says anything: with fewer than MinBlocks
// values it does not.
func (s Summary) Finite() bool {
	return !math.IsInf(s.Lo, 0) && !math.IsInf(s.Hi, 0) && !math.IsNaN(s.Center)
}

// Summarize takes the median and its interval between two order statistics as
// benchmath reckons them, assuming nothing of the distribution.
//
// For some n, 8 and 11 among them, benchmath leaves out the greatest value but
// not the least, since that is the narrower of two intervals that would do. Then
// "a is below b" and "b is above a" could get different verdicts, so the
// interval is widened to hold the mirror image of that of −x.
func Summarize(values []float64) Summary {
	n := len(values)
	s := Summary{N: n, Center: math.NaN(), Lo: math.Inf(-1), Hi: math.Inf(1), Confidence: 1}
	if slices.ContainsFunc(values, math.IsNaN) {
		s.Warnings = []string{"a value is not a number"}
		return s
	}
	x, mirrored := slices.Clone(values), make([]float64, n) // benchmath sorts in place
	for i, v := range values {
		mirrored[i] = -v
	}
	there, back := medianOf(x), medianOf(mirrored)
	s.Center, s.Lo, s.Hi, s.Confidence = there.Center, min(there.Lo, -back.Hi), max(there.Hi, -back.Lo), there.Confidence
	if n < MinBlocks {
		s.Lo, s.Hi, s.Confidence = math.Inf(-1), math.Inf(1), 1
		s.Warnings = []string{fmt.Sprintf("n = %d: an interval at %g %% takes at least %d values", n, 100*Confidence, MinBlocks)}
	}
	return s
}

func medianOf(x []float64) benchmath.Summary {
	return benchmath.AssumeNothing.Summary(benchmath.NewSample(x, &benchmath.DefaultThresholds), Confidence)
}

// Unpaired tells how likely two samples of one law would lie this far apart or
// farther, by benchmath's Mann–Whitney U-test. It is for two runs, which share
// no blocks: what the host did to one it did not do to the other. Below 4
// values each it cannot see any difference, and neither where a value is not a
// number.
func Unpaired(a, b []float64) (p float64) {
	if slices.ContainsFunc(slices.Concat(a, b), math.IsNaN) {
		return 1 // benchmath would look for its rank for ever
	}
	sample := func(x []float64) *benchmath.Sample {
		return benchmath.NewSample(slices.Clone(x), &benchmath.DefaultThresholds) // it sorts in place
	}
	return benchmath.AssumeNothing.Compare(sample(a), sample(b)).P
}
