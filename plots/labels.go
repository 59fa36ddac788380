package main

import (
	"cmp"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Lines are named at their right end, in their own colour: the eye need not
// travel to a legend. Names that would overlap are moved apart, and a thin
// leader then ties each to its line.

// labelGap is the width between the end of the lines and their names.
const labelGap = vg.Length(22)

// label is a name that wants to stand at height Want and is set at Y.
type label struct {
	series  *series
	end     vg.Point
	Want, Y vg.Length
}

// label names every series that has a point and a name.
func (ch *lineChart) label(c draw.Canvas, p *plot.Plot, data draw.Canvas) {
	x, y := p.Transforms(&data)
	var ls []label
	for i := range ch.Series {
		s := &ch.Series[i]
		if s.Name == "" {
			continue
		}
		for _, pt := range slices.Backward(s.Points) {
			if drawable(pt.X, p.X) && drawable(pt.Y, p.Y) {
				end := vg.Point{X: x(pt.X), Y: min(max(y(pt.Y), data.Min.Y), data.Max.Y)}
				ls = append(ls, label{series: s, end: end, Want: end.Y, Y: end.Y})
				break
			}
		}
	}
	height := labelText.Font.Size * 1.2
	spread(ls, height, data.Min.Y, c.Max.Y)
	var last vg.Length
	for _, l := range ls {
		last = max(last, l.end.X)
	}
	for _, l := range ls {
		at := vg.Point{X: data.Max.X + labelGap, Y: l.Y}
		beside(c, colored(labelText, l.series.Style.ink()), at, l.series.Name)
		from := vg.Point{X: l.end.X + markRadius + 2, Y: l.end.Y}
		if ch.Held != "" && l.end.X == last { // clear of points side by side
			from.X = max(from.X, data.Max.X+1)
		}
		knee := vg.Point{X: max(from.X, data.Max.X+5), Y: l.end.Y}
		c.StrokeLines(draw.LineStyle{Color: l.series.Style.tint(0.55), Width: 0.7},
			[]vg.Point{from, knee, {X: at.X - 3, Y: l.Y}})
	}
}

// spread moves labels of one height apart, as little as it can, within lo and
// hi: neighbours that overlap form a cluster that is centred on its members'
// wishes, and clusters that then overlap merge.
func spread(ls []label, height, lo, hi vg.Length) {
	slices.SortStableFunc(ls, func(a, b label) int { return cmp.Compare(a.Want, b.Want) })
	bottom := func(cluster []label) vg.Length { // of the first label's centre
		var sum vg.Length
		for i, l := range cluster {
			sum += l.Want - vg.Length(i)*height
		}
		top := hi - height*vg.Length(len(cluster)-1) - height/2
		return max(min(sum/vg.Length(len(cluster)), top), lo+height/2)
	}
	var clusters [][]label // neighbours in ls
	for i := range ls {
		clusters = append(clusters, ls[i:i+1])
		for n := len(clusters) - 1; n > 0; n-- {
			a, b := clusters[n-1], clusters[n]
			if bottom(a)+vg.Length(len(a))*height <= bottom(b) {
				break
			}
			clusters = append(clusters[:n-1], a[:len(a)+len(b)])
		}
	}
	for _, cluster := range clusters {
		first := bottom(cluster)
		for i := range cluster {
			cluster[i].Y = first + vg.Length(i)*height
		}
	}
}
