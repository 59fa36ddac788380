package trial

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"pushbench/loadgen/host"
	"pushbench/results"
	"pushbench/servers/test/need"
)

// The record says how much the CPUs slept, where that is known.
func TestAsleep(t *testing.T) {
	for _, test := range []struct {
		name          string
		before, after float64 // s asleep
		cpu           float64 // s between the marks
		err           error
		share         float64 // below 0: not known
	}{
		{"awake", 500, 500, 20, nil, 0},
		{"asleep", 500, 505, 20, nil, 0.25},
		{"not told", 0, 0, 20, errors.New("no idle states"), -1},
		{"without marks", 0, 0, 0, nil, -1},
	} {
		o := &observation{sleepUnreadable: test.err}
		o.before.asleep, o.after.asleep = test.before, test.after
		o.before.cpu.Cores = []host.CoreTime{{Wall: 100}}
		o.after.cpu.Cores = []host.CoreTime{{Wall: 100 + test.cpu}}
		trial := &results.Trial{Metrics: map[string]results.Metric{}}
		o.measureAsleep(trial)
		m, told := trial.Metrics["host/asleep"]
		if told != (test.share >= 0) || told && (m.Unit != "1" || math.Abs(m.Value-test.share) > 1e-9) {
			t.Errorf("%s: the share is %+v (told: %t), want %v", test.name, m, told, test.share)
		}
	}
}

// A whole trial with CPUs that stay awake: nothing of the request is left behind,
// so that the next one has them as the host does.
func TestAwakeTrial(t *testing.T) {
	err := host.CanKeepAwake()
	need.Host(t, err == nil, fmt.Sprintf("CPUs that can be kept awake (%v)", err))
	c := config(t, "poll?interval=50ms")
	held := false
	c.Treatment.Awake = true
	c.Marked = func() { held = requests(t) == 1 }
	trial := runTrial(t, c)
	sound(t, trial)
	if slices.ContainsFunc(trial.Broken, func(b results.Broken) bool { return b.Class == results.AsAsked }) {
		t.Errorf("broken rules %q", sayings(trial.Broken))
	}
	if left := requests(t); !held || left > 0 {
		t.Errorf("the request was held in the trial: %t, and %d are left", held, left)
	}
}

// requests is how many descriptors this process has on the kernel's device.
func requests(t *testing.T) (n int) {
	t.Helper()
	const descriptors = "/proc/self/fd"
	entries, err := os.ReadDir(descriptors)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if target, err := os.Readlink(filepath.Join(descriptors, e.Name())); err == nil && filepath.Base(target) == "cpu_dma_latency" {
			n++
		}
	}
	return n
}
