// Package units reads and writes numbers with their units: times, sizes, rates
// and shares. It stands below every other package, and imports none: server,
// generator, scenarios, results and plots all write "100ms" or "4KB" by it.
package units

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Written units and what they are in base units. KB is 1,024 bytes, as sizes of
// payloads and buffers are meant in a scenario; KiB says the same. Bits per second
// count in 1,000s, as those of a line do.
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

// PerEvent may follow a written time or size, as /s may: 12µs/event, 219B/event, 5µs/s.
const PerEvent = "/event"

// Parse reads a number with its unit, with or without a blank between, and
// returns it in base units:
//
//	100ms → 0.1 s     256B → 256 B           40/s → 40 1/s    12 → 12 1
//	5us   → 5e-6 s    16KB → 16384 B         3%   → 0.03 %
//	2min  → 120 s     10Mbps → 1e7 bit/s     12µs/event → 1.2e-5 s/event
//
// KB, MB and GB count in 1,024s, like KiB, MiB and GiB. A number alone has the
// unit "1"; where a unit is needed, that is the caller's error to report.
func Parse(s string) (v float64, unit string, err error) {
	number, written := Number(s)
	if number == "" {
		return 0, "", fmt.Errorf("%q: want a number with a unit, such as 100ms, 256B, 40/s or 3%%", s)
	}
	factor, unit, ok := baseUnit(strings.TrimPrefix(written, " "))
	if !ok {
		return 0, "", fmt.Errorf("%q: unknown unit %q; known are ns, µs (us), ms, s, min, h, B, KB, MB, GB, /s, kbps, Mbps, Gbps, %%, and a time or size per /event or per /s", s, written)
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

// Within reads a number of a unit between low and high, in base units. Its errors
// go on from what was read: "has no unit".
func Within(s, unit string, low, high float64) (float64, error) {
	v, got, err := Parse(s)
	switch {
	case err != nil:
		return 0, errors.New("is not a number with a known unit")
	case got == "1":
		return 0, errors.New("has no unit")
	case got != unit:
		return 0, errors.New("has the wrong unit")
	case v < low || v > high:
		return 0, fmt.Errorf("is outside %s to %s", Text(low, unit), Text(high, unit))
	}
	return v + 0, nil // no −0
}

// Size reads a whole number of bytes between low and high, as Within does.
func Size(s string, low, high int) (bytes int, err error) {
	v, err := Within(s, "B", float64(low), float64(high))
	if err == nil && v != math.Trunc(v) {
		err = errors.New("is not a whole number of bytes")
	}
	return int(v), err
}

// Duration reads a time between low and high as Go writes it, 100ms or 1m30s,
// with min for m as well. A server reads one for each long poll that it parks, whose
// stack grows, and stays so, with the depth of what is called here.
func Duration(s string, low, high time.Duration) (time.Duration, error) {
	d, err := time.ParseDuration(s)
	if err != nil {
		d, err = minutes(s)
	}
	if err != nil || d < low || d > high {
		return 0, fmt.Errorf("is no time from %v to %v", low, high)
	}
	return d, nil
}

// minutes reads a time that has min for m.
func minutes(s string) (time.Duration, error) {
	if strings.Contains(s, "mins") { // else these would be milliseconds
		return 0, errors.New("no unit")
	}
	return time.ParseDuration(strings.ReplaceAll(s, "min", "m"))
}

// Cut takes a number and its unit, with or without a blank between, off the front
// of s. It spells them in one way: without the blank, and with µs for us.
func Cut(s string) (text, rest string, err error) {
	number, rest := Number(s)
	if number == "" {
		return "", s, errors.New("want a digit before or behind the point")
	}
	unit := ""
	if found := unitStart.FindStringSubmatch(rest); found != nil {
		unit, rest = found[1], rest[len(found[0]):]
	}
	if _, _, err := Parse(number + unit); err != nil {
		return "", s, err
	}
	return number + microSign.Replace(unit), rest, nil
}

// microSign spells µs in one way: with the micro sign, not with a u or the Greek
// letter that looks like it.
var microSign = strings.NewReplacer("us", "µs", "μs", "µs")

// How a text begins that has a number, and then perhaps a unit. An e without digits
// behind it belongs to the unit.
var (
	numberStart = regexp.MustCompile(`^[+-]?(\d+(\.\d+)?|\.\d+)([eE][+-]?\d+)?`)
	unitStart   = regexp.MustCompile(`^ *([\pL/%]+)`)
)

// Number cuts s behind its number: an optional sign, decimal digits with at most one
// point, an optional exponent. It returns "" where s begins with no number.
func Number(s string) (number, rest string) {
	number = numberStart.FindString(s)
	return number, s[len(number):]
}

// baseUnit is the base unit of a written one and the factor to it.
func baseUnit(written string) (factor float64, base string, ok bool) {
	if written == "" {
		return 1, "1", true
	}
	plain, per := written, ""
	for _, each := range []string{PerEvent, "/s"} {
		if of, found := strings.CutSuffix(written, each); found && of != "" { // "/s" alone is a rate
			plain, per = of, each
		}
	}
	for _, u := range writtenUnits {
		if u.suffix == plain {
			return u.factor, u.base + per, per == "" || u.base == "s" || u.base == "B"
		}
	}
	return 0, "", false
}

func powerOfTen(f float64) (exponent int, ok bool) {
	e := int(math.Round(math.Log10(f)))
	return e, f == math.Pow10(e)
}
