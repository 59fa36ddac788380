package trial

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"pushbench/loadgen/host"
	"pushbench/results"
	"pushbench/servers/test/need"
)

// A whole trial with CPUs that stay awake: nothing of the request is left behind,
// so that the next one has them as the host does.
func TestAwakeTrial(t *testing.T) {
	err := host.CanKeepAwake()
	need.Host(t, err == nil, fmt.Sprintf("CPUs that can be kept awake (%v)", err))
	c := config(t, "poll?interval=50ms")
	held := false
	c.Treatment.Awake = true
	c.moment = when("marked", func(*run) { held = requests(t) == 1 })
	trial := runTrial(t, c)
	sound(t, trial)
	if slices.ContainsFunc(trial.Broken, func(b results.Broken) bool { return b.Class == results.AsAsked }) {
		t.Errorf("broken rules %q", trial.Broken)
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
