package feed

import "time"

// Clock reads CLOCK_MONOTONIC in nanoseconds, the same reading in every
// process of the host. It asks the kernel once and then adds what time.Since
// says, which is the same clock read without a system call.
type Clock struct {
	base  int64
	start time.Time
}

// NewClock ties the process's own monotonic readings to the host's. The
// kernel's reading is bracketed by two of the process's and the narrowest of a
// few brackets is kept, so that a preemption in between does not shift it.
func NewClock() Clock {
	var c Clock
	narrowest := time.Duration(1<<63 - 1)
	for range 20 {
		before := time.Now()
		base := monotonic()
		if width := time.Since(before); width < narrowest {
			narrowest = width
			c = Clock{base: base, start: before.Add(width / 2)}
		}
	}
	return c
}

// Now is the present reading in nanoseconds.
func (c Clock) Now() int64 { return c.base + int64(time.Since(c.start)) }
