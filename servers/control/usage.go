//go:build unix

package control

import (
	"fmt"
	"os"
	"runtime"
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
		User:       seconds(ru.Utime),
		System:     seconds(ru.Stime),
		Heap:       int64(samples[0].Value.Uint64()),
		Stacks:     int64(samples[1].Value.Uint64()),
		Goroutines: runtime.NumGoroutine(),
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

func seconds(tv syscall.Timeval) float64 { return float64(tv.Sec) + float64(tv.Usec)/1e6 }
