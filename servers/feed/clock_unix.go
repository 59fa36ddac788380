//go:build linux || darwin

package feed

import "golang.org/x/sys/unix"

func monotonic() int64 {
	var ts unix.Timespec
	if err := unix.ClockGettime(hostClock, &ts); err != nil {
		panic("feed: read the monotonic clock: " + err.Error())
	}
	return ts.Nano()
}
