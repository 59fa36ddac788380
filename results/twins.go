package results

import (
	"errors"
	"maps"
)

// A scenario may run a treatment a second time under a label, as ws#twin beside ws.
// Both are the same: what differs between them is what the ruler makes of noise, in
// about one comparison of twenty. Twins check the ruler, and gate no verdict.

// twinLabel marks the second one.
const twinLabel = "#twin"

// twin is the treatment that is the twin of t, where there is one.
func (t Treatment) twin() Treatment {
	twin := maps.Clone(t)
	twin["transport"] += twinLabel
	return twin
}

// TwinPair is a twin held against its original in one metric.
type TwinPair struct {
	Treatment Treatment // the original
	Metric    string
	Ratio     Summary // twin over original; no values where a side is not above 0
	P         float64 // of the difference, by chance alone
	Exact     bool    // both are fixed, so that chance has no part in it
}

// Differs reports whether the ruler takes the two for different.
func (p TwinPair) Differs() bool { return p.P <= 1-Confidence }

// Twins compares each twin of the run with its original by the given metrics. What
// has too few blocks, or may not be quoted, is left out.
func (r *Run) Twins(metrics []string) []TwinPair {
	var pairs []TwinPair
	for _, t := range r.Treatments() {
		for _, metric := range metrics {
			if pair, ok := r.twinPair(t, metric); ok {
				pairs = append(pairs, pair)
			}
		}
	}
	return pairs
}

func (r *Run) twinPair(t Treatment, metric string) (TwinPair, bool) {
	twin := t.twin()
	both, err := r.paired(twin, t, metric)
	info, known := Describe(metric)
	okT, _ := r.Printable(t, metric)
	okTwin, _ := r.Printable(twin, metric)
	if err != nil || !known || !okT || !okTwin || len(both.left) < MinBlocks {
		return TwinPair{}, false
	}
	test := testOf(&Expect{operation: operation{operator: "<"}}, both, 1-Confidence, []kind{info.kind})
	pair := TwinPair{Treatment: t, Metric: metric, P: min(1, 2*min(test.above(0), test.below(0))), Exact: both.exact}
	if both.positive() {
		pair.Ratio = both.ratios(1 - Confidence).summary()
	}
	return pair, true
}

// paired is a metric of two treatments in the blocks that have both.
func (r *Run) paired(a, b Treatment, metric string) (both blocks, err error) {
	ofA, errA := r.Sample(a, metric)
	ofB, errB := r.Sample(b, metric)
	for block, v := range inOrder(ofA.Values) {
		if w, found := ofB.Values[block]; found {
			both.left, both.right = append(both.left, v), append(both.right, w)
		}
	}
	both.grain, both.exact = max(ofA.Grain, ofB.Grain), ofA.Exact && ofB.Exact
	return both, errors.Join(errA, errB)
}

// twins reports whether an expectation holds a metric of a treatment against the same
// metric of its twin, and nothing else.
func twins(e *Expect, c cell) bool {
	left, isTerm := e.left.(*Term)
	right, both := e.right.(*Term)
	if !isTerm || !both || left.Name != right.Name {
		return false
	}
	l, r := c.treatments[left], c.treatments[right]
	return maps.Equal(l.twin(), r) || maps.Equal(l, r.twin())
}

// checkRuler holds two that are the same against each other, one pair of so many of
// the claim: they count as equal unless all pairs together look different by more than
// the usual chance. No tolerance is needed.
func (v *CellVerdict) checkRuler(e *Expect, b blocks, kinds []kind, pairs int) {
	test := testOf(e, b, 1-Confidence, kinds)
	v.Certain, v.P, v.Leans = true, 0, Holds
	if 2*min(test.above(0), test.below(0)) <= (1-Confidence)/float64(pairs) {
		v.Leans = Fails
	}
	v.Notes = append(v.Notes, "two of a kind: a check of the ruler, which takes them for different in about one such claim of twenty")
}
