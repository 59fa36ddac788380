package results

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/stat"
)

// Between runs the run is the unit of repetition: two runs of one build on one host,
// paired by block, differ in most of what has any noise, since each has a state of the
// host to itself. Builds are compared by pairs of runs, one of each build, that
// alternate; what differs from pair to pair is the noise.

// Quantity is what a comparison of runs is of: a metric, or what is reckoned of several.
type Quantity struct {
	Name string
	Of   func(r *Run, t Treatment) (Sample, error) // its values over blocks
}

// Change is how a quantity of a treatment changed from one build to another.
type Change struct {
	Treatment Treatment
	Quantity  string
	Unit      string
	Old, New  Summary // over the runs of each build
	By        Summary // new ÷ old, or new − old where a value is not above 0, over pairs
	Ratio     bool    // which of both
	Exact     bool    // fixed by the protocol: equal or not, without chance
	P         float64 // of no change
	Adjusted  float64 // the same among all changes of the comparison
	Shows     float64 // least change that would have shown: a share of old, or in Unit
	Why       string  // nothing is said of it

	over moments // what By is of
}

// Differs reports whether the builds differ.
func (c Change) Differs() bool { return c.Why == "" && c.Adjusted <= 1-Confidence }

// BetweenRuns compares builds, run old[i] with run new[i] for each i, in each quantity
// of each treatment that the first run has. A run is its mean over blocks, geometric
// where all values are above 0. Student's t over pairs tells a change, after Holm over
// all that are not exact; it takes three pairs.
func BetweenRuns(old, new []*Run, quantities ...Quantity) ([]Change, error) {
	if len(old) != len(new) || len(old) == 0 {
		return nil, fmt.Errorf("compare builds: there are %d runs of the old and %d of the new; give as many of each, in the order in which they ran", len(old), len(new))
	}
	var changes []Change
	var byChance []int
	var p []float64
	for _, t := range old[0].Treatments() {
		for _, q := range quantities {
			c := change(old, new, t, q)
			if c.Why == "" && !c.Exact {
				byChance, p = append(byChance, len(changes)), append(p, c.P)
			}
			changes = append(changes, c)
		}
	}
	for k, adjusted := range Holm(p) {
		c := &changes[byChance[k]]
		c.Adjusted = adjusted
		c.over.alpha = (1 - Confidence) / float64(len(byChance))
		if c.Shows = c.over.half(); c.Ratio {
			c.Shows = math.Expm1(c.Shows)
		}
	}
	return changes, nil
}

// change is one row of a comparison, its p not yet adjusted.
func change(old, new []*Run, t Treatment, q Quantity) Change {
	c := Change{Treatment: t, Quantity: q.Name, P: 1, Adjusted: 1, Exact: true, Ratio: true}
	var pairs [][2]Sample
	for i := range old {
		before, err := q.Of(old[i], t)
		after, errAfter := q.Of(new[i], t)
		var missing *NoMetricError
		switch err := cmp.Or(err, errAfter); {
		case errors.As(err, &missing) && !missing.Empty:
			c.Why = "a run has no " + missing.Metric
			return c
		case err != nil:
			c.Why = err.Error()
			return c
		}
		if len(before.Values) == 0 || len(after.Values) == 0 {
			continue
		}
		pairs = append(pairs, [2]Sample{before, after})
		for _, s := range pairs[len(pairs)-1] {
			if c.Unit != "" && s.Unit != c.Unit {
				c.Why = fmt.Sprintf("it is in %s in one run and in %s in another", c.Unit, s.Unit)
				return c
			}
			c.Unit, c.Exact = s.Unit, c.Exact && s.Exact
			c.Ratio = c.Ratio && positive(s.inOrder())
		}
	}
	if len(pairs) == 0 {
		c.Why = "no pair of runs has a value that counts"
		return c
	}
	c.reckon(pairs)
	return c
}

// reckon takes each run as its mean, and compares the pairs.
func (c *Change) reckon(pairs [][2]Sample) {
	both := blocks{exact: c.Exact}
	for _, pair := range pairs {
		both.left, both.right = append(both.left, pair[1].mean(c.Ratio)), append(both.right, pair[0].mean(c.Ratio))
		both.grain = max(both.grain, pair[0].Grain, pair[1].Grain)
	}
	before, after := both.right, both.left
	c.Old, c.New = Summarize(before), Summarize(after)
	if c.over = both.differences(1 - Confidence); c.Ratio {
		c.over = both.ratios(1 - Confidence)
	}
	c.By = c.over.summary()
	switch {
	case c.Exact && (slices.Min(before) != slices.Max(before) || slices.Min(after) != slices.Max(after)):
		c.Why = "it is fixed by the protocol, and differs between runs of one build"
	case c.Exact:
		c.By.Lo, c.By.Hi, c.By.Exact = c.By.Center, c.By.Center, true
		if c.over.mean != 0 {
			c.P, c.Adjusted = 0, 0
		}
	case len(pairs) < MinBlocks:
		c.Why = fmt.Sprintf("n = %d: a change takes at least %d pairs of runs, of both builds by turns", len(pairs), MinBlocks)
	default:
		c.P = min(1, 2*min(c.over.above(0), c.over.below(0)))
	}
}

// mean is the mean over blocks, geometric where it is to be.
func (s Sample) mean(geometric bool) float64 {
	values := s.inOrder()
	switch {
	case slices.Min(values) == slices.Max(values):
		return values[0] // to the last digit
	case geometric:
		return stat.GeometricMean(values, nil)
	}
	return stat.Mean(values, nil)
}
