package main

import (
	"cmp"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// A scatter has a point for each treatment, with the intervals of both of its
// values as a cross, and its name beside it.

// span is a value with its interval, infinite where there is none.
type span struct{ At, Lo, Hi float64 }

// spot is one point.
type spot struct {
	Name  string
	Style style
	X, Y  span
	Path  string // spots that share one are joined, "" for none
}

// scatterChart is the spots over two axes.
type scatterChart struct {
	X, Y   axis
	Spots  []spot
	Better [2]int // where the better values lie, across and upwards: −1, 1, or 0 for nowhere
}

func (ch *scatterChart) draw(c draw.Canvas) {
	head := aligned(axisText, text.XLeft, text.YTop)
	c.FillText(head, vg.Point{X: c.Min.X, Y: c.Max.Y}, ch.Y.Name)
	c = draw.Crop(c, 0, 0, 0, -leading(head)-3)

	p := newPlot()
	p.Add(grid{X: true, Y: true})
	p.Add(ch)
	ch.X.apply(&p.X)
	ch.Y.apply(&p.Y)
	p.X.Padding, p.Y.Padding = 6, 6
	inner := draw.Crop(c, 0, -30, 0, 0) // names reach over the edge of the data
	drawPlot(inner, p, ch.X.Name)
	ch.label(c, p, dataCanvas(inner, p))
}

// Plot implements plot.Plotter.
func (ch *scatterChart) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	at := func(s spot) vg.Point { return vg.Point{X: x(s.X.At), Y: y(s.Y.At)} }
	for _, path := range ch.paths() {
		var pts []vg.Point
		for _, s := range path {
			if s.drawable(p) {
				pts = append(pts, at(s))
			}
		}
		if len(pts) > 1 {
			c.StrokeLines(draw.LineStyle{Color: path[0].Style.tint(0.55), Width: 1}, c.ClipLinesXY(pts)...)
		}
	}
	for _, s := range ch.Spots {
		if !s.drawable(p) {
			continue
		}
		arm := draw.LineStyle{Color: s.Style.tint(0.7), Width: 1.2}
		across, upwards := s.arms(c, p)
		c.StrokeLine2(arm, across.Min.X, across.Min.Y, across.Max.X, across.Max.Y)
		c.StrokeLine2(arm, upwards.Min.X, upwards.Min.Y, upwards.Max.X, upwards.Max.Y)
	}
	for _, s := range ch.Spots {
		if s.drawable(p) {
			drawMarker(c, s.Style, at(s))
		}
	}
}

func (s spot) drawable(p *plot.Plot) bool { return drawable(s.X.At, p.X) && drawable(s.Y.At, p.Y) }

// arms are the two strokes of the cross, within the canvas.
func (s spot) arms(c draw.Canvas, p *plot.Plot) (across, upwards vg.Rectangle) {
	x, y := p.Transforms(&c)
	clipX := func(v float64) vg.Length { return min(max(x(v), c.Min.X), c.Max.X) }
	clipY := func(v float64) vg.Length { return min(max(y(v), c.Min.Y), c.Max.Y) }
	at := vg.Point{X: x(s.X.At), Y: y(s.Y.At)}
	across, upwards = vg.Rectangle{Min: at, Max: at}, vg.Rectangle{Min: at, Max: at}
	if drawable(s.X.Lo, p.X) && drawable(s.X.Hi, p.X) {
		across.Min.X, across.Max.X = clipX(s.X.Lo), clipX(s.X.Hi)
	}
	if drawable(s.Y.Lo, p.Y) && drawable(s.Y.Hi, p.Y) {
		upwards.Min.Y, upwards.Max.Y = clipY(s.Y.Lo), clipY(s.Y.Hi)
	}
	return across, upwards
}

// paths are the spots that are joined, from left to right, in the order in which
// their first ones stand.
func (ch *scatterChart) paths() [][]spot {
	var names []string
	byName := map[string][]spot{}
	for _, s := range ch.Spots {
		if s.Path == "" {
			continue
		}
		if byName[s.Path] == nil {
			names = append(names, s.Path)
		}
		byName[s.Path] = append(byName[s.Path], s)
	}
	var paths [][]spot
	for _, name := range names {
		if path := byName[name]; len(path) > 1 {
			slices.SortStableFunc(path, func(a, b spot) int { return cmp.Compare(a.X.At, b.X.At) })
			paths = append(paths, path)
		}
	}
	return paths
}

// corner writes where the better values lie, and returns what that takes.
func (ch *scatterChart) corner(c draw.Canvas) []vg.Rectangle {
	if ch.Better[0] == 0 || ch.Better[1] == 0 {
		return nil
	}
	const word, arrow = "better", vg.Length(11)
	sty := colored(conditionText, axisColor)
	wide, high := sty.Width(word), sty.Font.Size
	inX, inY := vg.Length(-ch.Better[0]), vg.Length(-ch.Better[1]) // from the corner inwards
	tip := vg.Point{X: c.Min.X + 5, Y: c.Min.Y + 5}
	if inX < 0 {
		tip.X = c.Max.X - 5
	}
	if inY < 0 {
		tip.Y = c.Max.Y - 5
	}
	tail := vg.Point{X: tip.X + inX*arrow, Y: tip.Y + inY*arrow}
	line := draw.LineStyle{Color: axisColor, Width: 1}
	c.StrokeLines(line, []vg.Point{tail, tip})
	c.StrokeLines(line, []vg.Point{{X: tip.X + inX*5, Y: tip.Y}, tip, {X: tip.X, Y: tip.Y + inY*5}})
	at := vg.Point{X: tail.X + 3, Y: tail.Y}
	if inX < 0 {
		at.X = tail.X - 3 - wide
	}
	beside(c, sty, at, word)
	return []vg.Rectangle{{
		Min: vg.Point{X: min(tip.X, at.X) - 2, Y: min(tip.Y, tail.Y-high/2) - 2},
		Max: vg.Point{X: max(tip.X, at.X+wide) + 2, Y: max(tip.Y, tail.Y+high/2) + 2},
	}}
}
