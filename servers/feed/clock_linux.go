package feed

import "golang.org/x/sys/unix"

// hostClock is the clock that Go's own monotonic readings follow.
const hostClock = unix.CLOCK_MONOTONIC
