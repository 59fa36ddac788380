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
	type cluster struct {
		first, n int
		bottom   vg.Length // of the first label's centre
	}
	place := func(k cluster) cluster {
		var sum vg.Length
		for i := range k.n {
			sum += ls[k.first+i].Want - vg.Length(i)*height
		}
		k.bottom = sum / vg.Length(k.n)
		k.bottom = min(k.bottom, hi-height*vg.Length(k.n-1)-height/2)
		k.bottom = max(k.bottom, lo+height/2)
		return k
	}
	var ks []cluster
	for i := range ls {
		ks = append(ks, place(cluster{first: i, n: 1}))
		for len(ks) > 1 {
			a, b := ks[len(ks)-2], ks[len(ks)-1]
			if a.bottom+vg.Length(a.n)*height <= b.bottom {
				break
			}
			ks = append(ks[:len(ks)-2], place(cluster{first: a.first, n: a.n + b.n}))
		}
	}
	for _, k := range ks {
		for i := range k.n {
			ls[k.first+i].Y = k.bottom + vg.Length(i)*height
		}
	}
}
