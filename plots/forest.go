package main

import (
	"cmp"
	"fmt"
	"image/color"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/plot"

	"pushbench/results"
	"pushbench/scenarios"
	"pushbench/servers/units"
)

// A forest shows all claims of a run at once: how far the two sides of each lie apart,
// with its interval, what is allowed, and the verdict. Effects go from a hundredth of a
// per cent to a thousandfold on both sides of 0. So the axis is linear about 0 and
// logarithmic beyond.

// smallEffect is where the axis turns from linear to logarithmic.
const smallEffect = 0.01

// aside is the place of an effect on that axis, and effectAt the effect of a place.
func aside(v float64) float64 {
	return math.Copysign(math.Log10(1+math.Abs(v)/smallEffect), v)
}

func effectAt(place float64) float64 {
	return math.Copysign((math.Pow(10, math.Abs(place))-1)*smallEffect, place)
}

// outcomeLooks are the colours of verdicts.
var outcomeLooks = map[results.Outcome]style{
	results.Holds:      {Color: rgb(0x009E73), Marker: circle},
	results.Fails:      {Color: rgb(0xD55E00), Marker: square},
	results.CannotTell: {Color: rgb(0x777777), Marker: diamond, Hollow: true},
}

// forest has a row for each claim. The cases of one that was judged in several lie on
// one row, those of another outcome on another.
func (r *report) forest(scenarios.Plot) (*drawing, error) {
	ch := &rowChart{Mark: "dots", raw: effectAt}
	verdicts, reach := r.verdicts(), -1.0
	for _, o := range []results.Outcome{results.Holds, results.Fails, results.CannotTell} {
		g := rowGroup{Name: string(o)}
		for _, v := range verdicts {
			cells := slices.DeleteFunc(slices.Clone(v.Cells), func(c results.CellVerdict) bool { return c.Outcome != o })
			if len(cells) > 0 {
				g.Rows = append(g.Rows, r.claimRow(v, cells))
			}
		}
		if len(g.Rows) > 0 {
			ch.Groups = append(ch.Groups, g)
		}
	}
	ch.each(nil, func(r row, _ float64) {
		for _, s := range r.spots() {
			for _, at := range []float64{s.Value, s.Lo, s.Hi, r.Allowed} {
				if finite(at) {
					reach = math.Max(reach, math.Abs(at))
				}
			}
		}
	})
	if reach < 0 {
		return nil, errNoData
	}
	ch.X = effectAxis(math.Max(reach, smallEffect))
	return &drawing{chart: ch, height: ch.height(), notes: []string{forestNote}}, nil
}

// claimRow has the cases of a claim that came out alike. A tolerance is shaded as the
// strictest of them has it.
func (r *report) claimRow(v results.Verdict, cells []results.CellVerdict) row {
	claim := row{Name: v.Claim.ID, Style: outcomeLooks[cells[0].Outcome], Held: none, Words: "– " + noEffect}
	var effects, allowed []float64
	for _, c := range cells {
		s := spot{Case: claim.Name, Value: none, Lo: none, Hi: none}
		if len(v.Cells) > 1 {
			s.Case += ", " + strings.Join(r.say(c.Where, sortedKeys(c.Where)), ", ")
		}
		whole := cmp.Or(math.Abs(c.Right.Center), c.Tolerance)
		if c.Diff.N > 0 && whole > 0 && finite(c.Diff.Center) {
			s.Value, s.Lo, s.Hi = aside(c.Diff.Center/whole), aside(c.Diff.Lo/whole), aside(c.Diff.Hi/whole)
			effects, allowed = append(effects, c.Diff.Center), append(allowed, c.Tolerance)
			if share := aside(c.Tolerance / whole); len(effects) == 1 || share < claim.Allowed {
				claim.Allowed = share
			}
		}
		claim.More = append(claim.More, s)
	}
	claim.spot, claim.More = claim.More[0], claim.More[1:]
	switch c := cells[0]; {
	case len(cells) == 1:
		claim.Name = claim.Case
		if len(effects) > 0 {
			claim.Words = valueWithInterval(c.Diff.Center, c.Diff.Lo, c.Diff.Hi, c.Unit)
		}
	case len(effects) > 0:
		claim.Words = units.FormatInterval(slices.Min(effects), slices.Max(effects), perEvent(c.Unit))
	}
	if n := len(cells); n == len(v.Cells) && n > 1 {
		claim.Name += fmt.Sprintf(", %d cases", n)
	} else if n > 1 {
		claim.Name += fmt.Sprintf(", %d of %d cases", n, len(v.Cells))
	}
	if claim.Allowed > 0 {
		claim.Words += " (± " + units.FormatInterval(slices.Min(allowed), slices.Max(allowed), perEvent(cells[0].Unit)) + " is allowed)"
	}
	return claim
}

// effectAxis reaches so far on both sides of 0.
func effectAxis(reach float64) axis {
	a := axis{Name: effectWord, Min: -1.05 * reach, Max: 1.05 * reach, Ticks: []plot.Tick{{Value: 0, Label: "0"}}}
	labelled := 0.0
	for decade := smallEffect; aside(decade) <= a.Max; decade *= 10 {
		at, label := aside(decade), round(100*decade)+" %"
		if decade >= 10 {
			label = count(decade) + "-fold"
		}
		if at-labelled < 0.13*a.Max { // one would be written over the other
			a.Ticks = append(a.Ticks, plot.Tick{Value: at}, plot.Tick{Value: -at})
			continue
		}
		labelled = at
		a.Ticks = append(a.Ticks, plot.Tick{Value: at, Label: "+" + label}, plot.Tick{Value: -at, Label: "−" + label})
	}
	slices.SortFunc(a.Ticks, func(a, b plot.Tick) int { return int(math.Copysign(1, a.Value-b.Value)) })
	return a
}

// allowedColor fills what a tolerance allows.
var allowedColor color.Color = rgb(0xDCE9F2)
