package results

import (
	"fmt"
	"math"
	"slices"
)

// fewBlocks is the number up to which a difference of times or of CPU is told only
// where it is large: Student's t with three blocks errs in up to 4.6 % by the noise
// of the records, and beyond a ratio of large in at most 0.03 %.
const (
	fewBlocks = 5
	large     = 2.0
)

// test is a comparison in numbers: left against right and, for ≈, left against the
// least and the most that right allows. Where that is a share of right, it is one of
// each block's own, so that a host that drifts does not blur it.
type test struct {
	moments
	lo, hi      float64 // what is allowed, on the scale of the moments; both 0 for < and >
	least, most moments // left − what is allowed at least, and at most
}

// within reports whether left lies where right allows it.
func (t test) within() bool { return t.least.mean >= 0 && t.most.mean <= 0 }

// shifted is m with all values less by so much.
func (m moments) shifted(by float64) moments {
	m.mean -= by
	return m
}

// decide holds both sides against the operator.
func (v *CellVerdict) decide(e *Expect, b blocks, level float64, kinds []kind) {
	if !e.Decidable() {
		v.Reason = "no tolerance is given, so that nothing says how near is equal"
		return
	}
	if slices.ContainsFunc(kinds, func(k kind) bool { return k.by == byCount }) {
		v.decideByCount(e, b)
		return
	}
	v.test = testOf(e, b, level, kinds)
	if b.exact && v.test.sd == 0 {
		v.Certain = true
	}
	v.Leans, v.P = v.test.decide(e.operator)
	dear := slices.ContainsFunc(kinds, func(k kind) bool { return k.dear })
	if e.operator != "≈" && !v.Certain && dear && v.test.n <= fewBlocks && !v.far() {
		v.P = 1
		v.Reason = fmt.Sprintf("%d blocks tell only a ratio beyond %g of times and CPU; %d tell smaller ones", v.test.n, large, fewBlocks+1)
	}
}

// far reports whether the sides are beyond a ratio of large. Where a side is 0 or below
// in some block it takes one that is no reckoned difference against nothing at all.
func (v *CellVerdict) far() bool {
	if v.Ratio.N > 0 {
		return v.Ratio.Center > large || v.Ratio.Center < 1/large
	}
	nothing := func(s Summary) bool { return s.Center == 0 && s.Lo == 0 && s.Hi == 0 }
	return !v.Reckoned && (nothing(v.Left) || nothing(v.Right))
}

// testOf forms the comparison: by ratio where nothing stands against it.
func testOf(e *Expect, b blocks, level float64, kinds []kind) test {
	byDifference := slices.ContainsFunc(kinds, func(k kind) bool { return k.by != byRatio })
	var t test
	switch {
	case !byDifference && b.positive() && (e.tolerance == nil || e.relative()):
		t.moments = b.ratios(level)
		if e.tolerance != nil {
			t.lo, t.hi = math.Log(max(0, 1-e.tolerance.v)), math.Log(1+e.tolerance.v)
		}
	case e.relative():
		t.moments = b.differences(level)
		least, most, allowed := b, b, make([]float64, len(b.right))
		least.right, most.right = slices.Clone(b.right), slices.Clone(b.right)
		for i, right := range b.right {
			allowed[i] = e.tolerance.v * math.Abs(right)
			least.right[i] -= allowed[i]
			most.right[i] += allowed[i]
		}
		t.hi = momentsOf(allowed, level).mean
		t.lo, t.least, t.most = -t.hi, least.differences(level), most.differences(level)
		return t
	default:
		t.moments = b.differences(level)
		if e.tolerance != nil {
			t.lo, t.hi = -e.tolerance.v, e.tolerance.v
		}
	}
	t.least, t.most = t.shifted(t.lo), t.shifted(t.hi)
	return t
}

// decide says which way the numbers lean, and with which p, two-sided.
func (t test) decide(operator string) (leans Outcome, p float64) {
	enough := t.n >= MinBlocks
	switch {
	case operator == "≈" && t.within() && enough && t.least.sd == 0 && t.most.sd == 0:
		return Holds, 0
	case operator == "≈" && t.within():
		return Holds, min(1, 2*max(t.least.above(0), t.most.below(0)))
	case operator == "≈":
		return Fails, min(1, 2*min(t.least.below(0), t.most.above(0)))
	case enough && t.sd == 0 && t.mean == 0:
		return Fails, 0
	}
	leans, p = Fails, 2*min(t.below(0), t.above(0))
	if operator == "<" && t.mean < 0 || operator == ">" && t.mean > 0 {
		leans = Holds
	}
	return leans, p
}

// decideByCount judges shares: each block complies with the claim or does not.
func (v *CellVerdict) decideByCount(e *Expect, b blocks) {
	comply := 0
	for i := range b.left {
		one := testOf(e, blocks{left: b.left[i : i+1], right: b.right[i : i+1], exact: true}, 1, []kind{share})
		if leans, _ := one.decide(e.operator); leans == Holds {
			comply++
		}
	}
	v.Certain, v.counted, v.P = true, true, 0
	switch n := len(b.left); comply {
	case n:
		v.Leans = Holds
	case 0:
		v.Leans = Fails
	default:
		v.Leans, v.Reason = CannotTell, fmt.Sprintf("it is so in %d of %d blocks", comply, n)
	}
}
