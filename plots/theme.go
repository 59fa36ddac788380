package main

import (
	"image/color"
	"math"

	stdfnt "golang.org/x/image/font"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// The look of every figure: sizes in points, one typeface, few greys.

const (
	figureWidth  = 8 * vg.Inch
	figureHeight = 5.2 * vg.Inch
	pngDPI       = 180

	margin     = vg.Length(16)
	lineWidth  = vg.Length(1.6)
	markRadius = vg.Length(3.3)
)

var (
	inkColor  = rgb(0x1A1A1A)
	greyColor = rgb(0x5C5C5C)
	axisColor = rgb(0x8C8C8C)
	gridColor = rgb(0xE6E6E6)
)

var (
	titleText     = letters(13.5, stdfnt.WeightBold, inkColor)
	subtitleText  = letters(9.8, stdfnt.WeightNormal, inkColor)
	conditionText = letters(8.5, stdfnt.WeightNormal, greyColor)
	captionText   = letters(7.6, stdfnt.WeightNormal, greyColor)
	axisText      = letters(9, stdfnt.WeightNormal, inkColor)
	tickText      = letters(8.5, stdfnt.WeightNormal, greyColor)
	labelText     = letters(9, stdfnt.WeightBold, inkColor)
	valueText     = letters(8.5, stdfnt.WeightNormal, inkColor)
)

func letters(size vg.Length, weight stdfnt.Weight, c color.Color) text.Style {
	return text.Style{
		Color:   c,
		Font:    font.From(font.Font{Typeface: "Liberation", Variant: "Sans", Weight: weight}, size),
		Handler: text.Plain{Fonts: font.DefaultCache},
	}
}

// colored is the style in another colour.
func colored(sty text.Style, c color.Color) text.Style {
	sty.Color = c
	return sty
}

// aligned is the style set about its anchor.
func aligned(sty text.Style, x text.XAlignment, y text.YAlignment) text.Style {
	sty.XAlign, sty.YAlign = x, y
	return sty
}

// beside sets words to the right of a point, their small letters level with it.
func beside(c draw.Canvas, sty text.Style, at vg.Point, words string) {
	at.Y += sty.Font.Size * 0.14
	c.FillText(aligned(sty, text.XLeft, text.YCenter), at, words)
}

// newPlot is an empty chart in this look: no frame, a light grid, the names of
// the axes left to the caller.
func newPlot() *plot.Plot {
	p := plot.New()
	p.BackgroundColor = color.Transparent
	for _, a := range []*plot.Axis{&p.X, &p.Y} {
		a.LineStyle = draw.LineStyle{Color: axisColor, Width: 0.7}
		a.Tick.LineStyle = draw.LineStyle{Color: axisColor, Width: 0.6}
		a.Tick.Length = 3.5
		a.Padding = 3
		a.Tick.Label = aligned(tickText, a.Tick.Label.XAlign, a.Tick.Label.YAlign)
		a.Label.TextStyle = aligned(axisText, a.Label.TextStyle.XAlign, a.Label.TextStyle.YAlign)
		a.Label.Padding = 4
	}
	return p
}

// wrapped breaks a text into lines no wider than width.
func wrapped(sty text.Style, s string, width vg.Length) []string {
	return lay(s, func(line string) bool { return sty.Width(line) <= width })
}

// leading is the distance from one baseline to the next.
func leading(sty text.Style) vg.Length { return sty.Font.Size * 1.28 }

// drawMarker sets a point: a white rim keeps it legible on its own line.
func drawMarker(c draw.Canvas, s style, at vg.Point) {
	if !c.Contains(at) {
		return
	}
	if s.Hollow { // wide enough that what it was drawn over shows inside
		ring(c, s.Marker, at, markRadius+1.5, draw.LineStyle{Color: s.Color, Width: 1.1})
		return
	}
	c.SetColor(color.White)
	c.Fill(outline(s.Marker, at, markRadius+1.1))
	c.SetColor(s.Color)
	if s.Marker != cross {
		c.Fill(outline(s.Marker, at, markRadius))
		return
	}
	r, sty := markRadius*0.8, draw.LineStyle{Color: s.Color, Width: 1.8}
	c.StrokeLine2(sty, at.X-r, at.Y-r, at.X+r, at.Y+r)
	c.StrokeLine2(sty, at.X-r, at.Y+r, at.X+r, at.Y-r)
}

// ring is a marker's outline.
func ring(c draw.Canvas, m marker, at vg.Point, r vg.Length, line draw.LineStyle) {
	c.SetLineStyle(line)
	c.Stroke(outline(m, at, r))
}

// corners are those of each marker that is no circle: how many, how far out, and the
// direction of the first. The shapes have like areas.
var corners = map[marker]struct {
	n          int
	grow, turn float64
}{
	square: {4, 1.25, math.Pi / 4}, triangle: {3, 1.4, math.Pi / 2}, wedge: {3, 1.4, -math.Pi / 2},
	diamond: {4, 1.3, 0}, pentagon: {5, 1.2, math.Pi / 2},
}

// outline is the closed path of a marker.
func outline(m marker, at vg.Point, r vg.Length) (p vg.Path) {
	shape, angular := corners[m]
	if !angular {
		p.Move(vg.Point{X: at.X + r, Y: at.Y})
		p.Arc(at, r, 0, 2*math.Pi)
	}
	for i := range shape.n {
		a := shape.turn + 2*math.Pi*float64(i)/float64(shape.n)
		pt := vg.Point{X: at.X + r*vg.Length(shape.grow*math.Cos(a)), Y: at.Y + r*vg.Length(shape.grow*math.Sin(a))}
		if i == 0 {
			p.Move(pt)
		} else {
			p.Line(pt)
		}
	}
	p.Close()
	return p
}
