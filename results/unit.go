package results

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Written units and what they are in base units. KB is 1,024 bytes, as sizes of
// payloads and buffers are meant in a scenario; KiB says the same. Bits per second
// count in 1,000s, as those of a line do. Longer names stand before the names they
// end in.
var writtenUnits = []struct {
	suffix string
	factor float64
	base   string
}{
	{"min", 60, "s"}, {"ms", 1e-3, "s"}, {"us", 1e-6, "s"}, {"µs", 1e-6, "s"}, {"μs", 1e-6, "s"},
	{"ns", 1e-9, "s"}, {"h", 3600, "s"}, {"/s", 1, "1/s"}, {"s", 1, "s"},
	{"KiB", 1 << 10, "B"}, {"KB", 1 << 10, "B"}, {"MiB", 1 << 20, "B"}, {"MB", 1 << 20, "B"},
	{"GiB", 1 << 30, "B"}, {"GB", 1 << 30, "B"}, {"B", 1, "B"},
	{"kbps", 1e3, "bit/s"}, {"Mbps", 1e6, "bit/s"}, {"Gbps", 1e9, "bit/s"},
	{"%", 0.01, "%"},
}

// perEvent may follow a written time or size: 12µs/event, 219B/event.
const perEvent = "/event"

// ParseQuantity reads a number with its unit, with or without a blank between,
// and returns it in base units:
//
//	100ms → 0.1 s     256B → 256 B           40/s → 40 1/s    12 → 12 1
//	5us   → 5e-6 s    16KB → 16384 B         3%   → 0.03 %
//	2min  → 120 s     10Mbps → 1e7 bit/s     12µs/event → 1.2e-5 s/event
//
// KB, MB and GB count in 1,024s, like KiB, MiB and GiB. A number alone has the
// unit "1"; where a unit is needed, that is the caller's error to report.
func ParseQuantity(s string) (v float64, unit string, err error) {
	number, written := splitQuantity(s)
	if number == "" {
		return 0, "", fmt.Errorf("%q: want a number with a unit, such as 100ms, 256B, 40/s or 3%%", s)
	}
	factor, unit, ok := baseUnit(strings.TrimPrefix(written, " "))
	if !ok {
		return 0, "", fmt.Errorf("%q: unknown unit %q; known are ns, µs (us), ms, s, min, h, B, KB, MB, GB, /s, kbps, Mbps, Gbps, %%, and a time or size per /event", s, written)
	}
	// Parsed together, so that 100ms is the float nearest 0.1 and not 100 × 0.001.
	if exponent, ok := powerOfTen(factor); ok && !strings.ContainsAny(number, "eE") {
		v, err = strconv.ParseFloat(number+"e"+strconv.Itoa(exponent), 64)
	} else {
		v, err = strconv.ParseFloat(number, 64)
		v *= factor
	}
	if err != nil || math.IsInf(v, 0) {
		return 0, "", fmt.Errorf("%q: the number is out of range", s)
	}
	return v, unit, nil
}

// splitQuantity cuts s behind its number: an optional sign, decimal digits with
// at most one point, an optional exponent. It returns "" where s begins with no
// number.
func splitQuantity(s string) (number, rest string) {
	i := 0
	if i < len(s) && (s[i] == '+' || s[i] == '-') {
		i++
	}
	digits := func() (n int) {
		for i < len(s) && '0' <= s[i] && s[i] <= '9' {
			i++
			n++
		}
		return n
	}
	n := digits()
	if i+1 < len(s) && s[i] == '.' && '0' <= s[i+1] && s[i+1] <= '9' {
		i++
		n += digits()
	}
	if n == 0 {
		return "", s
	}
	if mantissa := i; i < len(s) && (s[i] == 'e' || s[i] == 'E') {
		i++
		if i < len(s) && (s[i] == '+' || s[i] == '-') {
			i++
		}
		if digits() == 0 {
			i = mantissa // the e belongs to a unit
		}
	}
	return s[:i], s[i:]
}

// baseUnit is the base unit of a written one and the factor to it.
func baseUnit(written string) (factor float64, base string, ok bool) {
	if written == "" {
		return 1, "1", true
	}
	plain, each := strings.CutSuffix(written, perEvent)
	for _, u := range writtenUnits {
		if u.suffix != plain {
			continue
		}
		if !each {
			return u.factor, u.base, true
		}
		return u.factor, u.base + perEvent, u.base == "s" || u.base == "B"
	}
	return 0, "", false
}

func powerOfTen(f float64) (exponent int, ok bool) {
	e := int(math.Round(math.Log10(f)))
	return e, f == math.Pow10(e)
}

// scale is one step of a unit when printed.
type scale struct {
	factor float64
	symbol string
}

// scales of a base unit, greatest first. Sizes are printed in KiB, so that
// nobody takes them for thousands.
var scales = map[string][]scale{
	"s": {{1, "s"}, {1e-3, "ms"}, {1e-6, "µs"}, {1e-9, "ns"}},
	"B": {{1 << 30, "GiB"}, {1 << 20, "MiB"}, {1 << 10, "KiB"}, {1, "B"}},

	"bit/s": {{1e9, "Gbit/s"}, {1e6, "Mbit/s"}, {1e3, "kbit/s"}, {1, "bit/s"}},
}

// noValue is printed where there is no number.
const noValue = "–"

// Format prints v, which is in the base unit given, with three significant
// digits and a fitting prefix: "500 µs", "219 B", "12 µs/event", "40/s", "3 %".
// Digits before the point are never replaced by zeros. NaN is "–".
func Format(v float64, unit string) string { return format(v, unit, 3) }

// FormatShort is Format without "/event", for places whose heading says it.
func FormatShort(v float64, unit string) string {
	return Format(v, strings.TrimSuffix(unit, perEvent))
}

// FormatInterval prints an interval with its unit once, "495–503 ms", and with
// as many digits as it takes to tell its ends apart; when six do not, it is one
// value. Below zero the dash would be read as a sign: "−3 to 5 ms".
func FormatInterval(lo, hi float64, unit string) string {
	if math.IsNaN(lo) || math.IsNaN(hi) {
		return noValue
	}
	if lo == hi {
		return Format(lo, unit)
	}
	common := math.Max(math.Abs(lo), math.Abs(hi))
	if math.IsInf(common, 0) {
		common = math.Min(math.Abs(lo), math.Abs(hi))
	}
	var low, high, symbol string
	for digits := 3; digits <= 6; digits++ {
		step := scaleOf(common, unit, digits)
		symbol = step.symbol
		low, high = number(lo/step.factor, digits), number(hi/step.factor, digits)
		if low != high {
			break
		}
	}
	if low == high {
		return Format(lo, unit)
	}
	between := "–"
	if lo < 0 {
		between = " to "
	}
	return low + between + high + symbol
}

func format(v float64, unit string, digits int) string {
	if math.IsNaN(v) {
		return noValue
	}
	step := scaleOf(v, unit, digits)
	return number(v/step.factor, digits) + step.symbol
}

// scaleOf picks the step in which v, rounded, is at least 1. Its symbol comes
// with the blank that belongs before it, if any.
func scaleOf(v float64, unit string, digits int) scale {
	base, each := strings.CutSuffix(unit, perEvent)
	steps := scales[base]
	switch {
	case unit == "1" || unit == "":
		return scale{1, ""}
	case unit == "%":
		return scale{0.01, " %"}
	case strings.HasPrefix(unit, "1/"):
		return scale{1, unit[1:]}
	case steps == nil:
		return scale{1, " " + unit}
	}
	pick := steps[slices.IndexFunc(steps, func(s scale) bool { return s.factor == 1 })] // for 0 and ∞
	if v != 0 && !math.IsInf(v, 0) {
		pick = steps[len(steps)-1]
		for _, s := range steps {
			if math.Abs(round(v/s.factor, digits)) >= 1 {
				pick = s
				break
			}
		}
	}
	symbol := " " + pick.symbol
	if each {
		symbol += perEvent
	}
	return scale{pick.factor, symbol}
}

// number prints x with the given significant digits, all of its digits before
// the point, and a minus sign that is not a hyphen.
func number(x float64, digits int) string {
	sign := ""
	if x < 0 {
		sign, x = "−", -x
	}
	switch r := round(x, digits); {
	case math.IsInf(x, 0):
		return sign + "∞"
	case x == 0:
		return "0"
	case x >= 1e15 || x < 1e-6:
		return sign + strconv.FormatFloat(r, 'g', -1, 64)
	case x >= math.Pow10(digits):
		return sign + strconv.FormatFloat(x, 'f', 0, 64)
	default:
		return sign + strconv.FormatFloat(r, 'f', -1, 64)
	}
}

// round to significant digits, in decimal, as it is printed.
func round(x float64, digits int) float64 {
	r, err := strconv.ParseFloat(strconv.FormatFloat(x, 'e', digits-1, 64), 64)
	if err != nil { // the greatest floats round to infinity
		return x
	}
	return r
}
