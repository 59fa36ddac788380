package main

import (
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// What charts share: where the data area ends up, the name of the x axis, keys, and
// the marks of rows.

// drawPlot draws p and sets the name of its x axis below the data. The plot's
// own label is not used, because its width would be taken for that of a tick
// at the end of the axis and push the data aside.
func drawPlot(c draw.Canvas, p *plot.Plot, xName string) {
	p.Draw(aboveName(c))
	data := dataCanvas(c, p)
	c.FillText(aligned(axisText, text.XCenter, text.YBottom), vg.Point{X: data.Center().X, Y: c.Min.Y}, xName)
}

// aboveName leaves room for the name of an x axis.
func aboveName(c draw.Canvas) draw.Canvas { return draw.Crop(c, 0, 0, leading(axisText)+2, 0) }

// dataCanvas is where drawPlot puts the data.
func dataCanvas(c draw.Canvas, p *plot.Plot) draw.Canvas { return p.DataCanvas(aboveName(c)) }

// grid draws a light line at every labelled tick across, and upwards too where it is both.
type grid struct {
	both  bool
	below []plot.Tick // across, those of the chart below, which has their labels
}

func (g grid) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	sty := draw.LineStyle{Color: gridColor, Width: 0.6}
	each := func(a plot.Axis, more []plot.Tick, line func(v float64)) {
		for _, t := range append(a.Tick.Marker.Ticks(a.Min, a.Max), more...) {
			if !t.IsMinor() && t.Value >= a.Min && t.Value <= a.Max {
				line(t.Value)
			}
		}
	}
	each(p.X, g.below, func(v float64) { c.StrokeLine2(sty, x(v), c.Min.Y, x(v), c.Max.Y) })
	if g.both {
		each(p.Y, nil, func(v float64) { c.StrokeLine2(sty, c.Min.X, y(v), c.Max.X, y(v)) })
	}
}

// keyMark is a mark of a key with its word.
type keyMark struct {
	word string
	wide vg.Length // of the mark
	draw func(c draw.Canvas, x, mid vg.Length)
}

// The gaps of a key: between a mark and its word, and behind that.
const keyGap, keyBetween = vg.Length(5), vg.Length(16)

func keyWidth(key []keyMark) (wide vg.Length) {
	for _, m := range key {
		wide += m.wide + keyGap + axisText.Width(m.word) + keyBetween
	}
	return wide - keyBetween
}

// drawKey sets marks with their words side by side, from the upper left corner on.
func drawKey(c draw.Canvas, key []keyMark) {
	sty := aligned(axisText, text.XLeft, text.YTop)
	at := vg.Point{X: c.Min.X, Y: c.Max.Y}
	for _, m := range key {
		m.draw(c, at.X, at.Y-sty.Font.Size*0.62)
		at.X += m.wide + keyGap
		c.FillText(sty, at, m.word)
		at.X += sty.Width(m.word) + keyBetween
	}
}

func box(x0, y0, x1, y1 vg.Length) []vg.Point {
	return []vg.Point{{X: x0, Y: y0}, {X: x1, Y: y0}, {X: x1, Y: y1}, {X: x0, Y: y1}}
}

// strokeBox outlines a bar with the dashes that a line of the style would have,
// by which kin are told apart.
func strokeBox(c draw.Canvas, s style, x0, y0, x1, y1 vg.Length) {
	edge := box(x0, y0, x1, y1)
	c.StrokeLines(draw.LineStyle{Color: s.Color, Width: 1, Dashes: s.Dashes}, append(edge, edge[0]))
}

// whisker is an interval lying on its side.
func whisker(c draw.Canvas, s style, lo, hi, mid, cap vg.Length) {
	sty := draw.LineStyle{Color: mix(s.Color, rgb(0), 0.45), Width: 1}
	c.StrokeLine2(sty, lo, mid, hi, mid)
	c.StrokeLine2(sty, lo, mid-cap, lo, mid+cap)
	c.StrokeLine2(sty, hi, mid-cap, hi, mid+cap)
}

// hatch fills a box with thin strokes, for what is not there: bytes that were
// saved, an end that did not come.
func hatch(c draw.Canvas, s style, x0, y0, x1, y1 vg.Length) {
	const apart = vg.Length(4)
	if !(x1-x0 > 0) || !(y1-y0 > 0) {
		return
	}
	c.FillPolygon(s.tint(0.07), box(x0, y0, x1, y1))
	sty := draw.LineStyle{Color: s.tint(0.55), Width: 0.7}
	var strokes [][]vg.Point
	for x := x0 - (y1 - y0); x < x1; x += apart {
		strokes = append(strokes, []vg.Point{{X: x, Y: y0}, {X: x + y1 - y0, Y: y1}})
	}
	inside := draw.Canvas{Canvas: c.Canvas, Rectangle: vg.Rectangle{Min: vg.Point{X: x0, Y: y0}, Max: vg.Point{X: x1, Y: y1}}}
	c.StrokeLines(sty, inside.ClipLinesX(strokes...)...)
}

// interval is the line of a dot's interval.
func (s style) interval() draw.LineStyle { return draw.LineStyle{Color: s.tint(0.6), Width: 3} }

// drawBar is a bar in the look of its style, with its interval.
func drawBar(c draw.Canvas, s style, base, at, lo, hi, mid, half vg.Length) {
	shade := 0.8
	switch {
	case s.Hollow:
		shade = 0.22
	case s.Dashes != nil:
		shade = 0.5
	}
	c.FillPolygon(s.tint(shade), box(base, mid-half, at, mid+half))
	if s.Dashes != nil && max(at-base, base-at) > 4 {
		strokeBox(c, s, base, mid-half, at, mid+half)
	}
	if hi-lo > 1.5 { // a narrower one is a smudge
		whisker(c, s, lo, hi, mid, half*0.45)
	}
}

// drawOpen is a bar that never ends: hatched, without an edge on its right, and
// an arrow that points on.
func drawOpen(c draw.Canvas, s style, base, edge, mid, half vg.Length) {
	hatch(c, s, base, mid-half, edge, mid+half)
	line := draw.LineStyle{Color: s.tint(0.75), Width: 0.9}
	c.StrokeLine2(line, base, mid-half, edge, mid-half)
	c.StrokeLine2(line, base, mid+half, edge, mid+half)
	tip := half * 0.8
	c.FillPolygon(s.tint(0.75), []vg.Point{{X: edge - tip, Y: mid + tip*0.8}, {X: edge, Y: mid}, {X: edge - tip, Y: mid - tip*0.8}})
}

// drawHeld marks what a value is held against: a hollow diamond that a dot upon
// it does not hide.
func drawHeld(c draw.Canvas, at vg.Point) {
	ring(c, diamond, at, markRadius+2.2, draw.LineStyle{Color: inkColor, Width: 0.9})
}
