package feed

import (
	"math"
	"time"
)

// An instant is a number of ns on the host's monotonic clock, which begins near 0
// when the host boots. The origin of a trial lies before its first event by as long
// as has passed of it, so that it may be earlier than the clock's 0, and an event
// from the wire may bear any number at all. So instants, and moments of trial time,
// are added and subtracted by these two alone: what lies beyond an int64 is its end,
// and never turns up at the other.

// After is what comes d after at: an instant, or a moment of trial time.
func After[T ~int64](at T, d time.Duration) T {
	sum := at + T(d)
	switch {
	case (sum < at) == (d < 0):
		return sum
	case d < 0:
		return math.MinInt64
	default:
		return math.MaxInt64
	}
}

// Between is how long it is from one instant to another, below 0 where that is the
// earlier one.
func Between[T ~int64](from, to T) time.Duration {
	d := time.Duration(to) - time.Duration(from)
	switch {
	case (d < 0) == (to < from):
		return d
	case to < from:
		return math.MinInt64
	default:
		return math.MaxInt64
	}
}

// Nanoseconds is a number of ns as a duration, of which it is an end where it lies
// beyond: to convert such a number gives any other (the Go specification,
// Conversions between numeric types).
func Nanoseconds(ns float64) time.Duration {
	switch {
	case ns >= math.MaxInt64:
		return math.MaxInt64
	case !(ns > math.MinInt64): // nor is it a number
		return math.MinInt64
	}
	return time.Duration(ns)
}
