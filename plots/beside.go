package main

import (
	"cmp"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Points that no line leads to cannot be told apart where they lie upon each
// other, as those of all pushes do on a long path: there they are set side by
// side, about the place that is theirs. A hollow one, which is drawn to be seen
// around another, stays around that.

// sideBySide draws the points of loose series with their intervals.
type sideBySide []*series

// spotOf is a point with its place on the canvas.
type spotOf struct {
	*series
	point
	at vg.Point
}

func (ss sideBySide) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	level := map[float64][]spotOf{}
	for _, s := range ss {
		for _, pt := range s.Points {
			if pt.Mark && drawable(pt.X, p.X) && drawable(pt.Y, p.Y) {
				level[pt.X] = append(level[pt.X], spotOf{s, pt, vg.Point{X: x(pt.X), Y: y(pt.Y)}})
			}
		}
	}
	ats := sortedKeys(level)
	for i, at := range ats {
		// A heap keeps within the canvas, and clear of those of the next levels.
		room := 2 * (min(x(at)-c.Min.X, c.Max.X-x(at)) - markRadius)
		for _, next := range []int{i - 1, i + 1} {
			if next >= 0 && next < len(ats) {
				room = min(room, 0.8*max(x(at)-x(ats[next]), x(ats[next])-x(at)))
			}
		}
		for _, heap := range heaps(level[at]) {
			spreadOut(heap, room)
			for _, s := range heap {
				if finite(s.Lo) && finite(s.Hi) {
					lo, hi := max(y(s.Lo), c.Min.Y), min(y(s.Hi), c.Max.Y)
					c.StrokeLine2(draw.LineStyle{Color: s.Style.Color, Width: 0.9}, s.at.X, lo, s.at.X, hi)
				}
			}
			for _, s := range heap {
				drawMarker(c, s.Style, s.at)
			}
		}
	}
}

// heaps groups the points of one level of which each touches the next; in a group
// they keep the order of their series.
func heaps(spots []spotOf) (heaps [][]spotOf) {
	const touch = 1.7 * markRadius
	var ys []vg.Length
	for _, s := range spots {
		ys = append(ys, s.at.Y)
	}
	slices.Sort(ys)
	gapsBelow := func(s spotOf) (gaps int) {
		for i := 1; i < len(ys) && ys[i] <= s.at.Y; i++ {
			if ys[i]-ys[i-1] > touch {
				gaps++
			}
		}
		return gaps
	}
	heaps = grouped(spots, gapsBelow)
	slices.SortFunc(heaps, func(a, b []spotOf) int { return cmp.Compare(a[0].at.Y, b[0].at.Y) })
	return heaps
}

// spreadOut moves the points of a heap apart, as far as there is room for them.
func spreadOut(heap []spotOf, room vg.Length) {
	stands := make([]int, len(heap)) // the place of each from the left
	places := 0
	for _, hollow := range []bool{false, true} {
		for i, s := range heap {
			if s.Style.Hollow != hollow {
				continue
			}
			around := slices.IndexFunc(heap, func(o spotOf) bool { return !o.Style.Hollow && o.Style.Marker == s.Style.Marker })
			if hollow && around >= 0 {
				stands[i] = stands[around]
				continue
			}
			stands[i] = places
			places++
		}
	}
	if places < 2 {
		return
	}
	apart := max(0, min(2*markRadius+1.5, room/vg.Length(places-1)))
	for i := range heap {
		heap[i].at.X += (vg.Length(stands[i]) - vg.Length(places-1)/2) * apart
	}
}
