package host

import "golang.org/x/sys/unix"

// ReadClocks reads the clocks. CLOCK_MONOTONIC stands in for one that a kernel lacks.
func ReadClocks() Clocks {
	return narrowest(20, func() (c Clocks) {
		c.Monotonic = readClock(unix.CLOCK_MONOTONIC, 0)
		c.Boot = readClock(unix.CLOCK_BOOTTIME, c.Monotonic)
		c.Raw = readClock(unix.CLOCK_MONOTONIC_RAW, c.Monotonic)
		c.Apart = readClock(unix.CLOCK_MONOTONIC, c.Monotonic) - c.Monotonic
		return c
	})
}

func readClock(clock int32, instead int64) int64 {
	var at unix.Timespec
	if unix.ClockGettime(clock, &at) != nil {
		return instead
	}
	return at.Nano()
}
