package results

import (
	"math"
	"slices"
	"sync"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

// The block is the unit of repetition. What a host does to one treatment of a
// block it does to the other, so comparisons are formed within each block, and
// summarised over blocks by their mean with Student's t interval. Nothing is left
// out for noise: noise makes intervals wide.

// Confidence is the level of every interval, where a file was looked at once.
const Confidence = 0.95

// MinBlocks is the least number of blocks for which an interval is given.
const MinBlocks = 3

// Summary is the mean of a set of values, one per block, with an interval that
// holds the true mean with the given confidence.
type Summary struct {
	N              int
	Center, Lo, Hi float64 // NaN, −Inf and +Inf when there is no value
	Exact          bool    // fixed by the protocol, and the same in every block
}

// Finite reports whether the interval says anything: with fewer than MinBlocks
// values it does not.
func (s Summary) Finite() bool {
	return !math.IsInf(s.Lo, 0) && !math.IsInf(s.Hi, 0) && !math.IsNaN(s.Center)
}

// Summarize takes the geometric mean and its interval where all values are above
// 0, since what disturbs a time or a cost does so in proportion to it; elsewhere
// the arithmetic mean.
func Summarize(values []float64) Summary {
	return spread(values, 1-Confidence).summary()
}

// moments is a set of values on the scale on which they are summarised.
type moments struct {
	n        int
	mean, sd float64
	log      bool
	alpha    float64
	nan      bool
}

// spread takes the moments of values, of their logarithms where all are above 0.
func spread(values []float64, alpha float64) moments {
	if !positive(values) {
		return momentsOf(values, alpha)
	}
	logs := make([]float64, len(values))
	for i, v := range values {
		logs[i] = math.Log(v)
	}
	m := momentsOf(logs, alpha)
	m.log = true
	return m
}

// positive reports whether there are values, all above 0.
func positive(values []float64) bool { return len(values) > 0 && slices.Min(values) > 0 }

// momentsOf takes the moments of values as they are.
func momentsOf(values []float64, alpha float64) moments {
	m := moments{n: len(values), alpha: alpha}
	m.nan = slices.ContainsFunc(values, func(v float64) bool { return math.IsNaN(v) || math.IsInf(v, 0) })
	if m.n == 0 || m.nan {
		m.mean = math.NaN()
		return m
	}
	m.mean = stat.Mean(values, nil)
	if m.n > 1 {
		m.sd = stat.StdDev(values, nil)
	}
	// What is left of adding up equals is no spread, and what is left of adding up
	// what cancels is no mean.
	largest := max(slices.Max(values), -slices.Min(values))
	if m.sd <= rounding*largest {
		m.sd = 0
	}
	if math.Abs(m.mean) <= rounding*largest {
		m.mean = 0
	}
	return m
}

// rounding of a sum of a few float64, each known to one part in 2^53.
const rounding = 1e-13

// widened is m with room for one step of what was counted, where all values are
// equal: that a count came out the same in a few blocks does not make it exact.
func (m moments) widened(grain float64) moments {
	if m.n > 1 && m.sd == 0 && grain > 0 {
		m.sd = grain * math.Sqrt(float64(m.n)) / quantileT(1-m.alpha/2, m.n)
	}
	return m
}

// half is half of the interval at m's level.
func (m moments) half() float64 {
	if m.n < MinBlocks || m.nan {
		return math.Inf(1)
	}
	return quantileT(1-m.alpha/2, m.n) * m.sd / math.Sqrt(float64(m.n))
}

// summary is m on the scale of the values.
func (m moments) summary() Summary {
	s := Summary{N: m.n, Center: m.mean, Lo: m.mean - m.half(), Hi: m.mean + m.half()}
	if m.log {
		s.Center, s.Lo, s.Hi = math.Exp(m.mean), math.Exp(s.Lo), math.Exp(s.Hi)
	}
	if m.n < MinBlocks || m.nan {
		s.Lo, s.Hi = math.Inf(-1), math.Inf(1)
	}
	return s
}

// above is how unlikely values like these are where their true mean is bound or
// less: the one-sided p of Student's t.
func (m moments) above(bound float64) float64 {
	switch {
	case m.n < MinBlocks || m.nan:
		return 1
	case m.sd == 0:
		if m.mean > bound {
			return 0
		}
		return 1
	}
	t := (m.mean - bound) / (m.sd / math.Sqrt(float64(m.n)))
	return 1 - studentsT(m.n).CDF(t)
}

// below is the same with the true mean at bound or more.
func (m moments) below(bound float64) float64 {
	m.mean = -m.mean
	return m.above(-bound)
}

func studentsT(n int) distuv.StudentsT {
	return distuv.StudentsT{Mu: 0, Sigma: 1, Nu: float64(n - 1)}
}

// quantileT is the quantile of Student's t for n values. It is kept, since finding one
// takes longer than the rest of a verdict.
func quantileT(p float64, n int) float64 {
	type of struct {
		p float64
		n int
	}
	if known, ok := quantiles.Load(of{p, n}); ok {
		return known.(float64)
	}
	q := studentsT(n).Quantile(p)
	quantiles.Store(of{p, n}, q)
	return q
}

var quantiles sync.Map

// Holm adjusts p values for their number (Holm, Scand. J. Statist. 6, 1979): each
// that is at most the level rejects, with the chance of any false rejection among
// them held to the level.
func Holm(p []float64) []float64 {
	order := make([]int, len(p))
	floats.ArgsortStable(slices.Clone(p), order)
	adjusted, most := make([]float64, len(p)), 0.0
	for rank, i := range order {
		most = max(most, min(1, float64(len(p)-rank)*p[i]))
		adjusted[i] = most
	}
	return adjusted
}

// The looks of a run share its error, which they spend one after the other (Lan and
// DeMets, Biometrika 70, 1983). Those that were planned share it equally. All others
// together have beyond, each half of what is left.
const beyond = 0.01

// levelOf is the level of the last of so many looks, of which so many were planned.
func levelOf(planned, further int) float64 {
	if further > 0 {
		return beyond * math.Pow(2, -float64(further))
	}
	return (1 - Confidence) / float64(max(planned, 1))
}
