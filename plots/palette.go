package main

import (
	"cmp"
	"image/color"
	"maps"
	"math"
	"slices"

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

// formDashes are those of what is not measured, and formGrey the colour of one line
// for several transports.
var (
	formDashes = []vg.Length{4, 2.5}
	formGrey   = rgb(0x4D4D4D)
)

// levelStyles are the looks of lines that differ by something other than the
// transport: a ramp from light to dark, since levels have an order.
func levelStyles(n int) []style {
	shapes := []marker{circle, square, triangle, diamond, wedge, pentagon, cross}
	ss := make([]style, n)
	for i := range ss {
		c := mix(rgb(0x6BAED6), rgb(0x08306B), float64(i)/float64(max(n-1, 1)))
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
// strokes look paler than areas, and dark enough to be read on white.
func (s style) ink() color.NRGBA {
	const enough = 3 // contrast of large words (WCAG 2.2, success criterion 1.4.3)
	for f := 0.22; ; f += 0.08 {
		if c := mix(s.Color, rgb(0x000000), f); contrast(c) >= enough || f >= 1 {
			return c
		}
	}
}

// contrast is how a colour stands out from white: 1 not at all, 21 as black does.
func contrast(c color.NRGBA) float64 { return 1.05 / (luminance(c) + 0.05) }

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
