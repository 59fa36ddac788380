package host

import (
	"fmt"
	"math"

	"golang.org/x/sys/unix"
)

// What only Linux's system calls tell; other.go has what stands for it elsewhere.

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

// ReadProcessCPU returns the CPU time of a process (s): what the kernel's scheduler
// has counted for its threads, to the nanosecond, those that ended included. A thread
// that runs at the moment is counted up to its last tick.
//
// The clock of another process has the number that clock_getcpuclockid(3) makes of its
// process ID. /proc/PID/stat has the same sum in steps of 10 ms.
func ReadProcessCPU(pid int) (seconds float64, err error) {
	const scheduled = 2 // CPUCLOCK_SCHED (include/linux/posix-timers_types.h)
	var ts unix.Timespec
	if err := unix.ClockGettime(^int32(pid)<<3|scheduled, &ts); err != nil {
		return 0, fmt.Errorf("read the CPU time of process %d: %w", pid, err)
	}
	return float64(ts.Nano()) / 1e9, nil
}

// openFilesCap is the limit beside the hard one. Linux has none: fs.nr_open
// bounds the hard limit itself.
func openFilesCap() uint64 { return math.MaxInt64 }

// tryCapture opens and closes a raw packet socket. Its protocol is 0, so it
// receives nothing (packet(7)).
func tryCapture() error {
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("raw packet socket: %w", err)
	}
	return unix.Close(fd)
}
