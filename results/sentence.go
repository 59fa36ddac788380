package results

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"pushbench/servers/units"
)

// Found says in one line of plain words what a verdict rests on, with both sides,
// effect, interval and n. It goes on from the outcome:
//
//	holds: 598 µs against 503 ms: 502 ms less (499–504 ms, n = 7 blocks), 840 × (834–846)
//	holds only where rate=1/s: …; fails where rate=40/s: …
//	holds only where no other outcome is named: fails where rate=40/s: …; holds in the other 14 cases: …
//	cannot tell: a difference above 9 % would have shown; 24 µs against 27 µs: 3 µs less (…); it takes about 14 more blocks, 7 min, as one planned look
func (v Verdict) Found() string {
	var parts []string
	switch n := len(v.Cells); {
	case n == 0:
		return v.Reason
	case n == 1:
		parts = []string{v.Reason, effect(v.Cells[0], true)}
	case v.Outcome == Holds || v.Outcome == Fails:
		parts = []string{fmt.Sprintf("in all %d cases: %s", n, span(v.Cells)), v.Reason}
	case v.Outcome == HoldsOnlyWhere:
		parts = []string{v.onlyWhere(), v.Reason}
	case len(v.with(CannotTell)) == n:
		parts = []string{fmt.Sprintf("in any of %d cases: %s", n, v.Reason), span(v.Cells)}
	default:
		parts = []string{v.partly()}
	}
	if v.Outcome == CannotTell {
		takes := v.Takes.String()
		if 0 < v.Takes.Blocks && v.Takes.Blocks < mostBlocks {
			takes = "it takes " + takes
		}
		parts = append(parts, takes)
	}
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), "; ")
}

// onlyWhere tells where a claim holds and where it does not, each with what was found.
func (v Verdict) onlyWhere() string {
	var told []string
	rest := v.rest()
	for _, o := range []Outcome{Holds, Fails, CannotTell} {
		if o != rest && len(v.with(o)) > 0 {
			told = append(told, v.cases(o))
		}
	}
	if rest != "" {
		told = append(told, v.cases(rest))
	}
	text := strings.Join(told, "; ")
	if rest == Holds {
		return "no other outcome is named: " + text
	}
	return strings.TrimPrefix(text, string(Holds)+" where ")
}

// partly tells where a claim that is open is so, and why.
func (v Verdict) partly() string {
	text, then := v.Reason, ": "
	for _, o := range []Outcome{Holds, Fails} {
		cells := v.with(o)
		switch {
		case len(cells) == 0 || o == v.rest():
		case strings.HasSuffix(text, fmt.Sprintf("%s in %d of %d", o, len(cells), len(v.Cells))):
			text, then = text+", where "+places(cells), "; "
		default:
			text, then = text+fmt.Sprintf("; %s where %s", o, places(cells)), "; "
		}
	}
	return text + then + v.cases(CannotTell)
}

// cases tells the cells of one outcome, with what was found.
func (v Verdict) cases(o Outcome) string {
	cells := v.with(o)
	where := "where " + places(cells)
	if o == v.rest() {
		where = fmt.Sprintf("in the other %d cases", len(cells))
	}
	return fmt.Sprintf("%s %s: %s%s", o, where, reasons(cells), span(cells))
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

// places names cells: "rate=1/s and tls=on, or rate=40/s and tls=on".
func places(cells []CellVerdict) string {
	var list []string
	or := " or "
	for _, c := range cells {
		list = append(list, place(c))
		if len(c.Where) > 1 {
			or = ", or "
		}
	}
	return strings.Join(list, or)
}

func place(c CellVerdict) string { return strings.Join(Treatment(c.Where).levels(), " and ") }

// reasons tells why cells are open, each reason once; "" where none is.
func reasons(cells []CellVerdict) string {
	var list []string
	undecided := false
	for _, c := range cells {
		switch {
		case c.Outcome != CannotTell || c.Reason == "" && undecided:
		case c.Reason == "":
			list, undecided = append(list, c.undecided()), true
		case !slices.Contains(list, c.Reason):
			list = append(list, c.Reason)
		}
	}
	if len(list) == 0 {
		return ""
	}
	return strings.Join(list, ", or ") + "; "
}

// span tells the effects of several cells by their least and their greatest.
func span(cells []CellVerdict) string {
	bySize := func(a, b CellVerdict) int { return cmp.Compare(math.Abs(a.Diff.Center), math.Abs(b.Diff.Center)) }
	least, greatest := slices.MinFunc(cells, bySize), slices.MaxFunc(cells, bySize)
	alike := !slices.ContainsFunc(cells, func(c CellVerdict) bool { return c.Diff.N != cells[0].Diff.N })
	from, to := effect(least, !alike), effect(greatest, !alike)
	if from == to {
		return effect(least, true)
	}
	text := fmt.Sprintf("from %s where %s, to %s where %s", from, place(least), to, place(greatest))
	if alike {
		text += " (" + blockCount(cells[0].Diff) + " each)"
	}
	return text
}

// effect tells how far apart the two sides of a cell are, as a difference and as a
// factor: "24 µs against 27 µs: 3 µs less (1–5 µs, n = 7 blocks), 11 % (4–19 %)". Of
// one among several it leaves out what is not needed to tell them apart.
func effect(c CellVerdict, whole bool) string {
	d := c.Diff
	if d.N == 0 {
		return ""
	}
	unit, each := strings.CutSuffix(c.Unit, units.PerEvent)
	per := ""
	if each {
		per = " per event"
	}
	text := moreOrLess(d, unit) + per
	if c.Right.Center != 0 && (whole || c.Tolerance > 0 || c.Reckoned) {
		text = fmt.Sprintf("%s against %s%s: %s", units.Format(c.Left.Center, unit), units.Format(c.Right.Center, unit), per, moreOrLess(d, unit))
	}
	if within := bounds(c, unit, whole); within != "" {
		text += " (" + within + ")"
	}
	if c.Tolerance > 0 || c.counted {
		return text
	}
	return text + factor(c)
}

// moreOrLess prints a difference as "498 ms more".
func moreOrLess(d Summary, unit string) string {
	switch {
	case d.Center > 0:
		return units.Format(d.Center, unit) + " more"
	case d.Center < 0:
		return units.Format(-d.Center, unit) + " less"
	}
	return "no difference"
}

// bounds prints the interval of a difference, in the direction that moreOrLess gives,
// with its n and what is allowed.
func bounds(c CellVerdict, unit string, whole bool) string {
	d, within := c.Diff, ""
	switch {
	case d.Exact || c.counted && c.Leans != CannotTell:
		within, whole = fmt.Sprintf("in each of %d blocks", d.N), false
	case c.counted || !d.Finite():
	case d.Center < 0:
		within = apart(-d.Hi, -d.Lo, unit)
	default:
		within = apart(d.Lo, d.Hi, unit)
	}
	if within == "" && d.Finite() {
		within = "±0"
	}
	if whole {
		within = strings.TrimPrefix(within+", "+blockCount(d), ", ")
	}
	if c.Tolerance > 0 {
		within += fmt.Sprintf("; %s either way are allowed", units.Format(c.Tolerance, unit))
	}
	return within
}

// apart prints an interval, "" where its ends are printed alike.
func apart(lo, hi float64, unit string) string {
	if units.Format(lo, unit) == units.Format(hi, unit) {
		return ""
	}
	return units.FormatInterval(lo, hi, unit)
}

func blockCount(d Summary) string {
	if d.N == 1 {
		return "n = 1 block"
	}
	return fmt.Sprintf("n = %d blocks", d.N)
}

// factor prints how the greater side compares with the smaller: ", 839 × (831–850)", or
// near 1 as a share of the right side: ", 1.9 % (0.3–3.2 %)". It is "" where a side is 0
// or below, and where there is no difference to speak of.
func factor(c CellVerdict) string {
	q := c.Ratio
	equal := c.Diff.Lo == 0 && c.Diff.Hi == 0 || c.Diff.Center == 0
	if q.N == 0 || equal || !(q.Center > 0) || (q.Finite() && q.Lo <= 0) {
		return ""
	}
	less := c.Diff.Center < 0
	if less != (q.Center < 1) { // the mean of ratios may lie on the other side of a difference that is none
		return ""
	}
	center, lo, hi, unit, sign := q.Center, q.Lo, q.Hi, "1", " ×"
	switch near := q.Center > 2./3 && q.Center < 3./2; {
	case near && less:
		center, lo, hi, unit, sign = 1-center, 1-hi, 1-lo, "%", ""
	case near:
		center, lo, hi, unit, sign = center-1, lo-1, hi-1, "%", ""
	case less:
		center, lo, hi = 1/center, 1/hi, 1/lo
	}
	text := ", " + units.Format(center, unit) + sign
	if interval := apart(lo, hi, unit); q.Finite() && interval != "" {
		text += fmt.Sprintf(" (%s)", interval)
	}
	return text
}
