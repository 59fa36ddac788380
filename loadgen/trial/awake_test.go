package trial

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"testing"

	"pushbench/loadgen/host"
	"pushbench/loadgen/internal/need"
	"pushbench/results"
	"pushbench/scenarios"
)

// The record says how much the CPUs slept, and where they were to stay awake a rule
// is held to it.
func TestAsleep(t *testing.T) {
	for _, test := range []struct {
		name          string
		awake         bool
		before, after float64 // s asleep
		cpu           float64 // s between the marks
		err           error
		share         float64 // below 0: not known
		want          string
	}{
		{"awake", true, 500, 500, 20, nil, 0, ""},
		{"a nap", true, 500, 500.1, 20, nil, 0.005, ""},
		{"asleep", true, 500, 505, 20, nil, 0.25, "the CPUs were to stay awake, and slept 25 % of the time"},
		{"asleep, as the host has it", false, 500, 505, 20, nil, 0.25, ""},
		{"not told", true, 0, 0, 20, errors.New("no idle states"), -1, "the CPUs were to stay awake, and how much they slept is not known: no idle states"},
		{"not told, as the host has it", false, 0, 0, 20, errors.New("no idle states"), -1, ""},
		{"without marks", true, 0, 0, 0, nil, -1, "the CPUs were to stay awake, and how much they slept is not known: no time passed between the marks"},
	} {
		o := &observation{config: Config{Treatment: scenarios.Treatment{Awake: test.awake}}, sleepUnreadable: test.err}
		o.before.asleep, o.after.asleep = test.before, test.after
		o.before.cpu.Cores = []host.CoreTime{{Wall: 100}}
		o.after.cpu.Cores = []host.CoreTime{{Wall: 100 + test.cpu}}
		trial := &results.Trial{Metrics: map[string]results.Metric{}}
		o.measureAsleep(trial)
		m, told := trial.Metrics["host/asleep"]
		if told != (test.share >= 0) || told && (m.Unit != "1" || math.Abs(m.Value-test.share) > 1e-9) {
			t.Errorf("%s: the share is %+v (told: %t), want %v", test.name, m, told, test.share)
		}
		var got string
		if broken := o.invalidAsleep(); len(broken) > 0 {
			got = broken[0]
		}
		if got != test.want {
			t.Errorf("%s: the rule says %q, want %q", test.name, got, test.want)
		}
	}
}

// A whole trial with CPUs that stay awake: nothing of the request is left behind,
// so that the next one has them as the host does.
func TestAwakeTrial(t *testing.T) {
	err := host.CanKeepAwake()
	need.That(t, err == nil, fmt.Sprintf("CPUs that can be kept awake (%v)", err))
	c := config(t, "poll?interval=50ms")
	held := false
	c.Treatment.Awake = true
	c.Marked = func() { held = requests(t) == 1 }
	trial := runTrial(t, c)
	for _, why := range broken(trial) {
		t.Error(why)
	}
	if share := value(t, trial, "host/asleep"); share > asleepLimit {
		t.Errorf("the CPUs slept %v of the time", share)
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
