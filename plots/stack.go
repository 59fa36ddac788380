package main

import (
	"math"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"pushbench/servers/units"
)

// A stacked bar shows what something costs and which part asks for it: of the
// bytes of an event, how many are payload, envelope, protocol. The parts are
// shades of the transport's own colour, from pale to full, in the order in
// which the scenario names them.
//
// A part below zero, which compression is where it saves, is no length to be
// taken off some other part, since it saves on several. It lies hatched on the
// other side of zero, so that what lies to the right is what there was to carry,
// and a mark stands where the sum ends: that is what was carried.

// stack is one bar: its parts, NaN where there is none, and their sum with its
// interval.
type stack struct {
	bar
	Parts []float64
}

// stackChart is a row per stack.
type stackChart struct {
	X      axis
	Unit   string
	Words  []string // names of the parts
	Saving int      // the part that may be below zero, −1 for none: hatched
	Stacks []stack
}

func newStackChart(name, unit string, words []string, saving int, stacks []stack) *stackChart {
	ch := &stackChart{Unit: unit, Words: words, Saving: saving, Stacks: stacks}
	var vs []float64
	for _, s := range stacks {
		vs = append(vs, s.end())
		if v := ch.saved(s); v > 0 {
			vs = append(vs, -v)
		}
	}
	ch.X = linearAxis(name, unit, vs)
	return ch
}

// saved is by how much a stack's saving part is below zero.
func (ch *stackChart) saved(s stack) float64 {
	if ch.Saving < 0 || ch.Saving >= len(s.Parts) || s.Note != "" {
		return 0
	}
	if v := s.Parts[ch.Saving]; finite(v) && v < 0 {
		return -v
	}
	return 0
}

// saves reports whether any of the stacks has a part below zero.
func (ch *stackChart) saves() bool {
	return slices.ContainsFunc(ch.Stacks, func(s stack) bool { return ch.saved(s) > 0 })
}

// end is how far the bar reaches, its interval included.
func (s stack) end() float64 {
	sum := 0.0
	for _, v := range s.Parts {
		if finite(v) && v > 0 {
			sum += v
		}
	}
	for _, v := range []float64{s.Value, s.Hi} {
		if finite(v) {
			sum = math.Max(sum, v)
		}
	}
	return sum
}

// shade is how much of the colour part i keeps.
func (ch *stackChart) shade(i int) float64 {
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

func (ch *stackChart) draw(c draw.Canvas) {
	ch.key(c)
	c = draw.Crop(c, 0, 0, 0, -leading(axisText)-4)
	p := newPlot()
	p.Add(grid{X: true})
	p.Add(ch)
	ch.X.apply(&p.X)
	names := make([]string, len(ch.Stacks))
	ends := make([]wordEnd, len(ch.Stacks))
	for i, s := range ch.Stacks {
		names[i] = s.Name
		ends[i] = wordEnd{at: p.X.Norm(s.end()), wide: valueText.Width(ch.words(s))}
	}
	nameRows(p, names)
	drawPlot(draw.Crop(c, 0, -room(c, p, ends), 0, 0), p, ch.X.Name)
}

// key explains the shades, once and in grey, since every colour has them.
func (ch *stackChart) key(c draw.Canvas) {
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

// words are the sum, beside the bar.
func (ch *stackChart) words(s stack) string {
	if s.Note != "" || !finite(s.Value) {
		return "– " + s.Note
	}
	return valueWithInterval(s.Value, s.Lo, s.Hi, ch.Unit)
}

// Plot implements plot.Plotter.
func (ch *stackChart) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	half := min((y(1)-y(0))*0.32, 12)
	for i, s := range ch.Stacks {
		mid := y(rowAt(i, len(ch.Stacks)))
		end := ch.parts(c, x, s, mid-half, mid+half)
		if saved := ch.saved(s); saved > 0 {
			ch.fill(c, s, ch.Saving, x(-saved), mid-half, x(0), mid+half, -1)
			netMark(c, x(s.Value), mid-half-2, mid+half+2)
		}
		if s.Style.Dashes != nil && end-x(0) > 4 {
			strokeBox(c, s.Style, x(0), mid-half, end, mid+half)
		}
		if finite(s.Value) && finite(s.Lo) && finite(s.Hi) && s.Note == "" {
			if lo, hi := x(s.Lo), x(s.Hi); hi-lo > 1.5 { // an exact count has none worth drawing
				whisker(c, s.Style, lo, hi, mid, 4)
				end = max(end, hi)
			}
		}
		beside(c, valueText, vg.Point{X: end + wordGap, Y: mid}, ch.words(s))
	}
	baseline(c, x(0))
}

// parts fills the bar, writes into each part what it is where that fits, and
// returns where the bar ends.
func (ch *stackChart) parts(c draw.Canvas, x func(float64) vg.Length, s stack, bottom, top vg.Length) vg.Length {
	sum, net := 0.0, vg.Length(-1) // off the canvas
	if ch.saved(s) > 0 {
		net = x(s.Value)
	}
	for i, part := range s.Parts {
		if !finite(part) || part <= 0 || s.Note != "" {
			continue
		}
		ch.fill(c, s, i, x(sum), bottom, x(sum+part), top, net)
		sum += part
	}
	return x(sum)
}

// fill draws part i of a stack, with its size where that fits beside the mark of
// the sum at net.
func (ch *stackChart) fill(c draw.Canvas, s stack, i int, x0, bottom, x1, top, net vg.Length) {
	sty := colored(valueText, inkColor)
	if i == ch.Saving {
		hatch(c, s.Style, x0, bottom, x1, top)
	} else {
		fill := s.Style.tint(ch.shade(i))
		c.FillPolygon(fill, box(x0, bottom, x1, top))
		sty = colored(valueText, legible(fill))
	}
	words := units.FormatShort(s.Parts[i], ch.Unit)
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
