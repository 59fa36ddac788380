//go:build linux || darwin

package feed

import (
	"runtime"

	"golang.org/x/sys/unix"
)

// hostClock is the clock that Go's own monotonic readings follow: CLOCK_MONOTONIC, and
// on macOS CLOCK_UPTIME_RAW (clock_gettime(3)).
var hostClock = map[string]int32{"linux": 1, "darwin": 8}[runtime.GOOS]

func monotonic() int64 {
	var ts unix.Timespec
	if err := unix.ClockGettime(hostClock, &ts); err != nil {
		panic("feed: read the monotonic clock: " + err.Error())
	}
	return ts.Nano()
}
