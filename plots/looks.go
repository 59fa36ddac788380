package main

import (
	"hash/fnv"
	"image/color"
	"math"
	"net/url"
	"slices"
	"strings"
	"time"

	"gonum.org/v1/plot/vg"

	"pushbench/servers/units"
)

// The only file that knows transports by name: what each looks like, and which two the
// others are compared with. One without a row here gets a look from its name.

// baselineTransport is what ratios refer to, and floorTransport costs the least that a
// connection can: events on bare TCP.
const (
	baselineTransport = "ws"
	floorTransport    = "raw"
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

// familyLook is the look of a transport by its row, or else by its name: always the
// same grey shade and shape for the same name.
func familyLook(name string) style {
	if s, ok := families[name]; ok {
		return s
	}
	n := hash(name)
	return style{Color: mix(rgb(0x333333), rgb(0xA0A0A0), float64(n%29)/28), Marker: marker((n >> 8) % 7)}
}

func hash(text string) uint32 {
	h := fnv.New32a()
	h.Write([]byte(text))
	return h.Sum32()
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

func pollShade(d time.Duration) color.NRGBA {
	d = min(max(d, pollShades[0].interval), pollShades[len(pollShades)-1].interval)
	i := 0
	for d > pollShades[i+1].interval {
		i++
	}
	lo, hi := pollShades[i], pollShades[i+1]
	return mix(lo.color, hi.color, math.Log(float64(d)/float64(lo.interval))/math.Log(float64(hi.interval)/float64(lo.interval)))
}

// What a transport's knobs do to its look. The family keeps its hue and marker;
// a knob that switches a behaviour has dashes and a shade of its own, the same in
// every family; one that is a length of time has a ramp, light for the short.

// defaults are the knobs that change nothing when they are spelt out.
var defaults = map[string]string{
	"poll interval": "1s", "poll keepalive": "on", "poll pace": "grid", "poll conditional": "off",
	"longpoll hold": "30s", "longpoll batch": "on",
	"batch": "off", "heartbeat": "off", "client": "bare",
	"compress": "off", "threshold": "0B", "ping": "off", "pong": "10s", "subprotocol": "none",
}

// ofKnob looks a knob up, of one transport first and then of all.
func ofKnob[V any](table map[string]V, name, knob string) (v V, ok bool) {
	if v, ok = table[name+" "+knob]; !ok {
		v, ok = table[knob]
	}
	return v, ok
}

func isDefault(name, knob, value string) bool {
	usual, known := ofKnob(defaults, name, knob)
	return known && usual == value
}

var (
	dashed   = []vg.Length{5, 3}
	dotted   = []vg.Length{1.5, 2.5}
	dashdot  = []vg.Length{7, 2.5, 1.5, 2.5}
	longdash = []vg.Length{10, 3}
)

// knobLook is what a knob does: Shade goes towards white above 0, towards black
// below.
type knobLook struct {
	Shade  float64
	Dashes []vg.Length
}

// knobLooks are those of knobs that switch a behaviour, of one transport or, with
// no name before them, of all.
var knobLooks = map[string]knobLook{
	"poll pace=after": {0, dashdot}, "poll keepalive=off": {0, dotted}, "poll conditional=on": {0.25, longdash},
	"longpoll batch=off":   {0, dashdot},
	"batch=on":             {-0.3, dashdot},
	"compress=no-takeover": {0.36, dotted},
	"compress=takeover":    {-0.36, longdash},
	"client=coder":         {0.25, dotted},
}

// knobRamps are those of knobs that are a time or a size: around Middle, where
// the shade is the family's, it grows lighter below and darker above.
var knobRamps = map[string]struct {
	Middle string
	Dashes []vg.Length
}{
	"batch":     {"10ms", longdash},
	"ping":      {"15s", dashdot},
	"heartbeat": {"15s", dashdot},
	"pong":      {"10s", dotted},
	"threshold": {"512B", dotted},
}

// takeApart splits name?knob=value&knob=value#label.
func takeApart(transport string) (name, query, label string) {
	transport, label, _ = strings.Cut(transport, "#")
	name, query, _ = strings.Cut(transport, "?")
	return name, query, label
}

// family is a transport without its knobs and its label.
func family(transport string) string {
	name, _, _ := takeApart(transport)
	return name
}

// knobsOf are the knobs that a transport spells out.
func knobsOf(transport string) url.Values {
	_, query, _ := takeApart(transport)
	knobs, err := url.ParseQuery(query)
	if err != nil {
		return url.Values{"?": {query}} // still a style of its own
	}
	return knobs
}

// plain is the transport without the knobs that change nothing.
func plain(transport string) string {
	name, query, label := takeApart(transport)
	kept := slices.DeleteFunc(strings.Split(query, "&"), func(pair string) bool {
		k, v, _ := strings.Cut(pair, "=")
		return pair == "" || isDefault(name, k, v)
	})
	said := name
	if len(kept) > 0 {
		said += "?" + strings.Join(kept, "&")
	}
	if label != "" {
		said += "#" + label
	}
	return said
}

func styleOf(transport string) style {
	name, _, label := takeApart(transport)
	s := familyLook(name)
	knobs := knobsOf(transport)
	shade := 0.0
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
		if isDefault(name, k, v) {
			continue
		}
		look, ok := lookOf(name, k, v)
		if !ok {
			odd.WriteString(k + "=" + v + "&")
			continue
		}
		shade += look.Shade
		s.Dashes = look.Dashes
	}
	s = s.shift(shade)
	if odd.Len() > 0 {
		s = vary(s, odd.String())
	}
	if label != "" { // a second treatment of the same transport, such as the A/A twin
		s.Dashes, s.Hollow = dashed, true
	}
	return s
}

func lookOf(name, knob, value string) (knobLook, bool) {
	if look, ok := ofKnob(knobLooks, name, knob+"="+value); ok {
		return look, true
	}
	ramp, ok := knobRamps[knob]
	if !ok {
		return knobLook{}, false
	}
	v, unit, err := units.Parse(value)
	middle, want, _ := units.Parse(ramp.Middle)
	if err != nil || unit != want || !(v > 0) {
		return knobLook{}, false
	}
	// A decade is a step that one sees.
	return knobLook{Shade: math.Max(-0.5, math.Min(0.5, 0.3*math.Log10(middle/v))), Dashes: ramp.Dashes}, true
}

// shift makes a shade of a colour that keeps its hue. Dark ones have no room to go
// darker, and light ones none to go lighter: they go the other way, by less or by
// more.
func (s style) shift(by float64) style {
	light := luminance(s.Color)
	switch {
	case by == 0:
	case light < 0.06:
		s.Color = mix(s.Color, rgb(0xFFFFFF), 0.35+0.5*by)
	case light > 0.25:
		s.Color = mix(s.Color, rgb(0x000000), 0.18-0.3*by)
	case by > 0:
		s.Color = mix(s.Color, rgb(0xFFFFFF), by)
	default:
		s.Color = mix(s.Color, rgb(0x000000), -0.7*by)
	}
	return s
}

// vary shifts a family's shade by a hash of knobs that have no row of their
// own: always the same for the same knobs, most often another for others.
func vary(s style, knobs string) style {
	n := hash(knobs)
	toward := []color.NRGBA{rgb(0x000000), rgb(0xFFFFFF)}[n>>4%2]
	s.Color = mix(s.Color, toward, []float64{0.25, 0.38, 0.50}[n%3])
	if s.Dashes == nil {
		s.Dashes = [][]vg.Length{nil, dashdot, dotted}[n>>8%3]
	}
	return s
}

// nth is the look of the i-th level of a second factor beside the transport: the
// first as it is, the others in the same colour with other dashes, every other one
// hollow. What had dashes before becomes darker.
func (s style) nth(i int) style {
	if i <= 0 {
		return s
	}
	if s.Dashes != nil {
		s = s.shift(-0.3)
	}
	s.Dashes, s.Hollow = [][]vg.Length{dashdot, dotted, longdash, dashed}[(i-1)%4], i%2 == 1
	return s
}
