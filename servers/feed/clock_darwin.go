package feed

// hostClock is CLOCK_UPTIME_RAW, the clock that Go's own monotonic readings
// follow on macOS (clock_gettime(3)).
const hostClock = 8
