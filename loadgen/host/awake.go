package host

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strconv"
)

// A CPU that has nothing to do goes to sleep, and to wake it takes time, which
// everything that is sent to a process on it waits for: microseconds on metal, up
// to milliseconds on a virtual machine that has to get its CPU back from the
// hypervisor. The kernel's PM quality of service has a word for programs that
// cannot wait (Documentation/power/pm_qos_interface.rst): while somebody holds
// latencyRequest open with 0 written to it, idle CPUs stay in the shallowest of
// their states, which on x86 is a loop. When it is closed, even by a crash, they
// sleep as before.

const latencyRequest = "/dev/cpu_dma_latency"

// idleDriver names what picks the states of idle CPUs; "none" is a host whose CPUs
// have only one, whatever is asked of them.
const idleDriver = "sys/devices/system/cpu/cpuidle/current_driver"

// CanKeepAwake returns why this host's idle CPUs cannot be kept from sleeping, and
// what would mend it; nil if they can. It changes nothing.
func CanKeepAwake() error {
	request, err := openLatency()
	if err != nil {
		return err
	}
	return errors.Join(request.Close(), heedsLatency(os.DirFS("/")))
}

// KeepAwake keeps all idle CPUs of the host from sleeping until it is closed or
// the process ends.
func KeepAwake() (io.Closer, error) {
	request, err := openLatency()
	if err != nil {
		return nil, err
	}
	if _, err := request.Write(make([]byte, 4)); err != nil { // an int32: no more than 0 µs
		return nil, errors.Join(fmt.Errorf("ask for CPUs that do not sleep: %w", err), request.Close())
	}
	return request, nil
}

func openLatency() (*os.File, error) {
	f, err := os.OpenFile(latencyRequest, os.O_WRONLY, 0)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("keep CPUs from sleeping: there is no %s; a Linux kernel has it, a container is given it with --device", latencyRequest)
	case errors.Is(err, fs.ErrPermission):
		return nil, fmt.Errorf("keep CPUs from sleeping: %w; run as root, or allow it with `chmod o+w %s` as root", err, latencyRequest)
	case err != nil:
		return nil, fmt.Errorf("keep CPUs from sleeping: %w", err)
	}
	return f, nil
}

// heedsLatency returns why idle CPUs would sleep all the same.
func heedsLatency(files fs.FS) error {
	if driver := readText(files, idleDriver); driver == "" || driver == "none" {
		return fmt.Errorf("keep CPUs from sleeping: the kernel has no driver of idle states, which would heed %s (see /%s); in a virtual machine cpuidle-haltpoll is one", latencyRequest, idleDriver)
	}
	return nil
}

// ReadAsleep returns the time, in seconds since boot, that the CPUs were asleep:
// in idle states deeper than the first, summed. Where the kernel does not count it,
// it is an error.
func ReadAsleep(cpus []int) (float64, error) { return readAsleep(os.DirFS("/"), cpus) }

func readAsleep(files fs.FS, cpus []int) (float64, error) {
	var sum uint64
	for _, cpu := range cpus {
		states := fmt.Sprintf("sys/devices/system/cpu/cpu%d/cpuidle", cpu)
		if _, err := fs.Stat(files, states); err != nil {
			return 0, fmt.Errorf("read how long CPU %d slept: %w", cpu, err)
		}
		for deeper := 1; ; deeper++ {
			name := path.Join(states, "state"+strconv.Itoa(deeper), "time")
			if _, err := fs.Stat(files, name); errors.Is(err, fs.ErrNotExist) {
				break
			}
			micros, err := strconv.ParseUint(readText(files, name), 10, 64)
			if err != nil {
				return 0, fmt.Errorf("read how long CPU %d slept: /%s: %w", cpu, name, err)
			}
			sum += micros
		}
	}
	return float64(sum) / 1e6, nil
}
