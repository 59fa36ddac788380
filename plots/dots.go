package main

import (
	"image/color"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Dots lie in groups upon one logarithmic axis, each with its interval and its
// number, and where there is one beside it: what a model or a paper says.

// dot is one row.
type dot struct {
	Name   string
	Style  style
	Value  float64
	Lo, Hi float64 // infinite where there is no interval
	Beside float64 // what it is held against, NaN for nothing
	Words  string  // after it
	Note   string  // why there is no value

	Allowed float64 // a tolerance on both sides of the level, 0 for none
}

// dotGroup is rows under a heading, "" for none.
type dotGroup struct {
	Name string
	Dots []dot
}

// dotChart is the groups, one below the other.
type dotChart struct {
	X      axis
	Groups []dotGroup
	Level  float64 // a line where both are the same, such as 1 of a ratio
	Found  string  // the key's word for a dot
	Held   string  // and for what it is held against; "" for none

	Levelled bool                  // the level has a line
	raw      func(float64) float64 // the value of a place, where the axis is of its own
}

func newDotChart(name, unit string, groups []dotGroup) *dotChart {
	var vs []float64
	for _, g := range groups {
		for _, d := range g.Dots {
			vs = append(vs, d.Value, d.Lo, d.Hi, d.Beside)
		}
	}
	if unit == "1" {
		vs = append(vs, 1)
	}
	return &dotChart{X: logAxis(name+logScaleToo, unit, vs), Groups: groups, Level: 1, Levelled: unit == "1"}
}

// Heights in rows: a heading takes one, and the space before it.
const dotGap = 0.35

// rows is the height of the chart in rows.
func (ch *dotChart) rows() float64 {
	n := 0.0
	for i, g := range ch.Groups {
		n += float64(len(g.Dots))
		if g.Name != "" {
			n++
		}
		if i > 0 {
			n += dotGap
		}
	}
	return math.Max(n, 1)
}

// each yields every heading and dot with its place, counted from the bottom.
func (ch *dotChart) each(heading func(name string, at float64), row func(d dot, at float64)) {
	at := ch.rows() - 0.5
	for i, g := range ch.Groups {
		if i > 0 {
			at -= dotGap
		}
		if g.Name != "" {
			heading(g.Name, at)
			at--
		}
		for _, d := range g.Dots {
			row(d, at)
			at--
		}
	}
}

func (ch *dotChart) draw(c draw.Canvas) {
	ch.key(c)
	c = draw.Crop(c, 0, 0, 0, -leading(axisText)-4)
	p := newPlot()
	p.Add(grid{X: true})
	p.Add(ch)
	ch.X.apply(&p.X)
	var ends []wordEnd
	ticks := plot.ConstantTicks{}
	ch.each(func(string, float64) {}, func(d dot, at float64) {
		ticks = append(ticks, plot.Tick{Value: at, Label: d.Name})
		end := wordEnd{wide: valueText.Width(d.words())}
		for _, v := range []float64{d.Value, d.Hi, d.Beside} {
			if drawable(v, p.X) && d.Note == "" {
				end.at = math.Max(end.at, math.Min(p.X.Norm(v), 1))
			}
		}
		ends = append(ends, end)
	})
	nameRows(p, nil)
	p.Y.Tick.Marker = ticks
	p.Y.Min, p.Y.Max = 0, ch.rows()
	inner := draw.Crop(c, 0, -room(c, p, ends), 0, 0)
	drawPlot(inner, p, ch.X.Name)
	_, y := p.Transforms(new(dataCanvas(inner, p)))
	ch.each(func(name string, at float64) { // on white, where it reaches over the lines
		half := labelText.Font.Size * 0.65
		c.FillPolygon(color.White, box(c.Min.X, y(at)-half, c.Min.X+labelText.Width(name)+4, y(at)+half))
		beside(c, labelText, vg.Point{X: c.Min.X, Y: y(at)}, name)
	}, func(dot, float64) {})
}

// key tells the dot from what it is held against.
func (ch *dotChart) key(c draw.Canvas) {
	sty := aligned(axisText, text.XLeft, text.YTop)
	at := vg.Point{X: c.Min.X, Y: c.Max.Y}
	mid := at.Y - sty.Font.Size*0.62
	grey := style{Color: rgb(0x4D4D4D)}
	c.StrokeLine2(draw.LineStyle{Color: grey.tint(0.5), Width: 3}, at.X, mid, at.X+16, mid)
	drawMarker(c, grey, vg.Point{X: at.X + 8, Y: mid})
	at.X += 21
	c.FillText(sty, at, ch.Found)
	at.X += sty.Width(ch.Found) + 16
	if ch.Held != "" {
		drawHeld(c, vg.Point{X: at.X + 4, Y: mid})
		at.X += 15
		c.FillText(sty, at, ch.Held)
	}
}

// drawHeld marks what a value is held against: a hollow diamond that a dot upon
// it does not hide.
func drawHeld(c draw.Canvas, at vg.Point) {
	c.SetLineDash(nil, 0)
	c.SetLineWidth(0.9)
	c.SetColor(inkColor)
	c.Stroke(outline(diamond, at, markRadius+2.2))
}

// words are what stands after a dot.
func (d dot) words() string {
	if d.Note != "" || !finite(d.Value) {
		return "– " + d.Note
	}
	return d.Words
}

// Plot implements plot.Plotter.
func (ch *dotChart) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	clip := func(v float64) vg.Length { return min(max(x(v), c.Min.X), c.Max.X) }
	if ch.Levelled && drawable(ch.Level, p.X) && p.X.Min <= ch.Level && p.X.Max >= ch.Level {
		c.StrokeLine2(draw.LineStyle{Color: axisColor, Width: 1, Dashes: dashed}, x(ch.Level), c.Min.Y, x(ch.Level), c.Max.Y)
	}
	ch.each(func(string, float64) {}, func(d dot, row float64) {
		mid, end := y(row), c.Min.X
		if d.Allowed > 0 && d.Note == "" {
			c.FillPolygon(allowedColor, box(clip(ch.Level-d.Allowed), mid-6, clip(ch.Level+d.Allowed), mid+6))
		}
		if drawable(d.Value, p.X) && d.Note == "" {
			at, lo, hi := clip(d.Value), clip(d.Value), clip(d.Value)
			if drawable(d.Lo, p.X) && drawable(d.Hi, p.X) {
				lo, hi = clip(d.Lo), clip(d.Hi)
			}
			drawDot(c, d.Style, c.Min.X, at, lo, hi, mid)
			end = max(at, hi)
		}
		if drawable(d.Beside, p.X) && d.Note == "" {
			drawHeld(c, vg.Point{X: clip(d.Beside), Y: mid})
			end = max(end, clip(d.Beside)+3)
		}
		beside(c, valueText, vg.Point{X: end + wordGap, Y: mid}, d.words())
	})
}
