package main

import (
	"image/color"
	"math"
	"reflect"
	"testing"
)

// sight is how colours look to someone: for full deficiencies the matrices of
// Machado, Oliveira and Fernandes, "A Physiologically-based Model for
// Simulation of Color Vision Deficiency" (2009), on linear RGB.
var sight = map[string][3][3]float64{
	"full colour":  {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}},
	"protanopia":   {{0.152286, 1.052583, -0.204868}, {0.114503, 0.786281, 0.099216}, {-0.003882, -0.048116, 1.051998}},
	"deuteranopia": {{0.367322, 0.860646, -0.227968}, {0.280085, 0.672501, 0.047413}, {-0.011820, 0.042940, 0.968881}},
	"tritanopia":   {{1.255528, -0.076749, -0.178779}, {-0.078411, 0.930809, 0.147602}, {0.004733, 0.691367, 0.303900}},
}

// lab is a colour as seen, in CIE L*a*b*, in which distances are differences
// that one sees.
func lab(c color.NRGBA, m [3][3]float64) [3]float64 {
	linear := func(v uint8) float64 { return luminance(color.NRGBA{R: v, G: v, B: v}) }
	rgb := [3]float64{linear(c.R), linear(c.G), linear(c.B)}
	apply := func(m [3][3]float64, v [3]float64) (out [3]float64) {
		for i := range m {
			for j := range v {
				out[i] += m[i][j] * v[j]
			}
			out[i] = math.Min(math.Max(out[i], 0), 1.1)
		}
		return out
	}
	xyz := apply([3][3]float64{{0.4124, 0.3576, 0.1805}, {0.2126, 0.7152, 0.0722}, {0.0193, 0.1192, 0.9505}}, apply(m, rgb))
	f := func(t float64) float64 {
		if t > 216.0/24389 {
			return math.Cbrt(t)
		}
		return (24389.0/27*t + 16) / 116
	}
	x, y, z := f(xyz[0]/0.9505), f(xyz[1]), f(xyz[2]/1.089)
	return [3]float64{116*y - 16, 500 * (x - y), 200 * (y - z)}
}

func apartAs(a, b style, m [3][3]float64) float64 {
	x, y := lab(a.Color, m), lab(b.Color, m)
	return math.Sqrt((x[0]-y[0])*(x[0]-y[0]) + (x[1]-y[1])*(x[1]-y[1]) + (x[2]-y[2])*(x[2]-y[2]))
}

var transports = []string{
	"poll?interval=1s", "poll?interval=100ms", "poll?interval=10s", "poll?interval=10ms",
	"longpoll", "ws", "sse", "stream", "wsbare", "raw",
}

// Different transports differ in colour to every eye, by more than a marker.
func TestColoursAreApart(t *testing.T) {
	const clearly = 10 // ΔE*ab; 2.3 is just noticeable
	for eye, m := range sight {
		for i, a := range transports {
			for _, b := range transports[:i] {
				if d := apartAs(styleOf(a), styleOf(b), m); d < clearly {
					t.Errorf("%s: %s and %s are %.1f apart, want %d", eye, a, b, d, clearly)
				}
			}
		}
	}
}

// No two looks are the same, kin and twins included.
func TestStylesAreDistinct(t *testing.T) {
	specs := append([]string{
		"ws#twin", "poll?interval=1s#twin", "poll?interval=1s&keepalive=off", "poll?interval=1s&pace=after", "poll?interval=200ms", "poll?interval=5s",
		"longpoll?batch=off", "longpoll?hold=5s", "ws?compress=takeover", "ws?batch=on", "nobody", "ws?%zz",
	}, transports...)
	for i, a := range specs {
		for _, b := range specs[:i] {
			if reflect.DeepEqual(styleOf(a), styleOf(b)) {
				t.Errorf("%s and %s look the same", a, b)
			}
		}
	}
}

// A style is a function of what the transport is, not of how it is spelt.
func TestDefaultsLookTheSame(t *testing.T) {
	for _, pair := range [][2]string{
		{"poll", "poll?interval=1s"}, {"poll?interval=1s", "poll?interval=1000ms&pace=grid&keepalive=on"},
		{"longpoll", "longpoll?hold=30s&batch=on"}, {"ws?a=1&b=2", "ws?b=2&a=1"},
	} {
		if !reflect.DeepEqual(styleOf(pair[0]), styleOf(pair[1])) {
			t.Errorf("%s and %s look different", pair[0], pair[1])
		}
	}
	twin, ws := styleOf("ws#twin"), styleOf("ws")
	if twin.Color != ws.Color || twin.Marker != ws.Marker || twin.Dashes == nil || !twin.Hollow {
		t.Errorf("the twin is %+v: want ws's colour and marker, dashed and hollow", twin)
	}
}
