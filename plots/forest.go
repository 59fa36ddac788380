package main

import (
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

// forest has a row for each claim, and for each case of one that was judged in several.
func (r *report) forest(scenarios.Plot) (*drawing, error) {
	byOutcome := map[results.Outcome]*dotGroup{}
	order := []results.Outcome{results.Holds, results.Fails, results.CannotTell}
	for _, o := range order {
		byOutcome[o] = &dotGroup{Name: string(o)}
	}
	reach, shown := 0.0, 0
	for _, v := range r.verdicts() {
		for _, c := range v.Cells {
			g := byOutcome[c.Outcome]
			d := dot{Name: v.Claim.ID, Style: outcomeLooks[c.Outcome], Value: none, Lo: math.Inf(-1), Hi: math.Inf(1), Beside: none}
			if len(v.Cells) > 1 {
				d.Name += ", " + strings.Join(r.say(c.Where, sortedKeys(c.Where)), ", ")
			}
			whole := math.Abs(c.Right.Center)
			if whole == 0 {
				whole = c.Tolerance
			}
			if c.Diff.N == 0 || !(whole > 0) || !finite(c.Diff.Center) {
				d.Note = noEffect
				g.Dots = append(g.Dots, d)
				continue
			}
			shown++
			d.Value, d.Lo, d.Hi, d.Allowed = aside(c.Diff.Center/whole), aside(c.Diff.Lo/whole), aside(c.Diff.Hi/whole), aside(c.Tolerance/whole)
			d.Words = valueWithInterval(c.Diff.Center, c.Diff.Lo, c.Diff.Hi, c.Unit)
			if c.Tolerance > 0 {
				d.Words += " (± " + units.FormatShort(c.Tolerance, c.Unit) + " is allowed)"
			}
			for _, at := range []float64{d.Value, d.Lo, d.Hi, d.Allowed} {
				if finite(at) {
					reach = math.Max(reach, math.Abs(at))
				}
			}
			g.Dots = append(g.Dots, d)
		}
	}
	if shown == 0 {
		return nil, errNoData
	}
	var groups []dotGroup
	for _, o := range order {
		if g := byOutcome[o]; len(g.Dots) > 0 {
			groups = append(groups, *g)
		}
	}
	ch := &dotChart{X: effectAxis(reach), Groups: groups, Found: foundWord, Level: 0, Levelled: true, raw: effectAt}
	return &drawing{chart: ch, height: ch.height(), notes: []string{forestNote}}, nil
}

// effectAxis reaches so far on both sides of 0.
func effectAxis(reach float64) axis {
	a := axis{Name: effectWord, Min: -1.05 * reach, Max: 1.05 * reach, Ticks: []plot.Tick{{Value: 0, Label: "0"}}}
	for decade := smallEffect; aside(decade) <= a.Max; decade *= 10 {
		label := round(100*decade) + " %"
		if decade >= 10 {
			label = fmt.Sprintf("%s-fold", count(decade))
		}
		a.Ticks = append(a.Ticks, plot.Tick{Value: aside(decade), Label: "+" + label}, plot.Tick{Value: -aside(decade), Label: "−" + label})
	}
	slices.SortFunc(a.Ticks, func(a, b plot.Tick) int { return int(math.Copysign(1, a.Value-b.Value)) })
	return a
}

// allowedColor fills what a tolerance allows.
var allowedColor color.Color = rgb(0xDCE9F2)
