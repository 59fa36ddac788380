//go:build !linux

package host

import (
	"errors"
	"fmt"
)

// ReadProcessCPU returns the CPU time of a process (s), which only Linux tells of
// another process.
func ReadProcessCPU(pid int) (float64, error) {
	return 0, fmt.Errorf("read the CPU time of process %d: %w", pid, errors.ErrUnsupported)
}
