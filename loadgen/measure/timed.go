package measure

import (
	"time"

	"pushbench/results"
)

// Times are differences of two readings of CLOCK_MONOTONIC, which all processes of
// the host share. It must not have been set meanwhile, and each time must be one.
var timedRules = []rule{
	{results.Timed, "samples", "", 0, zero("%d samples outside 0 to 3600 s",
		func(o *Observation) int64 { return o.Collected.Dropped })},
	{results.Timed, "early", "", window, func(o *Observation) string {
		lag, _ := o.publishLag()
		return unless(lag.Dropped() == 0, "%d events were published before they were due", lag.Dropped())
	}},
	{results.Timed, "suspended", "", 0, func(o *Observation) string {
		away := o.Ended.Boot - o.Began.Boot - o.lasted()
		return unless(away <= int64(suspendLimit), "the host was suspended for %v while the trial ran", time.Duration(away).Round(time.Millisecond))
	}},
	{results.Timed, "clock", "", 0, func(o *Observation) string {
		lasted := o.lasted()
		off := lasted - (o.Ended.Raw - o.Began.Raw)
		apart := o.Began.Apart + o.Ended.Apart // the clocks were not read at the same instant
		allowed := int64(float64(lasted)*steerLimit) + int64(steerLeast) + apart
		return unless(max(off, -off) <= allowed, "the clock was set: in %v it came to differ by %v from the one that nobody sets",
			time.Duration(lasted).Round(time.Millisecond), time.Duration(off).Round(time.Microsecond))
	}},
}

const (
	// suspendLimit: what CLOCK_BOOTTIME may advance more than CLOCK_MONOTONIC, which
	// stands still while the host is suspended.
	suspendLimit = 100 * time.Millisecond
	// steerLimit: by what share CLOCK_MONOTONIC may run faster or slower than the
	// hardware's clock. Whoever keeps the time by NTP steers it by half of that at most
	// (adjtimex(2): 500 ppm).
	steerLimit = 0.001
	steerLeast = time.Millisecond
)

// lasted is how long the trial took by its own clock (ns).
func (o *Observation) lasted() int64 { return o.Ended.Monotonic - o.Began.Monotonic }
