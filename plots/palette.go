package main

import (
	"cmp"
	"hash/fnv"
	"image/color"
	"maps"
	"math"
	"net/url"
	"slices"
	"strings"
	"time"

	"gonum.org/v1/plot/vg"
)

// One colour, one marker and one line per transport, in every figure of every
// run: a style is a function of the transport's name and knobs alone, never of
// its place in a figure. The hues are those of Okabe and Ito ("Color Universal
// Design", 2008), which stay apart under the common colour blindnesses; the
// markers and dashes keep them apart in grey print.

// style is how a transport looks.
type style struct {
	Color  color.NRGBA
	Marker marker
	Hollow bool        // the marker is an outline
	Dashes []vg.Length // nil: a solid line
}

// marker is the shape of a point.
type marker int

const (
	circle marker = iota
	square
	triangle
	diamond
	wedge // a triangle on its tip
	cross
	pentagon
)

// families gives each transport its hue and its shape.
var families = map[string]style{
	"ws":       {Color: rgb(0x0072B2), Marker: circle},
	"longpoll": {Color: rgb(0x009E73), Marker: square},
	"poll":     {Color: rgb(0xD55E00), Marker: triangle},
	"sse":      {Color: rgb(0xCC79A7), Marker: diamond},
	"stream":   {Color: rgb(0x56B4E9), Marker: pentagon},
	"wsbare":   {Color: rgb(0x003F66), Marker: wedge},
	"raw":      {Color: rgb(0x333333), Marker: cross},
}

// unknown is the look of a transport that this table has not met.
var unknown = style{Color: rgb(0x777777), Marker: cross}

// defaults are the knobs that change nothing when they are spelt out.
var defaults = map[string]string{
	"poll keepalive": "on", "poll pace": "grid",
	"longpoll hold": "30s", "longpoll batch": "on",
	"ws client": "bare",
}

var (
	dashed  = []vg.Length{5, 3}
	dotted  = []vg.Length{1.5, 2.5}
	dashdot = []vg.Length{7, 2.5, 1.5, 2.5}
)

// knobDashes are the lines of knobs that switch a behaviour.
var knobDashes = map[string][]vg.Length{
	"poll pace=after": dashdot, "poll keepalive=off": dotted, "longpoll batch=off": dashdot,
}

// pollShades is the ramp of poll intervals, from light amber for the eager to
// dark brown for the patient; its points at 100 ms and 1 s are Okabe and Ito's
// orange and vermillion.
var pollShades = []struct {
	interval time.Duration
	color    color.NRGBA
}{
	{10 * time.Millisecond, rgb(0xF0CF65)},
	{100 * time.Millisecond, rgb(0xE69F00)},
	{time.Second, rgb(0xD55E00)},
	{10 * time.Second, rgb(0x8A3200)},
	{60 * time.Second, rgb(0x4A1B00)},
}

// styleOf is the look of a transport, given as the scenario writes it:
// name?knob=value#label.
func styleOf(transport string) style {
	spec, label, _ := strings.Cut(transport, "#")
	name, query, _ := strings.Cut(spec, "?")
	s, ok := families[name]
	if !ok {
		s = unknown
	}
	knobs, err := url.ParseQuery(query)
	if err != nil {
		knobs = url.Values{"?": {query}} // still a style of its own
	}
	var odd strings.Builder
	for _, k := range sortedKeys(knobs) {
		v := knobs.Get(k)
		if name == "poll" && k == "interval" {
			if d, err := time.ParseDuration(v); err == nil && d > 0 {
				s.Color = pollShade(d)
				if d < time.Second {
					s.Marker = wedge
				}
				continue
			}
		}
		if defaults[name+" "+k] == v {
			continue
		}
		if d, ok := knobDashes[name+" "+k+"="+v]; ok {
			s.Dashes = d
			continue
		}
		odd.WriteString(k + "=" + v + "&")
	}
	if odd.Len() > 0 {
		s = vary(s, odd.String())
	}
	if label != "" { // a second treatment of the same transport, such as the A/A twin
		s.Dashes, s.Hollow = dashed, true
	}
	return s
}

// vary shifts a family's shade by a hash of knobs that have no row of their
// own: always the same for the same knobs, most often another for others.
func vary(s style, knobs string) style {
	h := fnv.New32a()
	h.Write([]byte(knobs))
	n := h.Sum32()
	toward := []color.NRGBA{rgb(0x000000), rgb(0xFFFFFF)}[n>>4%2]
	s.Color = mix(s.Color, toward, []float64{0.25, 0.38, 0.50}[n%3])
	if s.Dashes == nil {
		s.Dashes = [][]vg.Length{nil, dashdot, dotted}[n>>8%3]
	}
	return s
}

func pollShade(d time.Duration) color.NRGBA {
	last := len(pollShades) - 1
	if d <= pollShades[0].interval {
		return pollShades[0].color
	}
	for i, hi := range pollShades[1:] {
		if lo := pollShades[i]; d <= hi.interval {
			f := math.Log(float64(d)/float64(lo.interval)) / math.Log(float64(hi.interval)/float64(lo.interval))
			return mix(lo.color, hi.color, f)
		}
	}
	return pollShades[last].color
}

// levelStyles are the looks of lines that differ by something other than the
// transport: a ramp from light to dark, since levels have an order.
func levelStyles(n int) []style {
	shapes := []marker{circle, square, triangle, diamond, wedge, pentagon, cross}
	ss := make([]style, n)
	for i := range ss {
		f := 0.0
		if n > 1 {
			f = float64(i) / float64(n-1)
		}
		c := mix(rgb(0x6BAED6), rgb(0x08306B), f)
		ss[i] = style{Color: c, Marker: shapes[i%len(shapes)]}
	}
	return ss
}

func rgb(hex uint32) color.NRGBA {
	return color.NRGBA{R: uint8(hex >> 16), G: uint8(hex >> 8), B: uint8(hex), A: 255}
}

// mix goes the share f of the way from a to b.
func mix(a, b color.NRGBA, f float64) color.NRGBA {
	m := func(x, y uint8) uint8 { return uint8(math.Round(float64(x) + f*(float64(y)-float64(x)))) }
	return color.NRGBA{R: m(a.R, b.R), G: m(a.G, b.G), B: m(a.B, b.B), A: 255}
}

// ink is the colour for words in the transport's colour: darker, because thin
// strokes look paler than areas.
func (s style) ink() color.NRGBA { return mix(s.Color, rgb(0x000000), 0.22) }

// veil is the colour of a translucent band.
func (s style) veil() color.NRGBA {
	c := s.Color
	c.A = 46
	return c
}

// tint is the colour thinned towards white: 1 is the colour itself.
func (s style) tint(f float64) color.NRGBA { return mix(rgb(0xFFFFFF), s.Color, f) }

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }

// legible is the colour for words upon c: dark on light, white on full colours.
func legible(c color.NRGBA) color.NRGBA {
	if luminance(c) > 0.33 {
		return inkColor
	}
	return rgb(0xFFFFFF)
}

// luminance of an sRGB colour, from 0 to 1 (IEC 61966-2-1).
func luminance(c color.NRGBA) float64 {
	linear := func(v uint8) float64 {
		x := float64(v) / 255
		if x <= 0.04045 {
			return x / 12.92
		}
		return math.Pow((x+0.055)/1.055, 2.4)
	}
	return 0.2126*linear(c.R) + 0.7152*linear(c.G) + 0.0722*linear(c.B)
}
