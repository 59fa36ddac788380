package units

import (
	"math"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestParse(t *testing.T) {
	for _, tc := range []struct {
		in   string
		v    float64
		unit string
	}{
		{"100ms", 0.1, "s"}, {"1s", 1, "s"}, {"0s", 0, "s"}, {"5us", 5e-6, "s"}, {"5µs", 5e-6, "s"}, {"5μs", 5e-6, "s"},
		{"7ns", 7e-9, "s"}, {"2min", 120, "s"}, {"1h", 3600, "s"}, {"1.5s", 1.5, "s"}, {".5s", 0.5, "s"}, {"500 ms", 0.5, "s"},
		{"256B", 256, "B"}, {"16KB", 16384, "B"}, {"16KiB", 16384, "B"}, {"2MB", 2 << 20, "B"}, {"1GB", 1 << 30, "B"},
		{"40/s", 40, "1/s"}, {"0.5/s", 0.5, "1/s"}, {"3%", 0.03, "%"}, {"3 %", 0.03, "%"}, {"12", 12, "1"},
		{"12µs/event", 1.2e-5, "s/event"}, {"219B/event", 219, "B/event"}, {"12µs/s", 1.2e-5, "s/s"}, {"219B/s", 219, "B/s"},
		{"1e3/s", 1000, "1/s"}, {"1e-3s", 0.001, "s"}, {"-40/s", -40, "1/s"}, {"+2", 2, "1"}, {"0.1ms", 1e-4, "s"},
	} {
		v, unit, err := Parse(tc.in)
		if err != nil || v != tc.v || unit != tc.unit {
			t.Errorf("%q = %v %q, error %v; want %v %q", tc.in, v, unit, err, tc.v, tc.unit)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for in, want := range map[string]string{
		"":                "want a number",
		"s":               "want a number",
		"ms5":             "want a number",
		"-":               "want a number",
		"NaN":             "want a number",
		"Inf":             "want a number",
		"∞":               "want a number",
		"5 parsecs":       `unknown unit " parsecs"`,
		"5kB":             "unknown unit",
		"5S":              "unknown unit",
		"5m":              "unknown unit",
		"5  s":            "unknown unit",
		"5s ":             "unknown unit",
		"1,000/s":         "unknown unit",
		"1.2.3s":          "unknown unit",
		"1_000":           "unknown unit",
		"0x10":            "unknown unit",
		"5e":              "unknown unit",
		"40/s/event":      "unknown unit",
		"3%/event":        "unknown unit",
		"40/s/s":          "unknown unit",
		"3/event":         "unknown unit",
		"1e999s":          "out of range",
		"1e308GB":         "out of range",
		"9" + many9 + "s": "out of range",
	} {
		v, unit, err := Parse(in)
		if err == nil {
			t.Errorf("%.20q = %v %q, want an error", in, v, unit)
		} else if !strings.Contains(err.Error(), want) {
			t.Errorf("%.20q: %v, want %q", in, err, want)
		}
	}
}

var many9 = strings.Repeat("9", 400)

func TestFormat(t *testing.T) {
	inf := math.Inf(1)
	for _, tc := range []struct {
		v    float64
		unit string
		want string
	}{
		{0.0005, "s", "500 µs"}, {219, "B", "219 B"}, {1.2e-5, "s/event", "12 µs/event"}, {3.17e-6, "s/s", "3.17 µs/s"},
		{0, "s", "0 s"}, {0, "B/event", "0 B/event"}, {0, "1", "0"}, {math.NaN(), "s", "–"},
		{0.4984, "s", "498 ms"}, {0.49949, "s", "499 ms"}, {0.9996, "s", "1 s"}, {999.6e-6, "s", "1 ms"},
		{1.234, "s", "1.23 s"}, {12345, "s", "12345 s"}, {1e-12, "s", "0.001 ns"}, {-0.003, "s", "−3 ms"},
		{16384, "B", "16 KiB"}, {1023, "B", "1023 B"}, {1240, "B", "1.21 KiB"}, {3 << 20, "B", "3 MiB"}, {0.5, "B/event", "0.5 B/event"},
		{40, "1/s", "40/s"}, {0.03, "%", "3 %"}, {0.0307, "%", "3.07 %"},
		{1.005, "1", "1"}, {2000, "1", "2000"}, {123456.7, "1", "123457"}, {0.00012345, "1", "0.000123"},
		{1e-9, "1", "1e-09"}, {1e20, "1", "1e+20"}, {inf, "s", "∞ s"}, {-inf, "B", "−∞ B"}, {math.MaxFloat64, "1", "1.7976931348623157e+308"},
		{7_272_000, "bit/s", "7.27 Mbit/s"}, {16_000, "bit/s", "16 kbit/s"}, {894e6, "bit/s", "894 Mbit/s"}, {0, "bit/s", "0 bit/s"}, {12, "bit/s", "12 bit/s"}, {2e9, "bit/s", "2 Gbit/s"},
		{4, "conn", "4 conn"}, {4, "", "4"},
	} {
		if got := Format(tc.v, tc.unit); got != tc.want {
			t.Errorf("Format(%v, %q) = %q, want %q", tc.v, tc.unit, got, tc.want)
		}
	}
	if got := FormatShort(1.2e-5, "s/event"); got != "12 µs" {
		t.Errorf("FormatShort = %q", got)
	}
}

func TestFormatInterval(t *testing.T) {
	inf := math.Inf(1)
	for _, tc := range []struct {
		lo, hi float64
		unit   string
		want   string
	}{
		{0.495, 0.503, "s", "495–503 ms"}, {0.0009, 0.0011, "s", "0.9–1.1 ms"}, {-0.003, 0.005, "s", "−3 to 5 ms"},
		{0.49812, 0.49834, "s", "498.1–498.3 ms"}, {219, 219, "B", "219 B"}, {790, 850, "1", "790–850"},
		{-inf, inf, "s", "−∞ to ∞ s"}, {0.002, inf, "s", "2–∞ ms"}, {0.5, math.NaN(), "s", "–"},
		{1e-5, 1.2e-5, "s/event", "10–12 µs/event"}, {0, 0.02, "s", "0–20 ms"}, {0.4994000001, 0.4994000002, "s", "499 ms"},
	} {
		if got := FormatInterval(tc.lo, tc.hi, tc.unit); got != tc.want {
			t.Errorf("FormatInterval(%v, %v, %q) = %q, want %q", tc.lo, tc.hi, tc.unit, got, tc.want)
		}
	}
}

// What Format prints of a value Parse reads back, to three digits.
func TestFormatReadsBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		unit := rapid.SampledFrom([]string{"s", "B", "1", "1/s", "%", "s/event", "B/event"}).Draw(t, "unit")
		v := rapid.Float64Range(1e-9, 1e12).Draw(t, "v")
		text := Format(v, unit)
		got, gotUnit, err := Parse(text)
		if err != nil || gotUnit != unit || math.Abs(got/v-1) > 0.0051 {
			t.Fatalf("%v %s prints as %q, which reads as %v %q, error %v", v, unit, text, got, gotUnit, err)
		}
	})
}

// What Text prints is what Within reads, of any level in its unit.
func TestText(t *testing.T) {
	for level, want := range map[string]string{
		"20ms": "20ms", "0s": "0ms", "0.0003 s": "0.3ms", "1us": "0.001ms", "60s": "60s", "1h": "3600s",
		"200B": "200B", "0B": "0B", "1024B": "1KB", "1.5KB": "1536B", "1MB": "1024KB", "40/s": "40/s", "0.5/s": "0.5/s", "1e6/s": "1000000/s", "-0/s": "0/s",
		"0.7%": "0.7%", "1 %": "1%", "100kbps": "100kbps", "1.5Mbps": "1.5Mbps", "1Gbps": "1000Mbps",
	} {
		_, unit, _ := Parse(level)
		v, err := Within(level, unit, 0, 1e12)
		if got := Text(v, unit); err != nil || got != want {
			t.Errorf("%q reads as %v %q, error %v, and prints as %q, not %q", level, v, unit, err, got, want)
		}
		if again, err := Within(want, unit, v, v); err != nil {
			t.Errorf("%q reads as %v, and %q as %v: %v", level, v, want, again, err)
		}
	}
}

func TestSize(t *testing.T) {
	for text, want := range map[string]string{
		"512B": "", "1KB": "", "1048576B": "", "1MB": "", ".5KB": "",
		"512": "has no unit", "5ms": "has the wrong unit", "": "is not a number with a known unit", "KB": "is not a number with a known unit",
		"1.5B": "is not a whole number of bytes", "-1B": "is outside 0B to 1024KB", "1048577B": "is outside 0B to 1024KB", "99999999999999999999KB": "is outside 0B to 1024KB",
	} {
		if n, err := Size(text, 0, 1<<20); (err == nil) != (want == "") || err != nil && err.Error() != want {
			t.Errorf("%q: %d, %v; want %q", text, n, err, want)
		}
	}
}

func TestDuration(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"4min": 4 * time.Minute, "20min": 20 * time.Minute, "1h30m": 90 * time.Minute, "1h30min": 90 * time.Minute, "240s": 4 * time.Minute,
		"1min30s": 90 * time.Second, "1.5min": 90 * time.Second, "500ms": 500 * time.Millisecond, "1m": time.Minute,
		"": 0, "4": 0, "0s": 0, "-4min": 0, "4mins": 0, "4 min": 0, "min": 0, "four": 0, "4minutes": 0, "1e9h": 0, "NaN": 0, "3h": 0,
	} {
		if got, err := Duration(text, 1, 2*time.Hour); got != want || (err != nil) != (want == 0) {
			t.Errorf("%q: %v, %v; want %v", text, got, err, want)
		}
	}
}

func TestScale(t *testing.T) {
	for _, tc := range []struct {
		v            float64
		unit, suffix string
		size         float64
	}{
		{0.9999, "s", "ms", 1e-3}, {1, "s", "s", 1}, {0, "s", "ns", 1e-9}, {1024, "B/event", "KiB/event", 1024}, {5, "1", "", 1}, {5, "1/s", "1/s", 1}, {2e6, "bit/s", "Mbit/s", 1e6},
	} {
		if size, suffix := Scale(tc.v, tc.unit); size != tc.size || suffix != tc.suffix {
			t.Errorf("%v %s: %v, %q; want %v, %q", tc.v, tc.unit, size, suffix, tc.size, tc.suffix)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"100ms", "5 µs", "16KB", "40/s", "3%", "12µs/event", "-1e3s", "1e-400s", "9e999B", ".", "+", "1e", "0x1p4", "１s", "\xff"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		v, unit, err := Parse(text)
		if err != nil {
			return
		}
		if math.IsNaN(v) || math.IsInf(v, 0) || unit == "" {
			t.Fatalf("%q = %v %q", text, v, unit)
		}
		if printed := Format(v, unit); printed == "" || strings.Contains(printed, "NaN") {
			t.Fatalf("%q prints as %q", text, printed)
		}
	})
}
