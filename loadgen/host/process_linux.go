package host

import (
	"fmt"

	"golang.org/x/sys/unix"
)

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
