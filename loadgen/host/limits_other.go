//go:build !linux

package host

import (
	"math"

	"golang.org/x/sys/unix"
)

// openFilesCap is the limit beside the hard one, which macOS reports as
// infinite and does not let a process set.
func openFilesCap() uint64 {
	if n, err := unix.SysctlUint32("kern.maxfilesperproc"); err == nil {
		return uint64(n)
	}
	return math.MaxInt64
}
