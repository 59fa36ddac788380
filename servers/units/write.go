package units

import (
	"math"
	"slices"
	"strconv"
	"strings"
)

// Text is the one spelling that levels of treatments have, which Parse reads back:
// times in ms or s, sizes in B or whole KB, rates a second, shares in per cent, and
// lines in kbps or Mbps.
func Text(v float64, unit string) string {
	suffix := strings.TrimPrefix(unit, "1")
	switch {
	case unit == "s" && v < 1:
		v, suffix = math.Round(v*1e9)/1e6, "ms"
	case unit == "B" && v > 0 && math.Mod(v, 1<<10) == 0:
		v, suffix = v/(1<<10), "KB"
	case unit == "%":
		v = math.Round(v*1e11) / 1e9 // 100 × 0.007 is not 0.7: rounded to what a person writes
	case unit == "bit/s" && v < 1e6:
		v, suffix = v/1e3, "kbps"
	case unit == "bit/s":
		v, suffix = v/1e6, "Mbps"
	}
	return strconv.FormatFloat(v, 'f', -1, 64) + suffix
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

	"s/s":   {{1, "s/s"}, {1e-3, "ms/s"}, {1e-6, "µs/s"}, {1e-9, "ns/s"}},
	"bit/s": {{1e9, "Gbit/s"}, {1e6, "Mbit/s"}, {1e3, "kbit/s"}, {1, "bit/s"}},
}

// noValue is printed where there is no number.
const noValue = "–"

// Format prints v, which is in the base unit given, with three significant
// digits and a fitting prefix: "500 µs", "219 B", "12 µs/event", "40/s", "3 %".
// Digits before the point are never replaced by zeros. NaN is "–".
func Format(v float64, unit string) string {
	if math.IsNaN(v) {
		return noValue
	}
	step := scaleOf(v, unit, 3)
	return number(v/step.factor, 3) + step.symbol
}

// FormatShort is Format without "/event", for places whose heading says it.
func FormatShort(v float64, unit string) string {
	return Format(v, strings.TrimSuffix(unit, PerEvent))
}

// FormatInterval prints an interval with its unit once, "495–503 ms", and with
// as many digits as it takes to tell its ends apart; when six do not, it is one
// value. Below zero the dash would be read as a sign: "−3 to 5 ms".
func FormatInterval(lo, hi float64, unit string) string {
	if math.IsNaN(lo) || math.IsNaN(hi) {
		return noValue
	}
	common := max(math.Abs(lo), math.Abs(hi))
	if math.IsInf(common, 0) {
		common = min(math.Abs(lo), math.Abs(hi))
	}
	between := "–"
	if lo < 0 {
		between = " to "
	}
	for digits := 3; digits <= 6; digits++ {
		step := scaleOf(common, unit, digits)
		low, high := number(lo/step.factor, digits), number(hi/step.factor, digits)
		if low != high {
			return low + between + high + step.symbol
		}
	}
	return Format(lo, unit)
}

// Scale is the unit of an axis: the greatest step of a base unit that v reaches,
// else the least. Values are divided by its size.
func Scale(v float64, unit string) (size float64, suffix string) {
	base, each := strings.CutSuffix(unit, PerEvent)
	step := scale{1, base}
	if base == "1" {
		step.symbol = ""
	}
	if steps := scales[base]; steps != nil {
		step = reached(steps, func(s scale) bool { return v >= s.factor })
	}
	if each {
		step.symbol += PerEvent
	}
	return step.factor, step.symbol
}

// reached is the greatest step of a unit that a value reaches, else the least.
func reached(steps []scale, reaches func(scale) bool) scale {
	if i := slices.IndexFunc(steps, reaches); i >= 0 {
		return steps[i]
	}
	return steps[len(steps)-1]
}

// scaleOf picks the step in which v, rounded, is at least 1. Its symbol comes
// with the blank that belongs before it, if any.
func scaleOf(v float64, unit string, digits int) scale {
	base, each := strings.CutSuffix(unit, PerEvent)
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
	if v == 0 || math.IsInf(v, 0) {
		v = 1
	}
	step := reached(steps, func(s scale) bool { return math.Abs(round(v/s.factor, digits)) >= 1 })
	step.symbol = " " + step.symbol
	if each {
		step.symbol += PerEvent
	}
	return step
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
