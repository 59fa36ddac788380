package host

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
)

// A CPU that has nothing to do goes to sleep, and to wake it takes time, which
// everything that is sent to a process on it waits for, in a virtual machine until
// the hypervisor gives the CPU back. The kernel's PM quality of service has a word
// for programs that cannot wait (Documentation/power/pm_qos_interface.rst): while
// somebody holds latencyRequest open with 0 written to it, idle CPUs of the whole
// host stay in the shallowest of their states. Where that is a loop they do not
// sleep. When it is closed, even by a crash, they sleep as before.

const latencyRequest = "/dev/cpu_dma_latency"

// Where the kernel tells of a CPU's idle states, the shallowest first.
const (
	idleStates = "sys/devices/system/cpu/cpu%d/cpuidle"
	idleLoop   = "POLL" // name of the state that is a loop, on x86 the shallowest
)

// CanKeepAwake returns why this host's idle CPUs cannot be kept from sleeping, and
// what would mend it; nil if they can. It changes nothing.
func CanKeepAwake() error { return canKeepAwake(latencyRequest, "/") }

func canKeepAwake(device string, r root) error {
	request, err := openLatency(device)
	if err != nil {
		return err
	}
	if err := request.Close(); err != nil {
		return fmt.Errorf("keep CPUs from sleeping: %w", err)
	}
	switch shallowest := r.text(fmt.Sprintf(idleStates, 0) + "/state0/name"); shallowest {
	case idleLoop:
		return nil
	case "":
		return fmt.Errorf("keep CPUs from sleeping: the kernel has no idle states to choose from (see /"+idleStates+"); in a guest of KVM `modprobe cpuidle-haltpoll force=1` as root may bring some", 0)
	default:
		return fmt.Errorf("keep CPUs from sleeping: the shallowest idle state of this host is %s, in which they sleep", shallowest)
	}
}

// KeepAwake keeps all idle CPUs of the host from sleeping until it is closed or
// the process ends.
func KeepAwake() (io.Closer, error) {
	request, err := openLatency(latencyRequest)
	if err != nil {
		return nil, err
	}
	if _, err := request.Write(make([]byte, 4)); err != nil { // an int32: no more than 0 µs
		return nil, errors.Join(fmt.Errorf("keep CPUs from sleeping: %w", err), request.Close())
	}
	return request, nil
}

func openLatency(device string) (*os.File, error) {
	f, err := os.OpenFile(device, os.O_WRONLY, 0)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("keep CPUs from sleeping: there is no %s; Linux kernels with CONFIG_CPU_IDLE have it, containers are given it with --device", device)
	case errors.Is(err, fs.ErrPermission):
		return nil, fmt.Errorf("keep CPUs from sleeping: %w; run as root (in a container, with --device %s), or let everybody until the next boot, as root: chmod o+w %[2]s", err, device)
	case err != nil:
		return nil, fmt.Errorf("keep CPUs from sleeping: %w", err)
	}
	return f, nil
}

// ReadAsleep returns the time, in seconds since boot, that the CPUs were asleep:
// in idle states deeper than the first, summed. Where the kernel does not count it,
// it is an error.
func ReadAsleep(cpus []int) (float64, error) { return readAsleep("/", cpus) }

func readAsleep(r root, cpus []int) (float64, error) {
	var sum uint64
	for _, cpu := range cpus {
		states := fmt.Sprintf(idleStates, cpu)
		if !r.has(states) {
			return 0, fmt.Errorf("read how long CPU %d slept: there is no /%s", cpu, states)
		}
		deeper, _ := filepath.Glob(r.path(states + "/state[1-9]*/time")) // a good pattern
		for _, name := range deeper {
			text, err := os.ReadFile(name)
			micros, bad := strconv.ParseUint(string(bytes.TrimSpace(text)), 10, 64)
			if err := errors.Join(err, bad); err != nil {
				return 0, fmt.Errorf("read how long CPU %d slept: %s: %w", cpu, name, err)
			}
			sum += micros
		}
	}
	return float64(sum) / 1e6, nil
}
