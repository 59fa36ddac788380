package main

import (
	"math"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"gonum.org/v1/plot/vg"
	"pgregory.net/rapid"

	"pushbench/results"
)

// Wrapping loses no word, and no line is wider than asked unless a single
// piece is.
func TestWrap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		words := rapid.SliceOf(rapid.StringMatching(`[a-zµ·0-9]{1,12}`)).Draw(t, "words")
		width := rapid.IntRange(5, 40).Draw(t, "width")
		text := strings.Join(words, " ")
		lines := wrap(text, width)
		if got := strings.Fields(strings.Join(lines, " ")); !slices.Equal(dropDots(got), dropDots(words)) {
			t.Fatalf("wrap(%q) = %q", text, lines)
		}
		for _, l := range lines {
			if n := utf8.RuneCountInString(l); n > width && strings.Contains(l, " ") && !beforeUnit.MatchString(l) && !afterWord.MatchString(l) {
				t.Fatalf("wrap(%q, %d) has a line of %d: %q", text, width, n, l)
			}
		}
	})
}

// dropDots leaves out the separators that vanish at the end of a line.
func dropDots(words []string) []string {
	return slices.DeleteFunc(slices.Clone(words), func(w string) bool { return w == "·" })
}

func TestWrapKeepsUnits(t *testing.T) {
	for _, c := range []struct {
		in    string
		width int
		want  []string
	}{
		{"about 12 ms more", 9, []string{"about", "12 ms", "more"}},
		{"server on core 0, fleet", 15, []string{"server on", "core 0, fleet"}},
		{dots([]string{"50 subscribers", "7 blocks"}), 20, []string{"50 subscribers", "7 blocks"}},
		{"median (n = 7 blocks)", 9, []string{"median", "(n = 7 blocks)"}},
		{"", 10, nil},
	} {
		if got := wrap(c.in, c.width); !slices.Equal(got, c.want) {
			t.Errorf("wrap(%q, %d) = %q, want %q", c.in, c.width, got, c.want)
		}
	}
}

// Labels keep their order and do not overlap; where there is room they stay
// on the canvas.
func TestSpread(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const height, lo, hi = 10, 0, 200
		wants := rapid.SliceOfN(rapid.Float64Range(lo, hi), 0, 18).Draw(t, "wants")
		ls := make([]label, len(wants))
		for i, w := range wants {
			ls[i].Want = vg.Length(w)
		}
		spread(ls, height, lo, hi)
		for i, l := range ls {
			if l.Y < lo+height/2-0.01 || l.Y > hi-height/2+0.01 {
				t.Fatalf("label %d of %v at %v leaves %v–%v", i, wants, l.Y, lo, hi)
			}
			if i > 0 && (ls[i-1].Want > l.Want || l.Y-ls[i-1].Y < height-0.01) {
				t.Fatalf("labels %v overlap: %v, %v", wants, ls[i-1].Y, l.Y)
			}
		}
	})
}

func TestInterval(t *testing.T) {
	inf := math.Inf(1)
	for _, c := range []struct {
		v, lo, hi float64
		unit      string
		want      string
	}{
		{0.498, 0.495, 0.503, "s", "495–503"},
		{0.000998, 0.00095, 0.00112, "s", "0.95–1.12 ms"},
		{12e-6, 11e-6, 13e-6, "s/event", "11–13"},
		{264, 264, 264, "B/event", ""}, // exact, or of no interval: its caller knows
		{264, 263.9, 264.1, "B/event", "±0"},
		{1, -inf, inf, "1", ""},
		{-1, -2, 3, "1", "−2 to 3"},
		{0.5, 0.25, 0.75, "1", "0.25–0.75"},
	} {
		if got := interval(c.v, c.lo, c.hi, c.unit); got != c.want {
			t.Errorf("interval(%v, %v, %v, %q) = %q, want %q", c.v, c.lo, c.hi, c.unit, got, c.want)
		}
	}
}

func TestTimes(t *testing.T) {
	inf := math.Inf(1)
	for _, c := range []struct {
		center, lo, hi float64
		exact          bool
		want           string
	}{
		{820, 790, 850, false, "×820"},
		{1.02, 0.99, 1.05, false, "~ ×1.02"},
		{1, 1, 1, true, "×1"},            // both are fixed
		{1, 0.999, 1.001, false, "~ ×1"}, // both came out alike
		{844, -inf, inf, false, "×844"},  // too few blocks to say
	} {
		if got := times(results.Summary{N: 7, Center: c.center, Lo: c.lo, Hi: c.hi, Exact: c.exact}); got != c.want {
			t.Errorf("times(%v, %v–%v) = %q, want %q", c.center, c.lo, c.hi, got, c.want)
		}
	}
}

func TestAxes(t *testing.T) {
	labels := func(a axis) string {
		var ls []string
		for _, tick := range a.Ticks {
			if tick.Label != "" {
				ls = append(ls, tick.Label)
			}
		}
		return strings.Join(ls, " | ")
	}
	for _, c := range []struct {
		name string
		axis axis
		want string
	}{
		{"latencies", logAxis("staleness", "s", []float64{150e-6, 0.98}), "100 µs | 1 ms | 10 ms | 100 ms | 1 s"},
		{"one decade", logAxis("staleness", "s", []float64{200e-6, 700e-6}), "100 µs | 300 µs | 1 ms"},
		{"flat", logAxis("staleness", "s", []float64{0.0005, 0.0005}), "500 µs"},
		{"sizes", logAxis("rss", "B", []float64{12 << 20, 90 << 20}), "16 MiB | 32 MiB | 64 MiB"},
		{"nothing", logAxis("x", "s", nil), "1 s | 3 s | 10 s"},
		{"CPU", linearAxis("server/cpu", "s/event", []float64{9e-6, 43e-6}), "0 | 10 | 20 | 30 | 40"},
		{"KiB", linearAxis("b", "B", []float64{1300}), "0 | 0.2 | 0.4 | 0.6 | 0.8 | 1 | 1.2"},
		{"below zero", linearAxis("d", "1", []float64{-1, 1}), "−1 | −0.5 | 0 | 0.5 | 1"},
		{"quantiles", quantileAxis(1260, "deliveries"), "0 | 50 % | 75 % | 90 % | 99 % | 99.9 %"},
		{"levels", levelAxis("rate", []level{{"1/s", 1}, {"2/s", 2}, {"200/s", 200}}, false), "1/s | 200/s"},
		{"levels, log", levelAxis("rate", []level{{"1/s", 1}, {"2/s", 2}, {"200/s", 200}}, true), "1/s | 2/s | 200/s"},
	} {
		if got := labels(c.axis); !strings.Contains(got, c.want) {
			t.Errorf("%s: ticks %s, want %s", c.name, got, c.want)
		}
	}
	if got := linearAxis("server/cpu", "s/event", []float64{9e-6}).Name; got != "server/cpu (µs/event)" {
		t.Errorf("axis name %q lacks its unit", got)
	}
}

func TestFoldName(t *testing.T) {
	for in, want := range map[string]string{
		"ws": "ws", "poll?interval=100ms": "poll?interval=100ms",
		"poll?interval=1s&keepalive=off":                              "poll?interval=1s\n &keepalive=off",
		"ws?compress=no-takeover":                                     "ws\n ?compress=no-takeover",
		"wsbare?compress=no-takeover&threshold=512B&subprotocol=none": "wsbare\n ?compress=no-takeover\n &threshold=512B\n &subprotocol=none",
		"averyveryverylongnamewithoutanyknobsatall":                   "averyveryverylongnamewithoutanyknobsatall",
		"poll?interval=100ms&keepalive=off&pace=after#twin":           "poll?interval=100ms\n &keepalive=off\n &pace=after#twin",
	} {
		if got := foldName(in); got != want {
			t.Errorf("foldName(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestWords(t *testing.T) {
	for expr, want := range map[string][2]string{ // as it stands, and of a stack
		"staleness/p99":                                 {"staleness/p99", "staleness/p99"},
		"bytes/total/{down,up}":                         {"bytes/total, both directions", "bytes/total, by direction"},
		"bytes/{payload,envelope}/down":                 {"payload and envelope bytes down", "bytes down, by kind"},
		"conn/{bytes,tcpip}/{down,up} ÷ n + wire/ip":    {"(bytes and tcpip of a connection's set-up, both directions) ÷ n + (all IP bytes, both directions)", ""},
		"conn/{bytes,tcpip}/{down,up}":                  {"bytes and tcpip of a connection's set-up, both directions", "bytes of a connection's set-up, by kind and direction"},
		"(request + 156B) × requests[poll?interval=1s]": {"(request + 156B) × requests of poll?interval=1s", ""},
	} {
		if got := worded(expr); got != want[0] {
			t.Errorf("%s is said as %q, want %q", expr, got, want[0])
		}
		if got := stackWords(expr); want[1] != "" && got != want[1] {
			t.Errorf("a stack of %s is said as %q, want %q", expr, got, want[1])
		}
	}
}
