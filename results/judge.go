package results

import (
	"fmt"
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
	Notes   []string      // what a reader must know beside it, as footnotes
	Takes   Takes         // what deciding it takes, of CannotTell
	Err     error         // the claim cannot bear on this run: an *ExprError where it can point into it
}

// Judge holds claims against the run, all that are made of it together.
//
// Both sides of an expectation are reckoned within each block that has them, and
// compared as the logarithm of their ratio, or as their difference where a side may
// be 0, where the tolerance is absolute, or where they are latencies:
//
//	<  holds when Student's t says that the left side is less, fails when greater
//	>  the same, mirrored
//	≈  holds when two one-sided tests put it within the tolerance, which is the
//	   95 % interval lying there, fails when they put it outside
//
// A combination of the factors that a claim leaves open is judged by itself. The
// claim is the unit: it holds (or fails) if it does in every combination, and its p
// is the largest of theirs, held against the level after Holm's correction over the
// claims that chance could decide. It holds only where it does if it fails elsewhere:
// its p is the larger of the least p of those that hold and of those that fail, each
// after Holm over its own combinations. Everything else cannot tell.
func (r *Run) Judge(claims []Claim) []Verdict {
	vs := make([]Verdict, len(claims))
	var byChance []int // claims that chance could decide
	var p []float64
	for i, c := range claims {
		vs[i] = r.judgeCells(c)
		if _, own, chance := vs[i].leaning(); chance {
			byChance, p = append(byChance, i), append(p, own)
		}
	}
	level := r.level()
	strictest := level / float64(max(len(byChance), 1)) // of those that Holm holds a claim against
	adjusted := make([]float64, len(vs))                // 0 where chance has no part
	for k, p := range Holm(p) {
		adjusted[byChance[k]] = p
	}
	for i := range vs {
		vs[i].conclude(adjusted[i], level, strictest)
		vs[i].takes(r, len(byChance))
	}
	return vs
}

// judgeCells judges every combination by itself.
func (r *Run) judgeCells(c Claim) Verdict {
	v := Verdict{Claim: c, Outcome: CannotTell}
	refuse := func(err error) Verdict {
		v.Cells, v.Err, v.Reason = nil, fmt.Errorf("claim %s: %w", c.ID, err), err.Error()
		return v
	}
	e, err := ParseExpect(c.Expect)
	if err != nil {
		return refuse(err)
	}
	cells, left, err := r.cells(c.Where, e)
	if err != nil {
		return refuse(err)
	}
	for _, cell := range cells {
		judged, err := r.judgeCell(e, cell, len(cells))
		if err != nil {
			return refuse(err)
		}
		v.Cells = append(v.Cells, judged)
		v.Notes = AddNew(v.Notes, judged.Notes...)
	}
	if left > 0 {
		v.Reason = fmt.Sprintf("combinations left out for want of a treatment to compare with: %d", left)
	}
	return v
}

// leaning is the outcome that the cells lean to, with the claim's p as Judge has it.
// Chance has a part in it unless all is exact, or nothing could be tested.
func (v *Verdict) leaning() (o Outcome, p float64, chance bool) {
	most, least := 0.0, map[Outcome]float64{}
	for i, adjusted := range v.holm() {
		leans := v.Cells[i].Leans
		most = max(most, v.Cells[i].P)
		chance = chance || !v.Cells[i].Certain && v.Cells[i].test.n > 0
		if p, found := least[leans]; !found || adjusted < p {
			least[leans] = adjusted
		}
	}
	_, holds := least[Holds]
	_, fails := least[Fails]
	_, open := least[CannotTell]
	switch {
	case holds && fails:
		return HoldsOnlyWhere, max(least[Holds], least[Fails]), chance
	case holds && !open:
		return Holds, most, chance
	case fails && !open:
		return Fails, most, chance
	}
	return CannotTell, 1, chance
}

// conclude draws the outcome of all cells together, given the claim's p among those of
// the other claims. A cell is one of so many cells where the claim holds only somewhere,
// and one of so many claims besides where it is open.
func (v *Verdict) conclude(p, level, strictest float64) {
	leans, own, _ := v.leaning()
	among := 1.0 // by how much Holm raised the claim's p
	if own > 0 {
		among = max(1, p/own)
	}
	decided := leans != CannotTell && p <= level
	count := map[Outcome]int{}
	for i, adjusted := range v.holm() {
		c := &v.Cells[i]
		c.strictest = strictest
		c.Outcome = c.Leans
		switch {
		case decided && (leans != HoldsOnlyWhere || adjusted <= level):
		case decided || adjusted > level:
			c.Outcome = CannotTell
		case adjusted*among > level:
			c.Outcome = CannotTell
			if c.Reason == "" {
				c.Reason = "among so many claims it does not stand out"
			}
		}
		count[c.Outcome]++
	}
	switch n := len(v.Cells); {
	case decided:
		v.Outcome = leans
	case n > 0: // it was not refused
		v.Reason = strings.TrimPrefix(v.Reason+"; "+v.open(count, n), "; ")
	}
}

// holm is the p of each cell among the others.
func (v *Verdict) holm() []float64 {
	ps := make([]float64, len(v.Cells))
	for i, c := range v.Cells {
		ps[i] = c.P
	}
	return Holm(ps)
}

// open says why the claim as a whole is open.
func (v *Verdict) open(count map[Outcome]int, n int) string {
	switch first := slices.IndexFunc(v.Cells, func(c CellVerdict) bool { return c.Outcome == CannotTell }); {
	case n > 1 && count[Holds] > 0:
		return fmt.Sprintf("holds in %d of %d", count[Holds], n)
	case n > 1 && count[Fails] > 0:
		return fmt.Sprintf("fails in %d of %d", count[Fails], n)
	case v.Cells[first].Reason != "":
		return v.Cells[first].Reason
	default:
		return v.Cells[first].undecided()
	}
}

// Decided reports whether a verdict is one way or the other.
func (v Verdict) Decided() bool { return v.Outcome != CannotTell }
