package main

import (
	"math"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"pushbench/servers/units"
)

// A part below zero, which compression is where it saves, is no length to be
// taken off some other part, since it saves on several. It lies hatched on the
// other side of zero, so that what lies to the right is what there was to carry,
// and a mark stands where the sum ends: that is what was carried.

// saved is by how much a stack's saving part is below zero.
func (ch *rowChart) saved(r row) float64 {
	if ch.Saving < 0 || ch.Saving >= len(r.Parts) {
		return 0
	}
	if v := r.Parts[ch.Saving]; finite(v) && v < 0 {
		return -v
	}
	return 0
}

// saves reports whether any of the stacks has a part below zero.
func (ch *rowChart) saves() (some bool) {
	ch.each(nil, func(r row, _ float64) { some = some || ch.saved(r) > 0 })
	return some
}

// end is how far the bar reaches, its interval included.
func (r row) end() float64 {
	sum := 0.0
	for _, v := range r.Parts {
		if finite(v) && v > 0 {
			sum += v
		}
	}
	for _, v := range []float64{r.Value, r.Hi} {
		if finite(v) {
			sum = math.Max(sum, v)
		}
	}
	return sum
}

// shade is how much of the colour part i keeps.
func (ch *rowChart) shade(i int) float64 {
	const pale, full = 0.22, 0.95
	shaded := len(ch.Parts)
	if ch.Saving >= 0 {
		shaded--
		if i > ch.Saving {
			i--
		}
	}
	if shaded < 2 {
		return full
	}
	// Steps grow, since the eye tells pale shades apart better than full ones.
	f := float64(i) / float64(shaded-1)
	return pale + (full-pale)*math.Pow(f, 1.35)
}

// partsKey explains the shades, once and in grey, since every colour has them.
func (ch *rowChart) partsKey() (key []keyMark) {
	const half = vg.Length(4.3)
	grey := style{Color: formGrey}
	for i, word := range ch.Parts {
		fill := func(c draw.Canvas, x, mid vg.Length) {
			c.FillPolygon(grey.tint(ch.shade(i)), box(x, mid-half, x+2*half, mid+half))
		}
		if i == ch.Saving {
			fill = func(c draw.Canvas, x, mid vg.Length) { hatch(c, grey, x, mid-half, x+2*half, mid+half) }
			if ch.saves() {
				word += savedWord
			}
		}
		key = append(key, keyMark{word, 2 * half, fill})
	}
	if ch.saves() {
		key = append(key, keyMark{sumWord, 4, func(c draw.Canvas, x, mid vg.Length) { netMark(c, x+2, mid-half, mid+half) }})
	}
	return key
}

// stacked draws the parts of a bar and returns where they end.
func (ch *rowChart) stacked(c draw.Canvas, x func(float64) vg.Length, r row, mid, half vg.Length) vg.Length {
	sum, saved, net := 0.0, ch.saved(r), vg.Length(-1) // off the canvas
	if saved > 0 {
		net = x(r.Value)
	}
	for i, part := range r.Parts {
		if finite(part) && part > 0 {
			ch.fill(c, r, i, x(sum), mid-half, x(sum+part), mid+half, net)
			sum += part
		}
	}
	if saved > 0 {
		ch.fill(c, r, ch.Saving, x(-saved), mid-half, x(0), mid+half, -1)
		netMark(c, net, mid-half-2, mid+half+2)
	}
	if r.Style.Dashes != nil && x(sum)-x(0) > 4 {
		strokeBox(c, r.Style, x(0), mid-half, x(sum), mid+half)
	}
	return x(sum)
}

// fill draws part i of a stack, with its size where that fits beside the mark of
// the sum at net.
func (ch *rowChart) fill(c draw.Canvas, r row, i int, x0, bottom, x1, top, net vg.Length) {
	sty := colored(valueText, inkColor)
	if i == ch.Saving {
		hatch(c, r.Style, x0, bottom, x1, top)
	} else {
		fill := r.Style.tint(ch.shade(i))
		c.FillPolygon(fill, box(x0, bottom, x1, top))
		sty = colored(valueText, legible(fill))
	}
	words := units.FormatShort(r.Parts[i], ch.Unit)
	wide := sty.Width(words)
	if wide+6 > x1-x0 {
		return
	}
	at := vg.Point{X: (x0 + x1 - wide) / 2, Y: (bottom + top) / 2}
	if mark, clear := net, vg.Length(5); i != ch.Saving && mark > at.X-clear && mark < at.X+wide+clear {
		switch { // beside the mark, where there is more room
		case x1-mark > mark-x0 && mark+2*clear+wide < x1:
			at.X = mark + clear
		case mark-2*clear-wide > x0:
			at.X = mark - clear - wide
		default:
			return
		}
	}
	if i == ch.Saving { // strokes would run through the words
		half := sty.Font.Size * 0.62
		c.FillPolygon(rgb(0xFFFFFF), box(at.X-2, at.Y-half, at.X+wide+2, at.Y+half))
	}
	beside(c, sty, at, words)
}

// netMark is an upright stroke where a sum ends that is less than its parts.
func netMark(c draw.Canvas, x, bottom, top vg.Length) {
	c.StrokeLine2(draw.LineStyle{Color: rgb(0xFFFFFF), Width: 4}, x, bottom, x, top)
	c.StrokeLine2(draw.LineStyle{Color: inkColor, Width: 1.8}, x, bottom, x, top)
}
