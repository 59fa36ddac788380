//go:build !linux

package host

import (
	"errors"
	"fmt"
	"math"
	"runtime"

	"golang.org/x/sys/unix"

	"pushbench/results"
)

// What stands elsewhere for Linux's files and system calls. Its errors say what is not
// known there.

// describe asks sysctl(3) by the names that macOS uses; other systems leave
// more fields empty.
func describe(root) results.Host {
	h := results.Host{Cores: runtime.NumCPU(), OS: runtime.GOOS}
	h.CPU, _ = unix.Sysctl("machdep.cpu.brand_string")
	h.Kernel, _ = unix.Sysctl("kern.osrelease")
	if version, err := unix.Sysctl("kern.osproductversion"); err == nil {
		h.OS += " (macOS " + version + ")"
	}
	if size, err := unix.SysctlUint64("hw.memsize"); err == nil {
		h.Memory = int64(size)
	}
	if vmm, err := unix.SysctlUint32("kern.hv_vmm_present"); err == nil {
		h.Virtual = vmm == 1
	}
	return h
}

// ReadClocks reads the clocks. Here are no three to compare: all stand still.
func ReadClocks() Clocks { return Clocks{} }

// ReadProcessCPU returns the CPU time of a process (s), which only Linux tells of
// another process.
func ReadProcessCPU(pid int) (float64, error) {
	return 0, fmt.Errorf("read the CPU time of process %d: %w", pid, errors.ErrUnsupported)
}

// openFilesCap is the limit beside the hard one, which macOS reports as
// infinite and does not let a process set.
func openFilesCap() uint64 {
	if n, err := unix.SysctlUint32("kern.maxfilesperproc"); err == nil {
		return uint64(n)
	}
	return math.MaxInt64
}

func tryCapture() error { return errors.New("only Linux has it") }

// onCPUs runs f on any CPU and says so.
func onCPUs(_ []int, f func() error) error {
	if err := f(); err != nil {
		return err
	}
	return ErrNoAffinity
}
