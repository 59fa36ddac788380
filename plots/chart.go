package main

import (
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// What all charts share: where the data area ends up, the name of the x axis,
// the rows of bar charts, and the room that words need beside bars.

// drawPlot draws p and sets the name of its x axis below the data. The plot's
// own label is not used, because its width would be taken for that of a tick
// at the end of the axis and push the data aside.
func drawPlot(c draw.Canvas, p *plot.Plot, xName string) {
	name := aligned(axisText, text.XCenter, text.YBottom)
	inner := draw.Crop(c, 0, 0, leading(name)+2, 0)
	p.Draw(inner)
	data := p.DataCanvas(inner)
	c.FillText(name, vg.Point{X: (data.Min.X + data.Max.X) / 2, Y: c.Min.Y}, xName)
}

// dataCanvas is where drawPlot puts the data.
func dataCanvas(c draw.Canvas, p *plot.Plot) draw.Canvas {
	return p.DataCanvas(draw.Crop(c, 0, 0, leading(axisText)+2, 0))
}

// grid draws a light line at every labelled tick of the axes it is told.
type grid struct{ X, Y bool }

func (g grid) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	sty := draw.LineStyle{Color: gridColor, Width: 0.6}
	each := func(a plot.Axis, line func(v float64)) {
		for _, t := range a.Tick.Marker.Ticks(a.Min, a.Max) {
			if !t.IsMinor() && t.Value >= a.Min && t.Value <= a.Max {
				line(t.Value)
			}
		}
	}
	if g.X {
		each(p.X, func(v float64) { c.StrokeLine2(sty, x(v), c.Min.Y, x(v), c.Max.Y) })
	}
	if g.Y {
		each(p.Y, func(v float64) { c.StrokeLine2(sty, c.Min.X, y(v), c.Max.X, y(v)) })
	}
}

// rowHeight is what one row of a bar chart needs.
const rowHeight = vg.Length(34)

// rowsHeight is the height of a figure with n rows of bars.
func rowsHeight(n int) vg.Length {
	return max(3.6*vg.Inch, min(11*vg.Inch, vg.Length(n)*rowHeight+2.3*vg.Inch))
}

// nameRows names the rows of a chart on the left, the first on top.
func nameRows(p *plot.Plot, names []string) {
	ticks := make([]plot.Tick, len(names))
	for i, n := range names {
		ticks[i] = plot.Tick{Value: rowAt(i, len(names)), Label: n}
	}
	p.Y.Tick.Marker = plot.ConstantTicks(ticks)
	p.Y.Min, p.Y.Max = -0.6, float64(max(len(names), 1))-0.4
	p.Y.Tick.Label = aligned(colored(axisText, inkColor), text.XRight, text.YCenter)
	p.Y.Tick.Length = 0
	p.Y.Padding = 5
	p.Y.LineStyle.Width = 0
}

// rowAt is the height of row i of n on the y axis.
func rowAt(i, n int) float64 { return float64(n - 1 - i) }

// wordGap lies between a bar and the words after it.
const wordGap = vg.Length(7)

// wordEnd is a bar's end as a share of the axis, and the width of the words
// that follow it.
type wordEnd struct {
	at   float64
	wide vg.Length
}

// room is how much of the right side must stay free so that the words after
// every bar fit.
func room(c draw.Canvas, p *plot.Plot, ends []wordEnd) vg.Length {
	full := c.Max.X - dataCanvas(c, p).Min.X
	var need vg.Length
	for _, e := range ends {
		at := vg.Length(math.Min(math.Max(e.at, 0.01), 1))
		need = max(need, full-(full-wordGap-e.wide)/at)
	}
	return min(need, full*0.6)
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

// baseline is the upright line that bars stand on.
func baseline(c draw.Canvas, x vg.Length) {
	c.StrokeLine2(draw.LineStyle{Color: axisColor, Width: 0.8}, x, c.Min.Y, x, c.Max.Y)
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
	high := y1 - y0
	for x := x0 - high; x < x1; x += apart {
		from, to := vg.Point{X: x, Y: y0}, vg.Point{X: x + high, Y: y1}
		if from.X < x0 {
			from = vg.Point{X: x0, Y: y0 + (x0 - x)}
		}
		if to.X > x1 {
			to = vg.Point{X: x1, Y: y0 + (x1 - x)}
		}
		c.StrokeLines(sty, []vg.Point{from, to})
	}
}
