package feed

import "time"

// Clock reads CLOCK_MONOTONIC in nanoseconds, the same reading in every
// process of the host. It asks the kernel once and then adds what time.Since
// says, which is the same clock read without a system call.
type Clock struct {
	base  int64
	start time.Time
}

// NewClock ties the process's own monotonic readings to the host's.
func NewClock() Clock {
	c, _ := tie(monotonic)
	return c
}

// ClockAt is a clock that reads at now, and goes on as the process's own does: that
// of a host that has just booted, or that has been up for years.
func ClockAt(at int64) Clock { return Clock{base: at, start: time.Now()} }

// tie makes a clock that goes by the host's reading, to within a duration. The
// reading is bracketed by two of the process's and the narrowest of a few brackets
// is kept, so that a preemption in between does not shift it.
func tie(reading func() int64) (c Clock, within time.Duration) {
	own, within := ClockAt(0), Forever
	for range 20 {
		before := own.Now()
		at := reading()
		if half := (own.Now() - before) / 2; half < int64(within) {
			within, c = time.Duration(half), Clock{base: at - half - before, start: own.start}
		}
	}
	return c, within
}

// Now is the present reading in nanoseconds.
func (c Clock) Now() int64 { return After(c.base, time.Since(c.start)) }
