package main

import (
	"cmp"
	"image/color"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Bars and dots lie on their side, so that names stand beside them in full. Where
// values lie so far apart that short bars would vanish, they are dots with intervals on
// a logarithmic axis (Cleveland's dot plot): a bar's length would mean nothing there.

// spot is a value with its interval.
type spot struct {
	Case          string  // what it is called where a row has several
	Value, Lo, Hi float64 // NaN for no value; infinite for no interval
}

// row is what lies beside one name.
type row struct {
	Name  string
	Style style
	Words string // after the marks: the value, or why there is none
	spot
	More    []spot    // other cases on the same row
	Held    float64   // what a dot is held against, NaN for nothing
	Allowed float64   // a tolerance on both sides of the level, 0 for none
	Parts   []float64 // of a stacked bar, NaN where there is none
	Never   bool      // what it is a time of did not happen: the bar has no end
}

// rowGroup is rows under a heading, "" for none.
type rowGroup struct {
	Name string
	Rows []row
}

// rowChart is the groups, one below the other.
type rowChart struct {
	Mark   string // bars or dots
	X      axis
	Groups []rowGroup
	Level  float64 // an upright line where both sides are the same, such as 1 of a ratio; NaN for none
	Held   string  // the key's word for what dots are held against, "" for none

	Unit   string   // of parts
	Parts  []string // their names; nil: bars are not stacked
	Saving int      // the part that may be below zero, −1 for none: hatched

	raw func(float64) float64 // the value of a place, where the axis is of its own
}

// apart is how far values may lie from each other before bars become dots.
const apart = 40

func (ch *rowChart) scale(name, unit string) {
	ch.Unit = unit
	var vs []float64
	lowest, most := math.Inf(1), 0.0
	ch.each(nil, func(r row, _ float64) {
		for _, s := range r.spots() {
			vs = append(vs, s.Value, s.Lo, s.Hi)
		}
		vs = append(vs, r.Held)
		if finite(r.Value) {
			vs = append(vs, r.end(), 0-ch.saved(r)) // and no −0
			lowest, most = math.Min(lowest, r.Value), math.Max(most, r.Value)
		}
	})
	if finite(ch.Level) {
		vs = append(vs, ch.Level)
	}
	if ch.Mark == "dots" || ch.Parts == nil && lowest > 0 && most > apart*lowest {
		ch.X = logAxis(name+logScaleToo, unit, vs)
	} else {
		ch.X = linearAxis(name, unit, vs)
	}
}

// lengths reports whether values are lengths from 0, and not places.
func (ch *rowChart) lengths() bool { return ch.Mark == "bars" && !ch.X.Log }

func (r row) spots() []spot { return append([]spot{r.spot}, r.More...) }

// rows is the height of the chart in rows.
func (ch *rowChart) rows() float64 {
	n := 1.0
	deepest := func(at float64) { n = math.Max(n, 0.5-at) }
	ch.each(func(_ string, at float64) { deepest(at) }, func(_ row, at float64) { deepest(at) })
	return n
}

func (ch *rowChart) height() vg.Length {
	each, words := vg.Length(34), 2.3*vg.Inch
	if ch.Mark == "dots" {
		each, words = 19, 2.5*vg.Inch
	}
	return max(3.6*vg.Inch, min(16*vg.Inch, vg.Length(ch.rows())*each+words))
}

// headingGap is the space before a heading, in rows; the heading takes one.
const headingGap = 0.35

// each yields every heading, where that is wanted, and every row with its place, in
// rows below the top.
func (ch *rowChart) each(heading func(name string, at float64), yield func(r row, at float64)) {
	at := -0.5
	for i, g := range ch.Groups {
		if i > 0 {
			at -= headingGap
		}
		if g.Name != "" {
			if heading != nil {
				heading(g.Name, at)
			}
			at--
		}
		for _, r := range g.Rows {
			yield(r, at)
			at--
		}
	}
}

func (ch *rowChart) draw(c draw.Canvas) {
	if key := ch.key(); len(key) > 0 {
		drawKey(c, key)
		c = draw.Crop(c, 0, 0, 0, -leading(axisText)-4)
	}
	p := newPlot()
	p.Add(grid{}, ch)
	ch.X.apply(&p.X)
	var names plot.ConstantTicks
	ch.each(nil, func(r row, at float64) { names = append(names, plot.Tick{Value: at, Label: r.Name}) })
	p.Y.Tick.Marker = names
	p.Y.Min, p.Y.Max = -ch.rows(), 0
	if ch.Mark == "bars" {
		p.Y.Min, p.Y.Max = p.Y.Min-0.1, 0.1
	}
	p.Y.Tick.Label = aligned(colored(axisText, inkColor), text.XRight, text.YCenter)
	p.Y.Tick.Length, p.Y.Padding, p.Y.LineStyle.Width = 0, 5, 0
	inner := draw.Crop(c, 0, -ch.room(c, p), 0, 0)
	drawPlot(inner, p, ch.X.Name)
	_, y := p.Transforms(new(dataCanvas(inner, p)))
	ch.each(func(name string, at float64) { // on white, where it reaches over the lines
		half := labelText.Font.Size * 0.65
		c.FillPolygon(color.White, box(c.Min.X, y(at)-half, c.Min.X+labelText.Width(name)+4, y(at)+half))
		beside(c, labelText, vg.Point{X: c.Min.X, Y: y(at)}, name)
	}, func(row, float64) {})
}

// wordGap lies between a mark and the words after it.
const wordGap = vg.Length(7)

// room is how much of the right side must stay free so that the words of every row fit.
func (ch *rowChart) room(c draw.Canvas, p *plot.Plot) (need vg.Length) {
	full := c.Max.X - dataCanvas(c, p).Min.X
	ch.each(nil, func(r row, _ float64) {
		end := 0.01 // as a share of the axis
		ends := []float64{r.Held, r.end()}
		for _, s := range r.spots() {
			ends = append(ends, s.Value, s.Hi)
		}
		if ch.lengths() {
			ends = append(ends, 0) // of a bar that lies below zero
		}
		for _, v := range ends {
			if drawable(v, p.X) {
				end = math.Max(end, p.X.Norm(v))
			}
		}
		if r.Never {
			end = 1
		}
		need = max(need, full-(full-wordGap-valueText.Width(r.Words))/vg.Length(math.Min(end, 1)))
	})
	return min(need, full*0.6)
}

// key explains shades, or tells a dot from what it is held against.
func (ch *rowChart) key() []keyMark {
	if ch.Mark == "bars" {
		return ch.partsKey()
	}
	key := []keyMark{{foundWord, 16, func(c draw.Canvas, x, mid vg.Length) {
		grey := style{Color: formGrey}
		c.StrokeLine2(grey.interval(), x, mid, x+16, mid)
		drawMarker(c, grey, vg.Point{X: x + 8, Y: mid})
	}}}
	if ch.Held != "" {
		key = append(key, keyMark{ch.Held, 12, func(c draw.Canvas, x, mid vg.Length) { drawHeld(c, vg.Point{X: x + 6, Y: mid}) }})
	}
	return key
}

// Plot implements plot.Plotter.
func (ch *rowChart) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	clip := func(v float64) vg.Length { return min(max(x(v), c.Min.X), c.Max.X) }
	base, high := c.Min.X, 0.30
	if ch.lengths() {
		base = x(0)
	}
	if ch.Parts != nil {
		high = 0.32
	}
	half := min((y(1)-y(0))*vg.Length(high), 12)
	if ch.Level >= p.X.Min && ch.Level <= p.X.Max {
		c.StrokeLine2(draw.LineStyle{Color: axisColor, Width: 1, Dashes: dashed}, x(ch.Level), c.Min.Y, x(ch.Level), c.Max.Y)
	}
	ch.each(nil, func(r row, at float64) {
		mid, end := y(at), base
		if r.Allowed > 0 {
			c.FillPolygon(allowedColor, box(clip(ch.Level-r.Allowed), mid-6, clip(ch.Level+r.Allowed), mid+6))
		}
		spots := slices.DeleteFunc(r.spots(), func(s spot) bool { return r.Never || !drawable(s.Value, p.X) })
		for _, s := range spots {
			if !ch.lengths() {
				c.StrokeLine2(draw.LineStyle{Color: gridColor, Width: 0.8}, base, mid, x(s.Value), mid)
			}
		}
		for _, s := range spots {
			at, lo, hi := x(s.Value), x(s.Value), x(s.Value)
			if drawable(s.Lo, p.X) && drawable(s.Hi, p.X) {
				lo, hi = clip(s.Lo), clip(s.Hi)
			}
			switch {
			case ch.Parts != nil:
				at = ch.stacked(c, x, r, mid, half)
				if hi-lo > 1.5 { // an exact count has none worth drawing
					whisker(c, r.Style, lo, hi, mid, 4)
				}
			case ch.lengths():
				drawBar(c, r.Style, base, at, lo, hi, mid, half)
			default:
				c.StrokeLine2(r.Style.interval(), lo, mid, hi, mid)
			}
			end = max(end, at, hi)
		}
		for _, s := range spots {
			if !ch.lengths() {
				drawMarker(c, r.Style, vg.Point{X: x(s.Value), Y: mid})
			}
		}
		if drawable(r.Held, p.X) {
			drawHeld(c, vg.Point{X: clip(r.Held), Y: mid})
			end = max(end, clip(r.Held)+3)
		}
		if r.Never {
			drawOpen(c, r.Style, base, c.Max.X, mid, half)
			end = c.Max.X
		}
		beside(c, valueText, vg.Point{X: end + wordGap, Y: mid}, r.Words)
	})
	if ch.lengths() {
		c.StrokeLine2(draw.LineStyle{Color: axisColor, Width: 0.8}, base, c.Min.Y, base, c.Max.Y)
	}
}

func (ch *rowChart) values() (vs []value) {
	raw := ch.raw
	if raw == nil {
		raw = func(v float64) float64 { return v }
	}
	for _, g := range ch.Groups {
		for _, r := range g.Rows {
			add := func(mark, of string, x, low, high float64) {
				vs = append(vs, value{mark, strings.TrimPrefix(g.Name+": "+of, ": "), x, none, low, high})
			}
			for _, s := range r.spots() {
				add(strings.TrimSuffix(ch.Mark, "s"), cmp.Or(s.Case, r.Name), raw(s.Value), raw(s.Lo), raw(s.Hi))
			}
			if finite(r.Held) {
				add("held", r.Name, r.Held, none, none)
			}
			for i, part := range r.Parts {
				add("part", r.Name+": "+ch.Parts[i], part, none, none)
			}
		}
	}
	return vs
}
