package results

import (
	"fmt"
	"math"
	"slices"
	"sort"
	"time"

	"pushbench/servers/units"
)

// An open claim says what it could have told, and what telling would take.

// undecided says which difference would have shown, whatever came out of the other
// claims.
func (v CellVerdict) undecided() string {
	v.test.alpha = v.strictest
	half := v.test.half()
	if !finite(half) {
		return "nothing could have shown"
	}
	if v.test.lo != 0 || v.test.hi != 0 {
		return "the interval reaches across the tolerance"
	}
	shown := units.Format(half, v.Unit)
	if v.test.log {
		shown = units.Format(math.Expm1(half), "%")
	}
	return fmt.Sprintf("a difference above %s would have shown", shown)
}

// mostBlocks is how many blocks are counted for an open claim before it is said to
// take more than anybody would wait for.
const mostBlocks = 1000

// power is the chance with which that many blocks would decide what is so.
const power = 0.8

// Takes is what it takes to decide an open claim, as far as its numbers tell.
type Takes struct {
	Blocks int           // more than there are; 0: nothing is known, mostBlocks: more than anybody would wait for
	Time   time.Duration // for them, as long as a block of this run took; 0 where that is not known
}

// String tells it: "about 14 more blocks, 7 min, as one planned look".
func (t Takes) String() string {
	switch {
	case t.Blocks == 0:
		return ""
	case t.Blocks >= mostBlocks:
		return fmt.Sprintf("more than %d blocks more would not tell", mostBlocks)
	}
	s := fmt.Sprintf("about %d more blocks", t.Blocks)
	if t.Blocks == 1 {
		s = "about 1 more block"
	}
	switch {
	case t.Time >= 2*time.Hour:
		s += fmt.Sprintf(", %.0f h", t.Time.Hours())
	case t.Time >= 90*time.Second:
		s += fmt.Sprintf(", %.0f min", t.Time.Minutes())
	case t.Time > 0:
		s += fmt.Sprintf(", %.0f s", t.Time.Seconds())
	}
	return s + ", as one planned look"
}

// takes fills in what deciding the verdict at the next look takes, among so many claims:
// nothing is known where blocks alone decide not all that is open.
func (v *Verdict) takes(r *Run, claims int) {
	if v.Decided() {
		return
	}
	level := r.nextLevel() / float64(max(claims, 1))
	for _, c := range v.with(CannotTell) {
		more := c.takes(level)
		if more == 0 {
			v.Takes.Blocks = 0
			return
		}
		v.Takes.Blocks = max(v.Takes.Blocks, more)
	}
	if v.Takes.Blocks < mostBlocks {
		v.Takes.Time = time.Duration(v.Takes.Blocks) * r.blockTime()
	}
}

// takes is how many more blocks would decide the cell, with the spread that there is.
func (v CellVerdict) takes(level float64) int {
	t := v.test
	apart := t.apart()
	if t.n < MinBlocks || t.nan || !(apart > 0) || v.Leans == CannotTell { // a generator stays late
		return 0
	}
	enough := func(n int) bool {
		return n > t.n && (v.Reason == "" || n > fewBlocks) &&
			quantileT(1-level/2, n)+quantileT(power, n) <= apart*math.Sqrt(float64(n))
	}
	return sort.Search(mostBlocks, func(more int) bool { return enough(t.n + more) })
}

// apart is how far, in standard deviations, the numbers are from where the test would
// come out the other way.
func (t test) apart() float64 {
	of := func(m moments) float64 { return math.Abs(m.mean) / m.sd }
	switch {
	case t.lo == 0 && t.hi == 0:
		return of(t.moments)
	case t.within():
		return min(of(t.least), of(t.most))
	case t.least.mean < 0:
		return of(t.least)
	}
	return of(t.most)
}

// blockTime is about how long a block took: the median of the run's.
func (r *Run) blockTime() time.Duration {
	starts := map[int][]time.Time{}
	r.index()
	for _, byBlock := range r.indexed.trials {
		for block, t := range byBlock {
			starts[block] = append(starts[block], t.Started)
		}
	}
	var took []time.Duration
	for _, at := range starts {
		if n := len(at); n > 1 {
			slices.SortFunc(at, time.Time.Compare)
			took = append(took, at[n-1].Sub(at[0])*time.Duration(n)/time.Duration(n-1))
		}
	}
	if len(took) == 0 {
		return 0
	}
	slices.Sort(took)
	return took[len(took)/2]
}
