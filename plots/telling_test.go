package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"text/template"

	"pushbench/results"
	"pushbench/servers/units"
)

// A telling answers the actions of a template from the committed runs. What an
// action asks is an expression of the language of claims, such as
// staleness/p50[ws], and it is judged by the code that judges claims.
type telling struct {
	runs map[string]*judgedRun
	now  *judgedRun // the run that the template speaks of, nil for none yet
}

// judgedRun is a run with the verdicts on its claims.
type judgedRun struct {
	*report
	said []results.Verdict
}

func newTelling(t *testing.T) *telling {
	t.Helper()
	runs, err := referenceRuns()
	if err != nil {
		t.Fatal(err)
	}
	d := &telling{runs: map[string]*judgedRun{}}
	for _, r := range runs {
		d.runs[r.name()] = &judgedRun{report: r}
	}
	return d
}

// functions by the names that templates use.
func (d *telling) functions() template.FuncMap {
	return template.FuncMap{
		"run": d.run, "conditions": d.conditions, "lubbers": d.lubbers,
		"val": d.val, "of": d.of, "ratio": d.ratio, "times": d.times, "diff": d.diff, "gap": d.gap,
		"more": d.more, "less": d.less, "alike": d.alike,
		"claim": d.claim, "claims": d.claims, "verdicts": d.verdicts,
	}
}

// run says of which run the lines below speak.
func (d *telling) run(name string) (string, error) {
	d.now = d.runs[name]
	if d.now == nil {
		return "", fmt.Errorf("there is no reference run %s", name)
	}
	if d.now.said == nil {
		d.now.said = d.now.verdicts()
	}
	return "", nil
}

// conditions is what the run had, in words.
func (d *telling) conditions() (string, error) {
	if d.now == nil {
		return "", errNoRun
	}
	return strings.Join(append(d.now.given(nil), d.now.window()...), " · ") + ".", nil
}

// lubbers is the table of the comparison of 2010.
func (d *telling) lubbers() (string, error) {
	if d.now == nil {
		return "", errNoRun
	}
	return strings.TrimSpace(d.now.exhibits()[0].markdown()), nil
}

var errNoRun = errors.New(`no run is named yet: {{run "headline"}} does`)

// judged is one comparison of the run, under the one condition that it leaves.
func (d *telling) judged(expect string) (results.CellVerdict, error) {
	if d.now == nil {
		return results.CellVerdict{}, errNoRun
	}
	v := d.now.run.Judge([]results.Claim{{ID: "docs", Expect: expect}})[0]
	switch {
	case v.Err != nil:
		return results.CellVerdict{}, v.Err
	case len(v.Cells) != 1:
		return results.CellVerdict{}, fmt.Errorf("%q has %d cases: name the levels of one, as in [ws, rate=40/s]", expect, len(v.Cells))
	}
	return v.Cells[0], nil
}

// side is one value with its interval: what an expression is compared with itself.
func (d *telling) side(x string) (results.CellVerdict, error) {
	c, err := d.judged("(" + x + ") < (" + x + ")")
	switch {
	case err != nil:
		return c, err
	case c.Reason != "":
		return c, fmt.Errorf("%s cannot be told: %s", x, c.Reason)
	case !c.Left.Finite() || c.Left.N < results.MinBlocks:
		return c, fmt.Errorf("%s has no interval", x)
	}
	return c, nil
}

// both is two values against each other, each of which can be told.
func (d *telling) both(a, b string) (c results.CellVerdict, err error) {
	for _, x := range []string{a, b} {
		if _, err := d.side(x); err != nil {
			return c, err
		}
	}
	c, err = d.judged("(" + a + ") < (" + b + ")")
	if err == nil && (!c.Diff.Finite() || c.Diff.N < results.MinBlocks) {
		err = fmt.Errorf("%s against %s has no interval", a, b)
	}
	return c, err
}

// apart is both where they differ: an effect that was not shown is not told.
func (d *telling) apart(a, b string) (results.CellVerdict, error) {
	c, err := d.both(a, b)
	if err == nil && c.Diff.Lo <= 0 && c.Diff.Hi >= 0 && !(c.Diff.Exact && c.Diff.Center != 0) {
		err = fmt.Errorf("%s and %s cannot be told apart: {{alike}} says so", a, b)
	}
	return c, err
}

// val is "42 ms".
func (d *telling) val(x string) (string, error) {
	c, err := d.side(x)
	return units.FormatShort(c.Left.Center, c.Unit), err
}

// of is "42 ms (40 to 44 ms, 7 blocks)".
func (d *telling) of(x string) (string, error) {
	c, err := d.side(x)
	return units.FormatShort(c.Left.Center, c.Unit) + within(c.Left, c.Left.Lo, c.Left.Hi, perEvent(c.Unit)), err
}

// times is "1.54 ×", how many times b a is.
func (d *telling) times(a, b string) (string, error) {
	c, err := d.apart(a, b)
	if err == nil && c.Ratio.N == 0 {
		err = fmt.Errorf("%s ÷ %s: a side is not above 0", a, b)
	}
	return units.Format(c.Ratio.Center, "1") + " ×", err
}

// ratio is "1.54 × (1.44 to 1.65, 7 blocks)".
func (d *telling) ratio(a, b string) (string, error) {
	s, err := d.times(a, b)
	c, _ := d.both(a, b)
	return s + within(c.Ratio, c.Ratio.Lo, c.Ratio.Hi, "1"), err
}

// gap is "499 ms", by how much a is above b.
func (d *telling) gap(a, b string) (string, error) {
	c, err := d.apart(a, b)
	if err == nil && c.Diff.Center < 0 {
		err = fmt.Errorf("%s is less than %s: name them the other way", a, b)
	}
	return units.FormatShort(c.Diff.Center, c.Unit), err
}

// diff is "499 ms (499 to 500 ms, 7 blocks)".
func (d *telling) diff(a, b string) (string, error) {
	s, err := d.gap(a, b)
	c, _ := d.both(a, b)
	return s + within(c.Diff, c.Diff.Lo, c.Diff.Hi, perEvent(c.Unit)), err
}

// more is "25 % (22 to 28 %, 7 blocks)", the share of b by which a is above it.
func (d *telling) more(a, b string) (string, error) {
	return d.share(a, b, "less", func(ratio float64) float64 { return ratio - 1 })
}

// less is likewise the share of b by which a is below it.
func (d *telling) less(a, b string) (string, error) {
	return d.share(a, b, "more", func(ratio float64) float64 { return 1 - ratio })
}

func (d *telling) share(a, b, otherwise string, of func(float64) float64) (string, error) {
	c, err := d.apart(a, b)
	q := c.Ratio
	switch {
	case err != nil:
		return "", err
	case q.N == 0:
		return "", fmt.Errorf("%s ÷ %s: a side is not above 0", a, b)
	case of(q.Center) < 0:
		return "", fmt.Errorf("%s is %s than %s", a, otherwise, b)
	}
	lo, hi := of(q.Lo), of(q.Hi)
	return units.Format(of(q.Center), "%") + within(q, min(lo, hi), max(lo, hi), "%"), nil
}

// alike is "cannot be told apart (0.91 to 1.09 ×, 7 blocks)".
func (d *telling) alike(a, b string) (string, error) {
	c, err := d.both(a, b)
	if err == nil && (c.Diff.Lo > 0 || c.Diff.Hi < 0) {
		err = fmt.Errorf("%s and %s differ: {{ratio}} or {{diff}} says by how much", a, b)
	}
	if c.Ratio.N == 0 {
		return "cannot be told apart" + within(c.Diff, c.Diff.Lo, c.Diff.Hi, perEvent(c.Unit)), err
	}
	return "cannot be told apart" + strings.Replace(within(c.Ratio, c.Ratio.Lo, c.Ratio.Hi, "1"), ",", " ×,", 1), err
}

// within is how sure a value is: " (40 to 44 ms, 7 blocks)".
func within(s results.Summary, lo, hi float64, unit string) string {
	span := strings.Replace(units.FormatInterval(lo, hi, unit), "–", " to ", 1) + ", "
	if s.Exact || lo == hi || units.Format(lo, unit) == units.Format(hi, unit) {
		span = ""
	}
	return fmt.Sprintf(" (%s%d blocks)", span, s.N)
}

// outcomes are the words for what became of a claim, as texts use them.
var outcomes = map[results.Outcome]string{
	results.Holds: "holds", results.HoldsOnlyWhere: "holds only in part", results.Fails: "fails", results.CannotTell: "cannot tell",
}

// claim is "C18a holds"; what is said around it rests on the outcome, so that the
// template names it, and another one is an error.
func (d *telling) claim(id, outcome string) (string, error) {
	if d.now == nil {
		return "", errNoRun
	}
	i := slices.IndexFunc(d.now.said, func(v results.Verdict) bool { return v.Claim.ID == id })
	if i < 0 {
		return "", fmt.Errorf("the run has no claim %s", id)
	}
	v := d.now.said[i]
	if outcomes[v.Outcome] != outcome {
		return "", fmt.Errorf("claim %s: %q was meant, and the record says %s: %s", id, outcome, v.Outcome, v.Found())
	}
	return id + " " + outcome, nil
}

// claims says in a line what became of the run's claims, by their ids where it is
// not that they hold.
func (d *telling) claims() (string, error) {
	if d.now == nil {
		return "", errNoRun
	}
	ids := map[results.Outcome][]string{}
	for _, v := range d.now.said {
		ids[v.Outcome] = append(ids[v.Outcome], v.Claim.ID)
	}
	var parts []string
	if n := len(ids[results.Holds]); n > 0 {
		parts = append(parts, fmt.Sprintf("%d of %d hold", n, len(d.now.said)))
	}
	for _, o := range []struct {
		outcome   results.Outcome
		one, more string
	}{
		{results.HoldsOnlyWhere, "holds only in part", "hold only in part"},
		{results.Fails, "fails", "fail"},
		{results.CannotTell, "cannot tell", "cannot tell"},
	} {
		switch list := ids[o.outcome]; len(list) {
		case 0:
		case 1:
			parts = append(parts, list[0]+" "+o.one)
		default:
			last := len(list) - 1
			parts = append(parts, strings.Join(list[:last], ", ")+" and "+list[last]+" "+o.more)
		}
	}
	return "Claims: " + strings.Join(parts, "; ") + ".", nil
}

// verdicts is the table of those claims that do not simply hold, with what was found.
func (d *telling) verdicts() (string, error) {
	if d.now == nil {
		return "", errNoRun
	}
	open := slices.DeleteFunc(slices.Clone(d.now.said), func(v results.Verdict) bool { return v.Outcome == results.Holds })
	return strings.TrimSpace(markdownVerdicts(open)), nil
}
