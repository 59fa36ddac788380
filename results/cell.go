package results

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"

	"gonum.org/v1/gonum/stat"
)

// CellVerdict is the answer under one combination of the factors that vary
// beside those that the claim names.
type CellVerdict struct {
	Where     map[string]string // their levels; empty when nothing else varies
	Outcome   Outcome           // never HoldsOnlyWhere
	Left      Summary           // the left side of the expectation, over blocks
	Right     Summary           // the right side
	Diff      Summary           // left − right, formed within each block
	Ratio     Summary           // left ÷ right likewise; no values where a side is not above 0
	Unit      string            // of Left, Right and Diff
	Tolerance float64           // allowed on either side, in Unit; 0 when none is given
	Reckoned  bool              // whether a side is more than one metric or number
	Reason    string            // why it is open, where the numbers do not say so themselves
	Notes     []string

	Leans   Outcome // Holds or Fails, if P is small enough
	P       float64 // chance of leaning so where it is not so
	Certain bool    // no chance is in it: exact on both sides, or judged by counts
	counted bool    // judged by counts

	test      test    // what decided it
	strictest float64 // level that the claim is held against where it has the least p
}

// blocks are the values of both sides, block by block.
type blocks struct {
	left, right []float64
	grain       float64 // one step of what is counted on either side
	exact       bool
}

// judgeCell judges one combination of so many.
func (r *Run) judgeCell(e *Expect, c cell, cells int) (CellVerdict, error) {
	v := CellVerdict{Where: c.where, Leans: CannotTell, P: 1}
	samples := map[*Term]sample{}
	for _, term := range e.terms {
		t := c.treatments[term]
		s, err := r.sample(term, t)
		var missing *NoMetricError
		switch {
		case errors.As(err, &missing) && r.records(term.Name): // in other treatments
			v.Reason = err.Error()
		case err != nil:
			return v, &ExprError{Text: e.place.Text, Column: term.Column, Msg: err.Error()}
		}
		if why := r.unfit(t, term.Name, len(s.values.Values) > 0); s.measured && why != "" && v.Reason == "" {
			v.Reason = why
		}
		samples[term] = s
	}
	unit, err := e.unit(func(t *Term) dimension { return samples[t].unit })
	if err != nil {
		return v, err
	}
	v.Unit = unit.String()
	both := reckon(e, samples)
	v.describe(e, both, r.level())
	if v.Reason == "" {
		v.Reason = r.tooFew(e, c, samples, len(both.left))
	}
	if v.Reason != "" {
		return v, nil
	}
	if !e.Decidable() && twins(e, c) {
		v.checkRuler(e, both, kindsOf(samples), cells)
		return v, nil
	}
	v.decide(e, both, r.level(), kindsOf(samples))
	r.consult(e, c, samples, &v)
	return v, nil
}

// unfit says why a metric of a treatment cannot be judged, "" where it can.
func (r *Run) unfit(t Treatment, metric string, measured bool) string {
	if ok, why := r.Printable(t, metric); !ok && measured {
		return fmt.Sprintf("%s: %s", t.Transport(), why)
	}
	if sound, tried := r.SoundBlocks(t); 4*sound < 3*tried {
		return fmt.Sprintf("%s: only %d of %d trials are sound", t.Transport(), sound, tried)
	}
	return ""
}

// reckon takes both sides in each block that has all that is compared.
func reckon(e *Expect, samples map[*Term]sample) blocks {
	b := blocks{exact: true}
	for _, s := range samples {
		b.exact = b.exact && (s.values.Exact || !s.measured)
	}
	for _, block := range commonBlocks(samples) {
		valueOf := func(t *Term) float64 { return samples[t].at(block) }
		b.left, b.right = append(b.left, e.left.value(valueOf)), append(b.right, e.right.value(valueOf))
	}
	for _, side := range []node{e.left, e.right} {
		b.grain = max(b.grain, stepOf(side, samples))
	}
	return b
}

// stepOf is how much a side changes when one metric in it changes by one step: of
// the metric by which it changes most, since a sum of counts is a count.
func stepOf(side node, samples map[*Term]sample) (step float64) {
	with := func(moved *Term) float64 {
		return side.value(func(t *Term) float64 {
			s := samples[t]
			if !s.measured {
				return s.constant
			}
			v := stat.Mean(s.values.inOrder(), nil)
			if t == moved {
				v += s.values.Grain
			}
			return v
		})
	}
	still := with(nil)
	for t := range samples {
		if change := math.Abs(with(t) - still); finite(change) {
			step = max(step, change)
		}
	}
	return step
}

// kindsOf is what sorts of numbers are compared.
func kindsOf(samples map[*Term]sample) (ks []kind) {
	for term, s := range samples {
		if info, ok := Describe(term.Name); ok && s.measured {
			ks = append(ks, info.kind)
		}
	}
	return ks
}

// describe fills in what a reader is told of both sides.
func (v *CellVerdict) describe(e *Expect, b blocks, level float64) {
	v.Reckoned = reckoned(e.left) || reckoned(e.right)
	v.Left, v.Right = spread(b.left, level).summary(), spread(b.right, level).summary()
	v.Diff = b.differences(level).summary()
	v.Diff.Exact = b.exact && v.Diff.Lo == v.Diff.Hi
	if b.positive() {
		v.Ratio = b.ratios(level).summary()
	}
	switch {
	case e.relative():
		v.Tolerance = e.tolerance.v * math.Abs(v.Right.Center)
	case e.tolerance != nil:
		v.Tolerance = e.tolerance.v
	}
}

// differences are left − right, with room for one step of what was counted.
func (b blocks) differences(level float64) moments {
	values := make([]float64, len(b.left))
	for i, l := range b.left {
		values[i] = minus(l, b.right[i])
	}
	m := momentsOf(values, level)
	if b.exact {
		return m
	}
	return m.widened(b.grain)
}

// positive reports whether there are values, all above 0.
func (b blocks) positive() bool { return positive(b.left) && positive(b.right) }

// ratios are the logarithms of left ÷ right, with the same room, of sides above 0.
func (b blocks) ratios(level float64) moments {
	values := make([]float64, len(b.left))
	for i, l := range b.left {
		if r := b.right[i]; minus(l, r) != 0 {
			values[i] = math.Log(l) - math.Log(r)
		}
	}
	m := momentsOf(values, level)
	m.log = true
	if least := min(slices.Min(b.left), slices.Min(b.right)); !b.exact {
		m = m.widened(b.grain / least)
	}
	return m
}

// reckoned reports whether a side is more than a metric or a number.
func reckoned(side node) bool {
	_, isOperation := side.(*operation)
	return isOperation
}

// minus is l − r, and 0 where they differ by no more than the rounding of sums:
// what is left of it would be told as a difference, of 3e-09 ns.
func minus(l, r float64) float64 {
	if d := l - r; math.Abs(d) > rounding*max(math.Abs(l), math.Abs(r)) {
		return d
	}
	return 0
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

// commonBlocks are the blocks in which every measured term has a value.
func commonBlocks(samples map[*Term]sample) []int {
	values, measured := map[int]int{}, 0 // how many each block has, of so many
	for _, s := range samples {
		if s.measured {
			measured++
		}
		for block := range s.values.Values {
			values[block]++
		}
	}
	maps.DeleteFunc(values, func(_, n int) bool { return n < measured })
	return slices.Sorted(maps.Keys(values))
}

// tooFew says why there are too few blocks to judge by, "" where there are enough.
func (r *Run) tooFew(e *Expect, c cell, samples map[*Term]sample, n int) string {
	if n >= MinBlocks {
		return ""
	}
	for _, term := range e.terms {
		s := samples[term]
		if t := c.treatments[term]; s.measured && len(s.values.Values) < MinBlocks {
			if why := r.whyMissing(t, term.Name); why != "" {
				in := map[int]string{0: "no block", 1: "1 block"}
				return fmt.Sprintf("%s of %s counts in %s: %s", term.Name, t.Transport(), cmp.Or(in[len(s.values.Values)], fmt.Sprintf("%d blocks", len(s.values.Values))), why)
			}
		}
	}
	if n == 0 {
		return "no block has all that is compared"
	}
	return fmt.Sprintf("n = %d: an interval takes at least %d blocks", n, MinBlocks)
}

// whyMissing is the rule that most often kept trials of t out of a metric.
func (r *Run) whyMissing(t Treatment, metric string) string {
	often := map[string]int{}
	for _, trial := range r.trialsOf(t) {
		if broken := trial.Voids(metric); len(broken) > 0 {
			often[broken[0].Text]++
		}
	}
	texts := slices.Sorted(maps.Keys(often))
	if len(texts) == 0 {
		return ""
	}
	return slices.MaxFunc(texts, func(a, b string) int { return often[a] - often[b] })
}
