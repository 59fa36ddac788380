package main

import (
	"math"
	"slices"

	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"pushbench/servers/units"
)

// A part below zero, which compression is where it saves, is no length to be
// taken off some other part, since it saves on several. It lies hatched on the
// other side of zero, so that what lies to the right is what there was to carry,
// and a mark stands where the sum ends: that is what was carried.

// saved is by how much a stack's saving part is below zero.
func (ch *barChart) saved(b bar) float64 {
	if ch.Saving < 0 || ch.Saving >= len(b.Parts) || b.Note != "" {
		return 0
	}
	if v := b.Parts[ch.Saving]; finite(v) && v < 0 {
		return -v
	}
	return 0
}

// saves reports whether any of the stacks has a part below zero.
func (ch *barChart) saves() bool {
	return slices.ContainsFunc(ch.Bars, func(b bar) bool { return ch.saved(b) > 0 })
}

// end is how far the bar reaches, its interval included.
func (b bar) end() float64 {
	sum := 0.0
	for _, v := range b.Parts {
		if finite(v) && v > 0 {
			sum += v
		}
	}
	for _, v := range []float64{b.Value, b.Hi} {
		if finite(v) {
			sum = math.Max(sum, v)
		}
	}
	return sum
}

// shade is how much of the colour part i keeps.
func (ch *barChart) shade(i int) float64 {
	const pale, full = 0.22, 0.95
	shaded := len(ch.Words)
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

// key explains the shades, once and in grey, since every colour has them.
func (ch *barChart) key(c draw.Canvas) {
	sty := aligned(axisText, text.XLeft, text.YTop)
	at := vg.Point{X: c.Min.X, Y: c.Max.Y}
	side := sty.Font.Size * 0.95
	grey := style{Color: rgb(0x4D4D4D)}
	for i, word := range ch.Words {
		if i == ch.Saving {
			hatch(c, grey, at.X, at.Y-side-2.2, at.X+side, at.Y-2.2)
			if ch.saves() {
				word += savedWord
			}
		} else {
			c.FillPolygon(grey.tint(ch.shade(i)), box(at.X, at.Y-side-2.2, at.X+side, at.Y-2.2))
		}
		at.X += side + 4
		c.FillText(sty, at, word)
		at.X += sty.Width(word) + 14
	}
	if ch.saves() {
		netMark(c, at.X+2, at.Y-side-2.2, at.Y-2.2)
		at.X += 9
		c.FillText(sty, at, sumWord)
	}
}

// stacked draws the parts of a bar and returns where they end.
func (ch *barChart) stacked(c draw.Canvas, x func(float64) vg.Length, b bar, mid, half vg.Length) vg.Length {
	end := ch.parts(c, x, b, mid-half, mid+half)
	if saved := ch.saved(b); saved > 0 {
		ch.fill(c, b, ch.Saving, x(-saved), mid-half, x(0), mid+half, -1)
		netMark(c, x(b.Value), mid-half-2, mid+half+2)
	}
	if b.Style.Dashes != nil && end-x(0) > 4 {
		strokeBox(c, b.Style, x(0), mid-half, end, mid+half)
	}
	return end
}

// parts fills the bar, writes into each part what it is where that fits, and
// returns where the bar ends.
func (ch *barChart) parts(c draw.Canvas, x func(float64) vg.Length, b bar, bottom, top vg.Length) vg.Length {
	sum, net := 0.0, vg.Length(-1) // off the canvas
	if ch.saved(b) > 0 {
		net = x(b.Value)
	}
	for i, part := range b.Parts {
		if !finite(part) || part <= 0 || b.Note != "" {
			continue
		}
		ch.fill(c, b, i, x(sum), bottom, x(sum+part), top, net)
		sum += part
	}
	return x(sum)
}

// fill draws part i of a stack, with its size where that fits beside the mark of
// the sum at net.
func (ch *barChart) fill(c draw.Canvas, b bar, i int, x0, bottom, x1, top, net vg.Length) {
	sty := colored(valueText, inkColor)
	if i == ch.Saving {
		hatch(c, b.Style, x0, bottom, x1, top)
	} else {
		fill := b.Style.tint(ch.shade(i))
		c.FillPolygon(fill, box(x0, bottom, x1, top))
		sty = colored(valueText, legible(fill))
	}
	words := units.FormatShort(b.Parts[i], ch.Unit)
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
