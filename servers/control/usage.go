//go:build unix

package control

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"syscall"
)

// ReadUsage reads the usage of the calling process. What the host does not
// tell (RSS and descriptors off Linux) is 0.
func ReadUsage() (Usage, error) {
	var ru syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &ru); err != nil {
		return Usage{}, fmt.Errorf("read the process's CPU time: %w", err)
	}
	samples := []metrics.Sample{
		{Name: "/memory/classes/heap/objects:bytes"},
		{Name: "/memory/classes/heap/stacks:bytes"},
	}
	metrics.Read(samples)
	u := Usage{
		User:       float64(ru.Utime.Nano()) / 1e9,
		System:     float64(ru.Stime.Nano()) / 1e9,
		Heap:       int64(samples[0].Value.Uint64()),
		Stacks:     int64(samples[1].Value.Uint64()),
		Goroutines: runtime.NumGoroutine(),
		Switches:   int64(ru.Nvcsw + ru.Nivcsw),
	}
	if statm, err := os.ReadFile("/proc/self/statm"); err == nil {
		var size, resident int64
		if _, err := fmt.Sscan(string(statm), &size, &resident); err != nil {
			return Usage{}, fmt.Errorf("read /proc/self/statm: %w", err)
		}
		u.RSS = resident * int64(os.Getpagesize())
	}
	if fds, err := os.ReadDir("/proc/self/fd"); err == nil {
		u.FDs = len(fds) - 1 // without the one that reads them
	}
	return u, nil
}

// collections is how often the collector runs before memory is read: a pool
// gives up what it holds at the second collection, and a stack is halved by one.
const collections = 3

// Trimmed is the usage of the calling process once it holds no more memory than
// it needs.
func Trimmed(context.Context, None) (Usage, error) {
	for range collections {
		runtime.GC()
	}
	debug.FreeOSMemory()
	return ReadUsage()
}
