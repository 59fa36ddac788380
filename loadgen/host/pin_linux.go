package host

import (
	"fmt"
	"runtime"
	"slices"

	"golang.org/x/sys/unix"
)

// onCPUs runs f on a thread that is held to the CPUs, and gives the thread its
// affinity back.
//
// The thread is locked to a goroutine of its own meanwhile. The runtime never
// clones a new thread from a locked one (it keeps a template thread for that),
// so no other thread of this process inherits the narrow mask.
func onCPUs(cpus []int, f func() error) error {
	want := unix.NewCPUSet(maxCPU)
	for _, cpu := range cpus {
		want.Set(cpu)
	}
	done := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		before := unix.NewCPUSet(maxCPU)
		err := unix.SchedGetaffinityDynamic(0, before)
		if err == nil {
			err = unix.SchedSetaffinityDynamic(0, want)
		}
		if err != nil {
			err = fmt.Errorf("hold a thread to %s: %w (is it online, and in this process's cpuset?)", cpuText(cpus), err)
		} else if err = heldTo(want); err == nil {
			err = f()
		}
		// A thread that cannot be freed is not unlocked: the runtime ends it together with
		// its goroutine, and the narrow mask with it.
		if unix.SchedSetaffinityDynamic(0, before) == nil {
			runtime.UnlockOSThread()
		}
		done <- err
	}()
	return <-done
}

// heldTo checks that this thread runs on exactly these CPUs: the kernel narrows a mask
// to the cpuset without an error.
func heldTo(want unix.CPUSetDynamic) error {
	got := unix.NewCPUSet(maxCPU)
	if err := unix.SchedGetaffinityDynamic(0, got); err != nil {
		return fmt.Errorf("read the affinity of a thread: %w", err)
	}
	if !slices.Equal(got, want) {
		return fmt.Errorf("hold to %s: the kernel gave %s (does the process's cpuset have them all?)", cpuText(maskCPUs(want)), cpuText(maskCPUs(got)))
	}
	return nil
}

func maskCPUs(mask unix.CPUSetDynamic) []int {
	var cpus []int
	for cpu := range maxCPU {
		if mask.IsSet(cpu) {
			cpus = append(cpus, cpu)
		}
	}
	return cpus
}
