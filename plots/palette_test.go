package main

import (
	"fmt"
	"image/color"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
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
		"longpoll?batch=off", "longpoll?hold=5s", "poll?interval=1s&conditional=on", "ws?client=coder", "ws?subprotocol=feed", "ws?threshold=2KB", "nobody", "ws?%zz",
	}, append(knobbed(), transports...)...)
	for i, a := range specs {
		for _, b := range specs[:i] {
			if reflect.DeepEqual(styleOf(a), styleOf(b)) {
				t.Errorf("%s and %s look the same", a, b)
			}
		}
	}
}

// knobbed are the knobs that scenarios vary, of every transport that has them.
func knobbed() []string {
	var specs []string
	for _, name := range []string{"ws", "wsbare"} {
		for _, knob := range []string{"compress=no-takeover", "compress=takeover", "batch=on", "batch=10ms", "batch=100ms", "ping=1s", "ping=5s", "ping=15s", "ping=30s"} {
			specs = append(specs, name+"?"+knob)
		}
	}
	for _, name := range []string{"stream", "sse"} {
		for _, knob := range []string{"batch=on", "batch=10ms", "heartbeat=1s", "heartbeat=15s"} {
			specs = append(specs, name+"?"+knob)
		}
	}
	return append(specs, "raw?batch=on", "raw?batch=10ms")
}

// On a light page every line shows, and every name can be read.
func TestContrastOnWhite(t *testing.T) {
	for _, name := range append(knobbed(), transports...) {
		s := styleOf(name)
		if c := contrast(s.ink()); c < 3 {
			t.Errorf("words of %s have a contrast of %.1f to white, want 3", name, c)
		}
		if c := contrast(s.Color); c < 2 && name != "poll?interval=10ms" { // the palest of a ramp from amber on
			t.Errorf("lines of %s have a contrast of %.1f to white, want 2", name, c)
		}
	}
}

// A knob leaves a transport's marker alone, and its hue near enough that it is
// taken for the family's own and no other's, to those who see all colours.
func TestKnobsKeepTheFamily(t *testing.T) {
	hue := func(s style) float64 {
		c := lab(s.Color, sight["full colour"])
		return math.Atan2(c[2], c[1])
	}
	for _, name := range knobbed() {
		family, _, _ := strings.Cut(name, "?")
		own, s := styleOf(family), styleOf(name)
		turn := math.Abs(math.Remainder(hue(own)-hue(s), 2*math.Pi))
		if s.Marker != own.Marker || family != "raw" && turn > 0.45 {
			t.Errorf("%s: marker %d, hue turned by %.2f from that of %s", name, s.Marker, turn, family)
		}
		if s.Dashes == nil {
			t.Errorf("%s is drawn as %s is", name, family)
		}
	}
}

func TestPlain(t *testing.T) {
	for in, want := range map[string]string{
		"ws": "ws", "ws?compress=off": "ws", "ws?compress=off&batch=on#twin": "ws?batch=on#twin", "ws?ping=off#twin": "ws#twin",
		"poll?interval=1s": "poll", "poll?interval=100ms&conditional=off": "poll?interval=100ms", "sse?heartbeat=15s": "sse?heartbeat=15s",
	} {
		if got := plain(in); got != want {
			t.Errorf("plain(%q) = %q, want %q", in, got, want)
		}
	}
}

// A style is a function of what the transport is, not of how it is spelt.
func TestDefaultsLookTheSame(t *testing.T) {
	for _, pair := range [][2]string{
		{"poll", "poll?interval=1s"}, {"poll?interval=1s", "poll?interval=1000ms&pace=grid&keepalive=on"},
		{"longpoll", "longpoll?hold=30s&batch=on"}, {"wsbare", "wsbare?batch=off&compress=off&threshold=0B&ping=off&pong=10s&subprotocol=none"},
		{"stream", "stream?batch=off&heartbeat=off"}, {"sse", "sse?batch=off"}, {"raw", "raw?batch=off"}, {"poll", "poll?conditional=off"}, {"ws?a=1&b=2", "ws?b=2&a=1"},
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

// No file but looks.go knows a transport by its name, and no file that draws says a
// sentence, except in an error: captions come from caption.go.
func TestNamesAndWordsAreInOnePlace(t *testing.T) {
	names, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	literal := regexp.MustCompile(`"([a-z]+)[?#"]`)
	sentence := regexp.MustCompile(`"[^"]*[A-Za-z]{2,} [a-z]{2,} [a-z]{2,}[^"]*"`)
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		draws := strings.Contains(string(text), `"gonum.org/v1/plot`) && name != "caption.go" && !strings.HasSuffix(name, "_test.go")
		for i, line := range strings.Split(string(text), "\n") {
			if said := sentence.FindString(line); draws && said != "" && !strings.Contains(line, "Errorf(") && !strings.Contains(line, "errors.New(") {
				t.Errorf("%s:%d says %s", name, i+1, said)
			}
			for _, m := range literal.FindAllStringSubmatch(line, -1) {
				if _, known := families[m[1]]; known && name != "looks.go" && !strings.HasSuffix(name, "_test.go") {
					t.Errorf("%s:%d names %s", name, i+1, m[1])
				}
			}
		}
	}
	if a, b := familyLook("carrier"), familyLook("pigeon"); fmt.Sprint(a) == fmt.Sprint(b) || fmt.Sprint(a) != fmt.Sprint(familyLook("carrier")) {
		t.Errorf("looks from names: %+v, %+v", a, b)
	}
}
