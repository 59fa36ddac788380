package host

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pushbench/servers/test/need"
)

// Who cannot keep CPUs awake is told why, and what would mend it.
func TestCanKeepAwake(t *testing.T) {
	device := filepath.Join(t.TempDir(), "cpu_dma_latency")
	if err := os.WriteFile(device, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	loop := map[string]string{"sys/devices/system/cpu/cpu0/cpuidle/state0/name": "POLL\n"}
	for _, test := range []struct {
		name, device string
		files        map[string]string
		want         []string // of the error; none where it can
	}{
		{"all is there", device, loop, nil},
		{"no device", device + ".gone", loop, []string{"there is no " + device + ".gone", "--device"}},
		{"no idle states", device, nil, []string{"no idle states", "/sys/devices/system/cpu/cpu0/cpuidle", "modprobe"}},
		{"no loop among them", device, map[string]string{"sys/devices/system/cpu/cpu0/cpuidle/state0/name": "WFI\n"}, []string{"is WFI, in which they sleep"}},
		{"a folder", t.TempDir(), loop, []string{"is a directory"}},
	} {
		err := canKeepAwake(test.device, files(t, test.files))
		if (err == nil) != (test.want == nil) {
			t.Errorf("%s: %v", test.name, err)
		}
		for _, want := range test.want {
			if err != nil && !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %q lacks %q", test.name, err, want)
			}
		}
	}
}

// Asleep is what is spent in states deeper than the first, of the CPUs asked for.
func TestReadAsleep(t *testing.T) {
	const dir = "sys/devices/system/cpu/"
	host := files(t, map[string]string{
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
	}{{[]int{0}, 1.75}, {[]int{1}, 4}, {[]int{0, 1}, 5.75}, {[]int{2}, 0}} {
		if got, err := readAsleep(host, test.cpus); err != nil || got != test.want {
			t.Errorf("CPUs %v slept %v s (%v), want %v", test.cpus, got, err, test.want)
		}
	}
	for _, cpus := range [][]int{{0, 3}, {0, 4}, {0, 5}} {
		if got, err := readAsleep(host, cpus); err == nil {
			t.Errorf("CPUs %v slept %v s, though nobody counts", cpus, got)
		}
	}
}

// While it is asked for, no latency is allowed. What is allowed otherwise is for
// others to say as well, tests of other packages among them, and is not looked at.
func TestKeepAwake(t *testing.T) {
	err := CanKeepAwake()
	need.Host(t, err == nil, fmt.Sprintf("CPUs that can be kept awake (%v)", err))
	request, err := KeepAwake()
	if err != nil {
		t.Fatal(err)
	}
	defer request.Close()
	f, err := os.Open(latencyRequest) // reads as what all requests together allow, in µs
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var word [4]byte
	if _, err := f.Read(word[:]); err != nil {
		t.Fatal(err)
	}
	if got := binary.NativeEndian.Uint32(word[:]); got != 0 {
		t.Errorf("CPUs may take %d µs to wake up, want 0", got)
	}
}
