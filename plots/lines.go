package main

import (
	"math"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// series is one line of a chart: points from left to right, in base units. One
// without a name is explained elsewhere.
type series struct {
	Name   string
	Style  style
	Points []point
	Loose  bool // points only: no line and no band ties them
	Thin   bool // not what was measured: a line to hold it against

	xs, qs []quantity // of its points, by block
}

// crossing is where two lines meet.
type crossing struct {
	X, Y  float64
	Words string
}

// point is a value with its interval; Lo and Hi are infinite where there is
// none. Mark asks for a marker.
type point struct {
	X, Y, Lo, Hi float64
	XLo, XHi     float64 // equal where x has no interval
	Mark         bool
}

// lineChart draws lines over two axes, each named at its own end.
type lineChart struct {
	X, Y      axis
	Series    []series
	Crossings []crossing
	Held      string // what thin lines are, for a key beside the points; "" for no key
}

func (ch *lineChart) draw(c draw.Canvas) {
	// The name of the y axis stands level above it, where it is read at once.
	head := aligned(axisText, text.XLeft, text.YTop)
	c.FillText(head, vg.Point{X: c.Min.X, Y: c.Max.Y}, ch.Y.Name)
	ch.key(c)
	c = draw.Crop(c, 0, 0, 0, -leading(head)-3)

	p := newPlot()
	p.Add(grid{both: true})
	var lined, loose []*series
	for i := range ch.Series {
		if s := &ch.Series[i]; s.Loose && ch.Held != "" {
			loose = append(loose, s)
		} else {
			lined = append(lined, s)
		}
	}
	for _, s := range lined {
		p.Add(bandOf{s})
	}
	for _, s := range lined {
		p.Add(lineOf{s})
	}
	p.Add(sideBySide(loose))
	p.Add(crossings(ch.Crossings))
	ch.X.apply(&p.X)
	ch.Y.apply(&p.Y)
	p.Y.Padding = 8 // a marker on the first point clears the axis

	var widest vg.Length
	for _, s := range ch.Series {
		widest = max(widest, labelText.Width(s.Name))
	}
	inner := draw.Crop(c, 0, -widest-labelGap, 0, 0)
	drawPlot(inner, p, ch.X.Name)
	ch.label(c, p, dataCanvas(inner, p))
}

// key tells what was measured from what it is held against, at the upper right.
func (ch *lineChart) key(c draw.Canvas) {
	if ch.Held == "" {
		return
	}
	grey := style{Color: formGrey}
	key := []keyMark{
		{measuredWord, 2 * markRadius, func(c draw.Canvas, x, mid vg.Length) {
			c.StrokeLine2(draw.LineStyle{Color: grey.Color, Width: 0.9}, x+markRadius, mid-8, x+markRadius, mid+8)
			drawMarker(c, grey, vg.Point{X: x + markRadius, Y: mid})
		}},
		{ch.Held, 24, func(c draw.Canvas, x, mid vg.Length) {
			c.StrokeLine2(draw.LineStyle{Color: grey.Color, Width: 0.6 * lineWidth, Dashes: formDashes}, x, mid, x+24, mid)
		}},
	}
	c.Min.X = c.Max.X - keyWidth(key)
	drawKey(c, key)
}

// bandOf fills the intervals of a series with its colour, thinned.
type bandOf struct{ *series }

func (b bandOf) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	at := func(px, py float64) vg.Point {
		py = math.Min(math.Max(py, p.Y.Min), p.Y.Max)
		return vg.Point{X: x(px), Y: y(py)}
	}
	for _, run := range b.runs(func(pt point) bool { return drawable(pt.X, p.X) && finite(pt.Lo) && finite(pt.Hi) }) {
		var edge []vg.Point
		for _, pt := range run {
			edge = append(edge, at(pt.X, pt.Hi))
		}
		for _, pt := range slices.Backward(run) {
			edge = append(edge, at(pt.X, pt.Lo))
		}
		if len(run) > 1 && !b.Loose {
			veil := b.Style.Color
			veil.A = 46
			c.FillPolygon(veil, edge)
		}
		for _, pt := range run {
			if pt.Mark { // a point's own interval stays legible where bands overlap
				c.StrokeLines(draw.LineStyle{Color: b.Style.Color, Width: 0.9}, []vg.Point{at(pt.X, pt.Lo), at(pt.X, pt.Hi)})
			}
		}
	}
}

// lineOf draws the line and its markers; it breaks where a value is missing.
type lineOf struct{ *series }

func (l lineOf) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	ok := func(pt point) bool { return drawable(pt.X, p.X) && drawable(pt.Y, p.Y) }
	for _, run := range l.runs(ok) {
		if l.Loose {
			break
		}
		var pts []vg.Point
		for _, pt := range run {
			pts = append(pts, vg.Point{X: x(pt.X), Y: y(pt.Y)})
		}
		wide := lineWidth
		if l.Thin {
			wide = 0.6 * lineWidth
		}
		c.StrokeLines(draw.LineStyle{Color: l.Style.Color, Width: wide, Dashes: l.Style.Dashes}, c.ClipLinesXY(pts)...)
	}
	for _, pt := range l.Points {
		if pt.XHi > pt.XLo && ok(pt) {
			end := func(v float64) vg.Length { return x(math.Min(math.Max(v, p.X.Min), p.X.Max)) }
			c.StrokeLine2(draw.LineStyle{Color: l.Style.Color, Width: 0.9}, end(pt.XLo), y(pt.Y), end(pt.XHi), y(pt.Y))
		}
		if pt.Mark && ok(pt) {
			drawMarker(c, l.Style, vg.Point{X: x(pt.X), Y: y(pt.Y)})
		}
	}
}

// crossings are ringed and told in words, unless those would lie upon others.
type crossings []crossing

func (cs crossings) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	sty := aligned(valueText, text.XCenter, text.YBottom)
	var taken []vg.Rectangle
	for _, cr := range cs {
		if !drawable(cr.X, p.X) || !drawable(cr.Y, p.Y) {
			continue
		}
		at := vg.Point{X: x(cr.X), Y: y(cr.Y)}
		if !c.Contains(at) {
			continue
		}
		ring(c, circle, at, markRadius+2.2, draw.LineStyle{Color: inkColor, Width: 1.2})
		half, high := sty.Width(cr.Words)/2, sty.Font.Size*1.1
		foot := vg.Point{X: min(at.X, c.Max.X-half), Y: min(at.Y+markRadius+5, c.Max.Y-high)}
		if foot.X-half < c.Min.X+3*markRadius { // clear of the axis, and of where lines begin
			foot.X = at.X + markRadius + 5 + half
		}
		box := vg.Rectangle{Min: vg.Point{X: foot.X - half - 2, Y: foot.Y}, Max: vg.Point{X: foot.X + half + 2, Y: foot.Y + high}}
		if slices.ContainsFunc(taken, func(o vg.Rectangle) bool {
			return box.Min.X < o.Max.X && o.Min.X < box.Max.X && box.Min.Y < o.Max.Y && o.Min.Y < box.Max.Y
		}) {
			continue
		}
		taken = append(taken, box)
		veil := rgb(0xFFFFFF)
		veil.A = 200
		c.FillPolygon(veil, []vg.Point{box.Min, {X: box.Max.X, Y: box.Min.Y}, box.Max, {X: box.Min.X, Y: box.Max.Y}})
		c.FillText(sty, foot, cr.Words)
	}
}

// runs are the longest stretches of points that are ok.
func (s *series) runs(ok func(point) bool) [][]point {
	var rs [][]point
	for i, pt := range s.Points {
		if !ok(pt) {
			continue
		}
		if i == 0 || !ok(s.Points[i-1]) {
			rs = append(rs, nil)
		}
		rs[len(rs)-1] = append(rs[len(rs)-1], pt)
	}
	return rs
}

// drawable reports whether a value has a place on the axis.
func drawable(v float64, a plot.Axis) bool {
	if _, log := a.Scale.(plot.LogScale); log && v < least {
		return false
	}
	return finite(v)
}

// gap is a level without a value: the line breaks there.
func gap(x float64) point {
	return point{X: x, Y: math.NaN(), Lo: math.NaN(), Hi: math.NaN()}
}
