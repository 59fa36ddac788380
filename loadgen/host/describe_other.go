//go:build !linux

package host

import (
	"runtime"

	"golang.org/x/sys/unix"

	"pushbench/results"
)

// describe asks sysctl(3) by the names that macOS uses; other systems leave
// more fields empty.
func describe() results.Host {
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
