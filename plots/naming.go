package main

import (
	"math"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// The spots of a scatter are named where they stand. A name goes as close to its
// own as it can without covering another name, a marker, a cross or a line; one
// that had to go farther off is tied to its spot by a leader, which keeps clear
// of names and markers too. Spots that crowd together have their names in a
// column beside them, each tied to its own, since beside a crowd nobody could
// tell which of its markers a name is of.

// label names the spots.
func (ch *scatterChart) label(c draw.Canvas, p *plot.Plot, data draw.Canvas) {
	x, y := p.Transforms(&data)
	at := func(s spot) vg.Point { return vg.Point{X: x(s.X.At), Y: y(s.Y.At)} }
	n := naming{
		field: vg.Rectangle{Min: data.Min, Max: vg.Point{X: c.Max.X, Y: c.Max.Y}},
		names: ch.corner(data),
	}
	for _, s := range ch.Spots {
		if s.drawable(p) {
			n.markers = append(n.markers, around(at(s), markRadius+1.5))
			across, upwards := s.arms(data, p)
			n.strokes = append(n.strokes, across, upwards)
		}
	}
	for _, path := range ch.paths() {
		for i := 1; i < len(path); i++ {
			if path[i-1].drawable(p) && path[i].drawable(p) {
				n.strokes = append(n.strokes, beads(at(path[i-1]), at(path[i]))...)
			}
		}
	}
	var drawn []spot
	for _, s := range ch.Spots {
		if s.drawable(p) {
			drawn = append(drawn, s)
		}
	}
	for _, crowd := range crowds(drawn, at) {
		for i, box := range n.name(crowd, at) {
			s := crowd[i]
			n.names = append(n.names, box)
			if from, to, ok := leader(at(s), box); ok {
				n.strokes = append(n.strokes, beads(from, to)...)
				c.StrokeLines(draw.LineStyle{Color: s.Style.tint(0.55), Width: 0.7}, []vg.Point{from, to})
			}
			mid := vg.Point{X: box.Min.X, Y: (box.Min.Y + box.Max.Y) / 2}
			beside(c, colored(labelText, s.Style.ink()), mid, s.Name)
		}
	}
}

// name finds room for the names of a crowd, which may be of one.
func (n naming) name(crowd []spot, at func(spot) vg.Point) []vg.Rectangle {
	if len(crowd) > 1 {
		if boxes := n.column(crowd, at); boxes != nil {
			return boxes
		}
	}
	var boxes []vg.Rectangle
	for _, s := range crowd {
		box := n.place(at(s), vg.Point{X: labelText.Width(s.Name), Y: labelText.Font.Size * 1.05})
		boxes = append(boxes, box)
		n.names = append(slices.Clone(n.names), box)
	}
	return boxes
}

// crowds groups spots whose markers lie so close that names between them could be
// of either; the larger groups first, which have the least choice.
func crowds(spots []spot, at func(spot) vg.Point) [][]spot {
	const wide, high = 16, 13
	group := make([]int, len(spots))
	for i := range spots {
		group[i] = i
	}
	for i := range spots {
		for j := range i {
			a, b := at(spots[i]), at(spots[j])
			if math.Abs(float64(a.X-b.X)) < wide && math.Abs(float64(a.Y-b.Y)) < high && group[i] != group[j] {
				old := group[i]
				for k := range group {
					if group[k] == old {
						group[k] = group[j]
					}
				}
			}
		}
	}
	members := map[int][]spot{}
	for i, s := range spots {
		members[group[i]] = append(members[group[i]], s)
	}
	var cs [][]spot
	for _, k := range sortedKeys(members) {
		cs = append(cs, members[k])
	}
	slices.SortStableFunc(cs, func(a, b []spot) int { return len(b) - len(a) })
	return cs
}

// column finds room for the names of a crowd in a column to its right or to its
// left, as level with it as can be; nil where there is none. Names keep the order
// of their spots.
func (n naming) column(crowd []spot, at func(spot) vg.Point) []vg.Rectangle {
	const off = 20
	high := labelText.Font.Size * 1.2
	left, right := at(crowd[0]).X, at(crowd[0]).X
	ls := make([]label, len(crowd))
	place := map[*series]int{}
	for i, s := range crowd {
		pt := at(s)
		left, right = min(left, pt.X), max(right, pt.X)
		ls[i] = label{series: &series{Name: s.Name}, Want: pt.Y}
		place[ls[i].series] = i
	}
	spread(ls, high, n.field.Min.Y, n.field.Max.Y)
	for _, by := range []vg.Length{0, -5, 5, -10, 10, -16, 16, -24, 24, -34, 34} {
		for _, toRight := range []bool{true, false} {
			boxes := make([]vg.Rectangle, len(crowd))
			free := true
			for _, l := range ls {
				wide, y := labelText.Width(l.series.Name), l.Y+by
				x := right + off
				if !toRight {
					x = left - off - wide
				}
				b := vg.Rectangle{Min: vg.Point{X: x, Y: y - high/2 + 0.5}, Max: vg.Point{X: x + wide, Y: y + high/2 - 0.5}}
				boxes[place[l.series]] = b
				free = free && n.within(b) && !hits(n.names, b) && !hits(n.markers, b)
			}
			if free {
				return boxes
			}
		}
	}
	return nil
}

func (n naming) within(b vg.Rectangle) bool {
	return b.Min.X >= n.field.Min.X && b.Max.X <= n.field.Max.X && b.Min.Y >= n.field.Min.Y && b.Max.Y <= n.field.Max.Y
}

// naming is what names must lie within, and what is taken there.
type naming struct {
	field                   vg.Rectangle
	names, markers, strokes []vg.Rectangle
}

// place finds room for a name of some size near a point: to its right if it can
// be, then around it, then farther off. Where there is none it gives way to
// strokes first, then to markers; names never lie upon each other as long as the
// field has room.
func (n naming) place(at, size vg.Point) vg.Rectangle {
	var first vg.Rectangle
	found := false
	for _, taken := range [][]vg.Rectangle{slices.Concat(n.names, n.markers, n.strokes), slices.Concat(n.names, n.markers), n.names} {
		for b := range n.around(at, size) {
			if !found {
				first, found = b, true
			}
			if !hits(taken, b) && !n.crossed(at, b) {
				return b
			}
		}
	}
	if b, ok := n.nearest(at, size); ok {
		return b
	}
	if !found { // it is wider than the field
		return vg.Rectangle{Min: at, Max: vg.Point{X: at.X + size.X, Y: at.Y + size.Y}}
	}
	return first
}

// nearest is the place in the field that is nearest to a point and has no name
// yet; not ok where the field is full.
func (n naming) nearest(at, size vg.Point) (near vg.Rectangle, ok bool) {
	const step = 8
	least := math.Inf(1)
	for y := n.field.Min.Y; y+size.Y <= n.field.Max.Y; y += step {
		for x := n.field.Min.X; x+size.X <= n.field.Max.X; x += step {
			b := vg.Rectangle{Min: vg.Point{X: x, Y: y}, Max: vg.Point{X: x + size.X, Y: y + size.Y}}
			far := math.Hypot(float64(x+size.X/2-at.X), float64(y+size.Y/2-at.Y))
			if far < least && !hits(n.names, b) {
				near, least, ok = b, far, true
			}
		}
	}
	return near, ok
}

// around yields the places for a name within the field, the better first.
func (n naming) around(at, size vg.Point) func(yield func(vg.Rectangle) bool) {
	return func(yield func(vg.Rectangle) bool) {
		for _, far := range []vg.Length{markRadius + 4, 11, 16, 22, 30, 40, 52, 66, 84, 110} {
			for _, way := range []struct{ x, y vg.Length }{
				{1, 0}, {-1, 0}, {0.75, 0.8}, {0.75, -0.8}, {-0.75, 0.8}, {-0.75, -0.8},
				{1, 0.4}, {1, -0.4}, {-1, 0.4}, {-1, -0.4}, {0, 1}, {0, -1},
			} {
				left := at.X + way.x*far
				switch {
				case way.x < 0:
					left -= size.X
				case way.x == 0:
					left -= size.X / 2
				}
				mid := at.Y + way.y*(far+size.Y/2)
				b := vg.Rectangle{Min: vg.Point{X: left, Y: mid - size.Y/2}, Max: vg.Point{X: left + size.X, Y: mid + size.Y/2}}
				if n.within(b) && !yield(b) {
					return
				}
			}
		}
	}
}

// crossed reports whether the leader from a point to its name would run over
// another name or marker.
func (n naming) crossed(at vg.Point, name vg.Rectangle) bool {
	from, to, ok := leader(at, name)
	if !ok {
		return false
	}
	own := around(at, 0)
	for _, o := range slices.Concat(n.names, n.markers) {
		if overlap(o, own) { // its own marker, and what lies upon that
			continue
		}
		if hits(beads(from, to), o) {
			return true
		}
	}
	return false
}

// leader is the stroke that ties a spot to a name that stands apart from it; not
// ok where the name is near enough.
func leader(at vg.Point, name vg.Rectangle) (from, to vg.Point, ok bool) {
	const near = 12
	to = vg.Point{X: min(max(at.X, name.Min.X-1), name.Max.X+1), Y: min(max(at.Y, name.Min.Y+2), name.Max.Y-2)}
	far := math.Hypot(float64(to.X-at.X), float64(to.Y-at.Y))
	if far <= near {
		return at, to, false
	}
	share := vg.Length(float64(markRadius+1.5) / far)
	return vg.Point{X: at.X + (to.X-at.X)*share, Y: at.Y + (to.Y-at.Y)*share}, to, true
}

// beads are a stroke as small boxes, since boxes are what is held apart.
func beads(from, to vg.Point) []vg.Rectangle {
	const apart = 3
	steps := max(1, min(400, int(math.Hypot(float64(to.X-from.X), float64(to.Y-from.Y))/apart)))
	var bs []vg.Rectangle
	for i := range steps + 1 {
		f := vg.Length(i) / vg.Length(steps)
		bs = append(bs, around(vg.Point{X: from.X + (to.X-from.X)*f, Y: from.Y + (to.Y-from.Y)*f}, 1))
	}
	return bs
}

// around is the square about a point.
func around(at vg.Point, half vg.Length) vg.Rectangle {
	return vg.Rectangle{Min: vg.Point{X: at.X - half, Y: at.Y - half}, Max: vg.Point{X: at.X + half, Y: at.Y + half}}
}

// hits reports whether a box lies upon any of others.
func hits(others []vg.Rectangle, b vg.Rectangle) bool {
	return slices.ContainsFunc(others, func(o vg.Rectangle) bool { return overlap(b, o) })
}

// overlap reports whether two boxes touch; one may be as thin as a stroke.
func overlap(a, b vg.Rectangle) bool {
	return a.Min.X <= b.Max.X && b.Min.X <= a.Max.X && a.Min.Y <= b.Max.Y && b.Min.Y <= a.Max.Y
}
