package main

import (
	"math"
	"slices"

	"pushbench/results"
)

// Two runs share no blocks: what the host did to one it did not do to the
// other. Their samples are therefore compared unpaired, by all pairs at once.
// The shift between them is the median of new−old (or new/old) over all pairs,
// and its interval lies between two order statistics of those (Hodges and
// Lehmann 1963, Moses 1965; M. Hollander, D. A. Wolfe, E. Chicken,
// Nonparametric Statistical Methods, 3rd ed., §4.2–4.3). The interval leaves
// out no difference exactly when the Mann–Whitney U-test at the same level
// sees one.

// shift is a summary of comparing every new value with every old one.
func shift(old, new []float64, compare func(old, new float64) float64) results.Summary {
	s := results.Summary{N: min(len(old), len(new)), Center: math.NaN(), Lo: math.Inf(-1), Hi: math.Inf(1), Confidence: results.Confidence}
	pairs := make([]float64, 0, len(old)*len(new))
	for _, o := range old {
		for _, n := range new {
			pairs = append(pairs, compare(o, n))
		}
	}
	if len(pairs) == 0 || slices.ContainsFunc(pairs, math.IsNaN) {
		return s
	}
	slices.Sort(pairs)
	m := len(pairs)
	s.Center = pairs[(m-1)/2]/2 + pairs[m/2]/2
	if k := shiftRank(len(old), len(new)); k > 0 {
		s.Lo, s.Hi = pairs[k-1], pairs[m-k]
	}
	return s
}

// shiftRank is the greatest k for which the k-th of all pairs from either end
// enclose the true shift with results.Confidence: 2·P(U < k) ≤ 0.05 for the
// Mann–Whitney statistic U of samples of a and b values. It is 0 where not
// even the extremes do (below four values each).
func shiftRank(a, b int) int {
	tail := (1 - results.Confidence) / 2
	const exactUpTo = 40 // beyond it, counting is slow and the normal law close
	if a > exactUpTo || b > exactUpTo {
		mean := float64(a) * float64(b) / 2
		deviation := math.Sqrt(float64(a) * float64(b) * float64(a+b+1) / 12)
		return max(0, int(math.Floor(mean-math.Sqrt2*math.Erfinv(1-2*tail)*deviation)))
	}
	counts := uCounts(a, b)
	var all, below float64
	for _, c := range counts {
		all += c
	}
	for k, c := range counts {
		if below += c; below > tail*all {
			return k
		}
	}
	return len(counts)
}

// uCounts counts the orders of a values among b by their U: how many of the
// a·b pairs are inverted. (Mann and Whitney 1947: the last value of an order
// is of the one sample or of the other.)
func uCounts(a, b int) []float64 {
	row := make([][]float64, b+1)
	for j := range row {
		row[j] = []float64{1} // no value of the first sample: one order, U = 0
	}
	for i := 1; i <= a; i++ {
		next := make([][]float64, b+1)
		next[0] = []float64{1}
		for j := 1; j <= b; j++ {
			// Last of the second sample: it inverts nothing. Last of the
			// first sample: it lies above all j of the second.
			next[j] = make([]float64, i*j+1)
			for u, c := range next[j-1] {
				next[j][u] += c
			}
			for u, c := range row[j] {
				next[j][u+j] += c
			}
		}
		row = next
	}
	return row[b]
}
