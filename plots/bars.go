package main

import (
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Bars lie on their side, so that the names of transports stand beside them in
// full. Where values lie so far apart that the short bars would vanish, they
// become points with intervals on a logarithmic axis (Cleveland's dot plot): a
// bar's length would mean nothing there.
//
// A stacked bar shows which part asks for what: of the bytes of an event, how many
// are payload, envelope, protocol. The parts are shades of the transport's own colour,
// from pale to full, in the order in which the scenario names them (stack.go).

// bar is one value with its interval.
type bar struct {
	Name   string
	Style  style
	Value  float64
	Lo, Hi float64   // infinite where there is none
	Parts  []float64 // of a stacked bar, NaN where there is none
	Note   string    // why there is no value
	Never  bool      // what it is a time of did not happen: the bar has no end
	After  string    // stands behind the value
}

// barChart is a row per value.
type barChart struct {
	X      axis
	Unit   string
	Words  []string // names of the parts; nil: bars are not stacked
	Saving int      // the part that may be below zero, −1 for none: hatched
	Bars   []bar
}

// apart is how far values may lie from each other before bars become points.
const apart = 40

// newBarChart picks the axis.
func newBarChart(name, unit string, words []string, saving int, bars []bar) *barChart {
	ch := &barChart{Unit: unit, Words: words, Saving: saving, Bars: bars}
	var vs []float64
	lowest, most := math.Inf(1), 0.0
	for _, b := range bars {
		if b.Note != "" || b.Never || !finite(b.Value) {
			continue
		}
		lowest, most = math.Min(lowest, b.Value), math.Max(most, b.Value)
		vs = append(vs, b.Value, b.end())
		if finite(b.Lo) && finite(b.Hi) {
			vs = append(vs, b.Lo, b.Hi)
		}
		if v := ch.saved(b); v > 0 {
			vs = append(vs, -v)
		}
	}
	ch.X = linearAxis(name, unit, vs)
	if words == nil && lowest > 0 && most > apart*lowest {
		ch.X = logAxis(name+logScaleToo, unit, vs)
	}
	return ch
}

func (ch *barChart) draw(c draw.Canvas) {
	if ch.Words != nil {
		ch.key(c)
		c = draw.Crop(c, 0, 0, 0, -leading(axisText)-4)
	}
	p := newPlot()
	p.Add(grid{X: true})
	p.Add(ch)
	ch.X.apply(&p.X)
	names := make([]string, len(ch.Bars))
	ends := make([]wordEnd, len(ch.Bars))
	for i, b := range ch.Bars {
		names[i] = b.Name
		ends[i].wide = valueText.Width(ch.words(b))
		for _, v := range []float64{b.Value, b.Hi, b.end()} {
			if drawable(v, p.X) && b.Note == "" {
				ends[i].at = math.Max(ends[i].at, p.X.Norm(v))
			}
		}
		if !ch.X.Log {
			ends[i].at = math.Max(ends[i].at, p.X.Norm(0)) // of a bar that lies below zero
		}
		if b.Never {
			ends[i].at = 1
		}
	}
	nameRows(p, names)
	drawPlot(draw.Crop(c, 0, -room(c, p, ends), 0, 0), p, ch.X.Name)
}

// words are what stands beside a bar.
func (ch *barChart) words(b bar) string {
	if b.Never {
		return noneNoticed + b.After
	}
	if b.Note != "" || !finite(b.Value) {
		return "– " + b.Note
	}
	return valueWithInterval(b.Value, b.Lo, b.Hi, ch.Unit) + b.After
}

// Plot implements plot.Plotter.
func (ch *barChart) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	high := 0.30
	if ch.Words != nil {
		high = 0.32
	}
	half := min((y(1)-y(0))*vg.Length(high), 12)
	base := x(p.X.Min)
	if !ch.X.Log {
		base = x(0)
	}
	clip := func(v float64) vg.Length { return min(max(x(v), c.Min.X), c.Max.X) }
	for i, b := range ch.Bars {
		mid := y(rowAt(i, len(ch.Bars)))
		end := base
		at, lo, hi := base, base, base
		whole := drawable(b.Value, p.X) && b.Note == ""
		if whole {
			at, lo, hi = x(b.Value), x(b.Value), x(b.Value)
			if drawable(b.Lo, p.X) && drawable(b.Hi, p.X) {
				lo, hi = clip(b.Lo), clip(b.Hi)
			}
		}
		switch {
		case b.Never:
			drawOpen(c, b.Style, base, c.Max.X, mid, half)
			end = c.Max.X
		case ch.Words != nil:
			end = ch.stacked(c, x, b, mid, half)
			if hi-lo > 1.5 { // an exact count has none worth drawing
				whisker(c, b.Style, lo, hi, mid, 4)
				end = max(end, hi)
			}
		case whole && ch.X.Log:
			drawDot(c, b.Style, base, at, lo, hi, mid)
			end = max(end, at, hi)
		case whole:
			drawBar(c, b.Style, base, at, lo, hi, mid, half)
			end = max(end, at, hi)
		}
		beside(c, valueText, vg.Point{X: end + wordGap, Y: mid}, ch.words(b))
	}
	if !ch.X.Log {
		baseline(c, base)
	}
}

func drawDot(c draw.Canvas, s style, base, at, lo, hi, mid vg.Length) {
	c.StrokeLine2(draw.LineStyle{Color: gridColor, Width: 0.8}, base, mid, at, mid)
	c.StrokeLine2(draw.LineStyle{Color: s.tint(0.6), Width: 3}, lo, mid, hi, mid)
	drawMarker(c, s, vg.Point{X: at, Y: mid})
}

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
