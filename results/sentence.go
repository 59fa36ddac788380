package results

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// Sentence says the verdict in one line of plain words, with effect, interval
// and n:
//
//	holds: 503 ms less (498–504 ms, n = 7 blocks), 839 × (831–850)
//	holds only where rate=1/s: …; fails where rate=40/s: …
//	holds only where nothing else is said: fails where rate=40/s: …; holds elsewhere, in 14 cases: …
//	cannot tell: a difference above 9 % would have shown; 3 ms less (…); it takes about 14 more blocks, 7 min, as one planned look
func (v Verdict) Sentence() string {
	text := v.found()
	if v.Outcome == CannotTell {
		switch takes := v.Takes.String(); {
		case v.Takes.Blocks >= mostBlocks:
			text += "; " + takes
		case takes != "":
			text += "; it takes " + takes
		}
	}
	return text
}

func (v Verdict) found() string {
	if len(v.Cells) == 0 {
		return string(v.Outcome) + ": " + v.Reason
	}
	if len(v.Cells) == 1 {
		text := string(v.Outcome) + ": "
		if v.Reason != "" {
			text += v.Reason + "; "
		}
		return text + effect(v.Cells[0])
	}
	var told []string
	for _, o := range []Outcome{Holds, Fails, CannotTell} {
		if cells := v.with(o); len(cells) > 0 && o != v.rest() {
			told = append(told, where(o, cells))
		}
	}
	if o := v.rest(); o != "" {
		told = append(told, elsewhere(o, v.with(o)))
	}
	var text string
	switch {
	case len(told) == 1 && v.Outcome == CannotTell:
		return fmt.Sprintf("%s in any of %d cases: %s; %s", v.Outcome, len(v.Cells), v.Reason, span(v.Cells))
	case len(told) == 1:
		text = fmt.Sprintf("%s in all %d cases: %s", v.Outcome, len(v.Cells), span(v.Cells))
	case v.Outcome == HoldsOnlyWhere && v.rest() == Holds:
		text = "holds only where nothing else is said: " + strings.Join(told, "; ")
	case v.Outcome == HoldsOnlyWhere:
		text = "holds only" + strings.TrimPrefix(strings.Join(told, "; "), string(Holds))
	default:
		text = string(v.Outcome) + ": " + v.Reason + ": " + strings.Join(told, "; ")
		return text
	}
	if v.Reason != "" {
		text += "; " + v.Reason
	}
	return text
}

// with returns the cells of one outcome.
func (v Verdict) with(o Outcome) []CellVerdict {
	return slices.DeleteFunc(slices.Clone(v.Cells), func(c CellVerdict) bool { return c.Outcome != o })
}

// fewPlaces is how many are told by name even where they are the most.
const fewPlaces = 3

// rest is the outcome of most cells, whose places need not be told since the others'
// are; "" where that is no shorter.
func (v Verdict) rest() Outcome {
	for _, o := range []Outcome{Holds, Fails, CannotTell} {
		if n := len(v.with(o)); n > fewPlaces && n < len(v.Cells) && 2*n > len(v.Cells) {
			return o
		}
	}
	return ""
}

// where tells of cells with one outcome: "fails where rate=40/s: …".
func where(o Outcome, cells []CellVerdict) string {
	var places []string
	for _, c := range cells {
		places = append(places, levelText(c.Where))
	}
	return fmt.Sprintf("%s where %s: %s", o, strings.Join(places, " or "), found(o, cells))
}

// elsewhere tells of the cells that no other part of a sentence names.
func elsewhere(o Outcome, cells []CellVerdict) string {
	return fmt.Sprintf("%s elsewhere, in %d cases: %s", o, len(cells), found(o, cells))
}

// found is what was found in cells with one outcome.
func found(o Outcome, cells []CellVerdict) string {
	if o == CannotTell {
		var reasons []string
		undecided := ""
		for _, c := range cells {
			switch {
			case c.Reason == "" && undecided == "":
				undecided = c.undecided()
				reasons = append(reasons, undecided)
			case c.Reason != "" && !slices.Contains(reasons, c.Reason):
				reasons = append(reasons, c.Reason)
			}
		}
		return strings.Join(reasons, ", or ") + "; " + span(cells)
	}
	return span(cells)
}

// span tells the effects of several cells by their least and their greatest.
func span(cells []CellVerdict) string {
	bySize := func(a, b CellVerdict) int {
		switch x, y := math.Abs(a.Diff.Center), math.Abs(b.Diff.Center); {
		case x < y:
			return -1
		case x > y:
			return 1
		}
		return 0
	}
	least, greatest := slices.MinFunc(cells, bySize), slices.MaxFunc(cells, bySize)
	from, to := effect(least), effect(greatest)
	if from == to {
		return from
	}
	return fmt.Sprintf("from %s where %s to %s where %s", from, levelText(least.Where), to, levelText(greatest.Where))
}

// effect tells how far apart the two sides of a cell are: where the claim has a
// tolerance against it, elsewhere as a difference and a factor.
func effect(c CellVerdict) string {
	d := c.Diff
	switch {
	case d.N == 0:
		return "nothing was measured (n = 0 blocks)"
	case c.Tolerance > 0:
		return fmt.Sprintf("%s%s (%s; allowed are %s either way)", sides(c), moreOrLess(d, c.Unit), bounds(d, c.Unit), Format(c.Tolerance, c.Unit))
	}
	return fmt.Sprintf("%s%s (%s)", sides(c), moreOrLess(d, c.Unit), bounds(d, c.Unit)) + factor(c)
}

// sides prints what is held against what, "986 ms against 294 ms, ", where the
// difference alone would mislead: with a tolerance, and where a side is reckoned,
// such as twice a metric, so that the factor is not that of the metrics.
func sides(c CellVerdict) string {
	if c.Right.Center == 0 || c.Tolerance == 0 && !c.Reckoned {
		return ""
	}
	return fmt.Sprintf("%s against %s, ", Format(c.Left.Center, c.Unit), Format(c.Right.Center, c.Unit))
}

// moreOrLess prints a difference as "498 ms more".
func moreOrLess(d Summary, unit string) string {
	switch {
	case d.Center > 0:
		return Format(d.Center, unit) + " more"
	case d.Center < 0:
		return Format(-d.Center, unit) + " less"
	}
	return "no difference"
}

// bounds prints the interval of a difference and its n, in the direction that
// moreOrLess gives: below 0 means the other way round.
func bounds(d Summary, unit string) string {
	blocks := fmt.Sprintf("n = %d blocks", d.N)
	if d.N == 1 {
		blocks = "n = 1 block"
	}
	if !d.Finite() {
		return blocks
	}
	lo, hi := d.Lo, d.Hi
	if d.Center < 0 {
		lo, hi = -d.Hi, -d.Lo
	}
	interval := FormatInterval(lo, hi, unit)
	switch {
	case d.Exact:
		interval = "in every block"
	case interval == Format(lo, unit):
		interval = "to within rounding"
	}
	return interval + ", " + blocks
}

// factor prints how the greater side compares with the smaller, which
// moreOrLess has named: ", 839 × (831–850)", or near 1 as a share of the right
// side: ", 1.9 % (0.3–3.2 %)". It is "" where a side is 0 or below, and where
// there is no difference to speak of.
func factor(c CellVerdict) string {
	q := c.Ratio
	equal := c.Diff.Lo == 0 && c.Diff.Hi == 0 || c.Diff.Center == 0
	if q.N == 0 || equal || !(q.Center > 0) || (q.Finite() && q.Lo <= 0) {
		return ""
	}
	less := c.Diff.Center < 0
	center, lo, hi, unit, sign := q.Center, q.Lo, q.Hi, "1", " ×"
	switch near := q.Center > 2./3 && q.Center < 3./2; {
	case near && less:
		center, lo, hi, unit, sign = 1-center, 1-hi, 1-lo, "%", ""
	case near:
		center, lo, hi, unit, sign = center-1, lo-1, hi-1, "%", ""
	case less:
		center, lo, hi = 1/center, 1/hi, 1/lo
	}
	text := ", " + Format(center, unit) + sign
	if interval := FormatInterval(lo, hi, unit); q.Finite() && interval != Format(lo, unit) {
		text += fmt.Sprintf(" (%s)", interval)
	}
	return text
}
