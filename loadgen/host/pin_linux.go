package host

import (
	"errors"
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
	want, err := cpuMask(cpus)
	if err != nil {
		return err
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
			runtime.UnlockOSThread()
			done <- fmt.Errorf("hold a thread to %s: %w (is it online, and in this process's cpuset?)", cpuText(cpus), err)
			return
		}
		// The kernel narrows a mask to the cpuset without an error.
		if err = heldTo(0, cpus); err == nil {
			err = f()
		}
		if e := unix.SchedSetaffinityDynamic(0, before); e != nil {
			// Not unlocked: the runtime ends a locked thread together with its
			// goroutine, and the narrow mask with it.
			done <- errors.Join(err, fmt.Errorf("free a thread from %s: %w", cpuText(cpus), e))
			return
		}
		runtime.UnlockOSThread()
		done <- err
	}()
	return <-done
}

// heldTo checks that the process or thread (0: the calling one) runs on
// exactly these CPUs.
func heldTo(pid int, cpus []int) error {
	want, err := cpuMask(cpus)
	if err != nil {
		return err
	}
	got := unix.NewCPUSet(maxCPU)
	if err := unix.SchedGetaffinityDynamic(pid, got); err != nil {
		return fmt.Errorf("read the affinity of process %d: %w", pid, err)
	}
	if !slices.Equal(got, want) {
		return fmt.Errorf("hold to %s: the kernel gave %s (does the process's cpuset have them all?)", cpuText(cpus), cpuText(maskCPUs(got)))
	}
	return nil
}

func cpuMask(cpus []int) (unix.CPUSetDynamic, error) {
	if len(cpus) == 0 {
		return nil, errors.New("hold to CPUs: none was named")
	}
	mask := unix.NewCPUSet(maxCPU)
	for _, cpu := range cpus {
		if cpu < 0 || cpu >= maxCPU {
			return nil, fmt.Errorf("hold to CPU %d: there is no such number", cpu)
		}
		mask.Set(cpu)
	}
	return mask, nil
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
