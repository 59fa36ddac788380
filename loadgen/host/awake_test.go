package host

import (
	"encoding/binary"
	"errors"
	"io/fs"
	"os"
	"strings"
	"testing"

	"pushbench/loadgen/internal/need"
)

func TestHeedsLatency(t *testing.T) {
	for name, test := range map[string]struct {
		files map[string]string
		heeds bool
	}{
		"a driver":     {map[string]string{idleDriver: "haltpoll\n"}, true},
		"none":         {map[string]string{idleDriver: "none\n"}, false},
		"not even one": {nil, false},
	} {
		err := heedsLatency(files(test.files))
		if (err == nil) != test.heeds {
			t.Errorf("%s: %v", name, err)
		}
		if err != nil && !strings.Contains(err.Error(), latencyRequest) {
			t.Errorf("%s: %q does not say what would be asked", name, err)
		}
	}
}

// Asleep is what is spent in states deeper than the first, of the CPUs asked for.
func TestReadAsleep(t *testing.T) {
	const dir = "sys/devices/system/cpu/"
	host := files(map[string]string{
		dir + "cpu0/cpuidle/state0/time": "9000000000\n",
		dir + "cpu0/cpuidle/state1/time": "1500000\n",
		dir + "cpu0/cpuidle/state2/time": "250000\n",
		dir + "cpu1/cpuidle/state0/time": "7\n",
		dir + "cpu1/cpuidle/state1/time": "4000000\n",
		dir + "cpu2/cpuidle/state0/time": "8\n",
		dir + "cpu3/cpuidle/state1/time": "soon\n",
		dir + "cpu4/online":              "1\n",
	})
	for _, test := range []struct {
		cpus []int
		want float64
	}{{[]int{0}, 1.75}, {[]int{1}, 4}, {[]int{0, 1}, 5.75}, {[]int{2}, 0}, {nil, 0}} {
		if got, err := readAsleep(host, test.cpus); err != nil || got != test.want {
			t.Errorf("CPUs %v slept %v s (%v), want %v", test.cpus, got, err, test.want)
		}
	}
	for _, cpu := range []int{3, 4, 5} {
		if got, err := readAsleep(host, []int{0, cpu}); err == nil {
			t.Errorf("CPU %d slept %v s, though nobody counts", cpu, got)
		}
	}
}

// While it is asked for, no latency is allowed. Afterwards it is as others ask, who
// may be tests of other packages.
func TestKeepAwake(t *testing.T) {
	err := CanKeepAwake()
	if errors.Is(err, fs.ErrPermission) {
		need.That(t, false, err.Error())
	}
	if err != nil {
		t.Skipf("this kernel cannot: %v", err)
	}
	request, err := KeepAwake()
	if err != nil {
		t.Fatal(err)
	}
	if got := latency(t); got != 0 {
		t.Errorf("CPUs may take %d µs to wake up, want 0", got)
	}
	if err := request.Close(); err != nil {
		t.Error(err)
	}
	if err := request.Close(); !errors.Is(err, os.ErrClosed) {
		t.Errorf("closed again: %v; it was still held", err)
	}
}

// latency is what the kernel allows idle CPUs to take to wake up, in µs.
func latency(t *testing.T) int32 {
	t.Helper()
	f, err := os.Open(latencyRequest)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var word [4]byte
	if _, err := f.Read(word[:]); err != nil {
		t.Fatal(err)
	}
	return int32(binary.NativeEndian.Uint32(word[:]))
}
