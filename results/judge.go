package results

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
)

// Outcome is what becomes of a claim.
type Outcome string

// The four outcomes, in one vocabulary from record to report.
const (
	Holds          Outcome = "holds"
	HoldsOnlyWhere Outcome = "holds only where"
	Fails          Outcome = "fails"
	CannotTell     Outcome = "cannot tell"
)

// Verdict is the answer to a claim, with the numbers it rests on.
type Verdict struct {
	Claim   Claim
	Outcome Outcome
	Cells   []CellVerdict // one per combination of the factors the claim leaves open
	Reason  string        // of CannotTell, or what was left out of the judgement
}

// CellVerdict is the answer under one combination of the factors that vary
// beside those that the claim names.
type CellVerdict struct {
	Where     map[string]string // their levels; empty when nothing else varies
	Outcome   Outcome           // never HoldsOnlyWhere
	Left      Summary           // the left side of the expectation, over blocks
	Right     Summary           // the right side
	Diff      Summary           // left − right, formed within each block
	Ratio     Summary           // left ÷ right likewise; no values where right is 0
	Unit      string            // of Left, Right and Diff
	Tolerance float64           // allowed on either side, in Unit; 0 when none is given
	Reckoned  bool              // whether a side is more than one metric or number
	Reason    string            // of CannotTell
}

// Judge holds a claim against the run. Both sides are reckoned within each
// block that kept a trial of every treatment concerned, and the verdict rests
// on the interval of left − right over these blocks:
//
//	<  holds when the interval is below 0, fails when nothing of it is
//	>  the same, mirrored
//	≈  holds when it lies within the tolerance, fails when wholly outside (a
//	   tolerance in % is a share of the right side's median);
//	   without a tolerance: holds when it contains 0, fails when not
//
// Anything between is CannotTell. So is an interval without ends (fewer than
// MinBlocks), a quantile that is not Printable, and for < and > an effect that
// does not stand out from the noise floor, where a twin shows that.
//
// A combination of the remaining factors is judged by itself. The claim holds
// when it holds in all, fails when it fails in all, and holds only where it does
// when it fails elsewhere.
//
// The error says what is wrong with the claim, or that the run cannot bear on
// it; it is an *ExprError where it can point into the expectation.
func (r *Run) Judge(c Claim) (Verdict, error) {
	v, err := r.judge(c)
	if err != nil {
		return Verdict{}, fmt.Errorf("claim %s: %w", c.ID, err)
	}
	return v, nil
}

func (r *Run) judge(c Claim) (Verdict, error) {
	e, err := ParseExpect(c.Expect)
	if err != nil {
		return Verdict{}, err
	}
	cells, left, err := r.cells(c.Where, e)
	if err != nil {
		return Verdict{}, err
	}
	v := Verdict{Claim: c}
	for _, cell := range cells {
		judged, err := r.judgeCell(e, cell)
		if err != nil {
			return Verdict{}, err
		}
		v.Cells = append(v.Cells, judged)
	}
	v.conclude()
	if left > 0 {
		v.Reason = strings.TrimPrefix(v.Reason+fmt.Sprintf("; combinations left out for want of a treatment to compare with: %d", left), "; ")
	}
	return v, nil
}

// conclude draws the outcome of all cells together.
func (v *Verdict) conclude() {
	count := map[Outcome]int{}
	for _, c := range v.Cells {
		count[c.Outcome]++
	}
	switch n := len(v.Cells); {
	case count[Holds] == n:
		v.Outcome = Holds
	case count[Fails] == n:
		v.Outcome = Fails
	case count[Holds] > 0 && count[Fails] > 0:
		v.Outcome = HoldsOnlyWhere
	default:
		v.Outcome = CannotTell
		if n == 1 {
			v.Reason = v.Cells[0].Reason
		} else {
			v.Reason = fmt.Sprintf("%d of %d cases are open", count[CannotTell], n)
		}
	}
}

// judgeCell judges one combination.
func (r *Run) judgeCell(e *Expect, c cell) (CellVerdict, error) {
	v := CellVerdict{Where: c.where, Outcome: CannotTell}
	samples := map[*Term]sample{}
	for _, term := range e.terms() {
		t := c.treatments[term]
		s, err := r.sample(term, t)
		var missing *NoMetricError
		switch {
		case errors.As(err, &missing) && r.records(term.Name): // in other treatments
			v.Reason = err.Error()
		case err != nil:
			return v, &ExprError{Text: e.text, Column: term.Column, Msg: err.Error()}
		}
		if ok, why := r.Printable(t, term.Name); !ok && len(s.byBlock) > 0 && v.Reason == "" {
			v.Reason = fmt.Sprintf("%s: %s", t.Transport(), why)
		}
		samples[term] = s
	}
	unit, err := e.checkUnits(func(t *Term) dimension { return samples[t].unit })
	if err != nil {
		return v, err
	}
	v.Unit = unit.String()
	v.reckon(e, samples)
	if v.Reason != "" {
		return v, nil
	}
	v.Outcome, v.Reason = v.compare(e)
	equal := v.Diff.Lo == 0 && v.Diff.Hi == 0
	if noise, ok := r.noiseUnder(e, c); ok && v.Outcome != CannotTell && !equal && v.Ratio.Finite() &&
		v.Ratio.Lo <= noise.hi && v.Ratio.Hi >= noise.lo {
		v.Outcome = CannotTell
		v.Reason = fmt.Sprintf("the effect does not stand out from the noise floor: two runs of %s lie %s × apart",
			noise.of, FormatInterval(noise.lo, noise.hi, "1"))
	}
	return v, nil
}

// reckon fills in the summaries of both sides, within blocks.
func (v *CellVerdict) reckon(e *Expect, samples map[*Term]sample) {
	var left, right, diff, ratio []float64
	for _, block := range commonBlocks(samples) {
		valueOf := func(t *Term) float64 { return samples[t].at(block) }
		l, r := e.left.value(valueOf), e.right.value(valueOf)
		left, right, diff = append(left, l), append(right, r), append(diff, minus(l, r))
		if r != 0 {
			ratio = append(ratio, l/r)
		}
	}
	v.Reckoned = reckoned(e.left) || reckoned(e.right)
	v.Left, v.Right, v.Diff = Summarize(left), Summarize(right), Summarize(diff)
	if len(ratio) == len(diff) {
		v.Ratio = Summarize(ratio)
	}
	switch {
	case e.relative():
		v.Tolerance = e.tolerance.v * math.Abs(v.Right.Center)
	case e.tolerance != nil:
		v.Tolerance = e.tolerance.v
	}
	if v.Reason != "" {
		return
	}
	switch {
	case v.Diff.N == 0:
		v.Reason = "no block kept a trial of every treatment compared"
	case v.Diff.N < MinBlocks:
		v.Reason = v.Diff.Warnings[0]
	case !v.Diff.Finite():
		v.Reason = "the interval is not finite"
	}
}

// reckoned reports whether a side is more than a metric or a number.
func reckoned(side node) bool {
	switch side.(type) {
	case *Term, *constant:
		return false
	}
	return true
}

// minus is l − r, and 0 where they differ by no more than the rounding of sums:
// what is left of it would be told as a difference, of 3e-09 ns.
func minus(l, r float64) float64 {
	if d := l - r; math.Abs(d) > rounding*max(math.Abs(l), math.Abs(r)) {
		return d
	}
	return 0
}

// rounding of a sum of a few float64, each known to one part in 2^53.
const rounding = 1e-13

// compare holds the interval of the difference against the operator.
func (v *CellVerdict) compare(e *Expect) (Outcome, string) {
	lo, hi := v.Diff.Lo, v.Diff.Hi
	switch e.operator {
	case "<":
		return decide(hi < 0, lo >= 0, "the interval reaches to both sides of no difference")
	case ">":
		return decide(lo > 0, hi <= 0, "the interval reaches to both sides of no difference")
	}
	if e.tolerance == nil {
		return decide(lo <= 0 && hi >= 0, true, "")
	}
	return decide(lo >= -v.Tolerance && hi <= v.Tolerance, lo > v.Tolerance || hi < -v.Tolerance,
		"the interval reaches across the tolerance")
}

func decide(holds, fails bool, open string) (Outcome, string) {
	switch {
	case holds:
		return Holds, ""
	case fails:
		return Fails, ""
	}
	return CannotTell, open
}

// commonBlocks are the blocks in which every measured term has a value.
func commonBlocks(samples map[*Term]sample) []int {
	var common map[int]bool
	for _, s := range samples {
		if !s.measured {
			continue
		}
		blocks := map[int]bool{}
		for block := range s.byBlock {
			blocks[block] = common == nil || common[block]
		}
		maps.DeleteFunc(blocks, func(_ int, in bool) bool { return !in })
		common = blocks
	}
	return slices.Sorted(maps.Keys(common))
}
