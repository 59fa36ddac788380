package main

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"pushbench/servers/units"
)

// Numbers are written by units.Format; here is only what cells and axes add:
// an interval without a unit that the value beside it has, and round numbers
// for ticks.

// interval writes lo to hi and leaves the unit out where the value, already
// printed, shows the same. It is "" where there are not two ends.
func interval(v, lo, hi float64, unit string) string {
	if !finite(lo) || !finite(hi) || lo == hi {
		return ""
	}
	value := units.FormatShort(v, unit)
	if units.FormatShort(lo, unit) == value && units.FormatShort(hi, unit) == value {
		return toTheDigit
	}
	span := units.FormatInterval(lo, hi, perEvent(unit))
	if i := strings.LastIndexByte(value, ' '); i >= 0 {
		span = strings.TrimSuffix(span, value[i:])
	}
	return span
}

// toTheDigit is an interval whose ends round to the value itself.
const toTheDigit = "±0"

// perEvent is the unit without what a heading says.
func perEvent(unit string) string { return strings.TrimSuffix(unit, "/event") }

// valueWithInterval is "498 ms (495–503)".
func valueWithInterval(v, lo, hi float64, unit string) string {
	s := units.FormatShort(v, unit)
	if i := interval(v, lo, hi, unit); i != "" && i != toTheDigit {
		return s + " (" + i + ")"
	}
	return s
}

// joined joins the parts that there are.
func joined(by string, parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), by)
}

// round writes a round number, as ticks are, without trailing zeros.
func round(x float64) string {
	s := strconv.FormatFloat(x, 'g', 6, 64)
	if f, err := strconv.ParseFloat(s, 64); err == nil && math.Abs(f) < 1e9 && (f == 0 || math.Abs(f) >= 1e-6) {
		s = strconv.FormatFloat(f, 'f', -1, 64)
	}
	return strings.ReplaceAll(s, "-", "−") // as wide as the digits beside it
}

// The ends of what can be drawn: beyond them widths and ratios of ranges would
// overflow.
const (
	greatest = 1e300
	least    = 1e-300
)

// none is where there is no number.
var none = math.NaN()

// finite reports whether v is a number that can be drawn.
func finite(v float64) bool { return math.Abs(v) < greatest }
