package trial

import (
	"errors"
	"io/fs"
	"math"
	"testing"

	"pushbench/loadgen/host"
	"pushbench/loadgen/internal/need"
	"pushbench/results"
	"pushbench/scenarios"
)

// Of CPUs that were to stay awake the record says how much they slept, and the rule
// is held to it; of others it says nothing.
func TestAsleep(t *testing.T) {
	for _, test := range []struct {
		name          string
		awake         bool
		before, after float64 // s asleep
		cpu           float64 // s between the marks
		share         float64 // below 0: not told
		want          string
	}{
		{"awake", true, 500, 500, 20, 0, ""},
		{"a nap", true, 500, 500.2, 20, 0.01, ""},
		{"asleep", true, 500, 505, 20, 0.25, "the CPUs slept 25 % of the time, and were to stay awake"},
		{"asleep, as the host has it", false, 500, 505, 20, -1, ""},
		{"without marks", true, 0, 0, 0, -1, ""},
	} {
		o := &observation{config: Config{Treatment: scenarios.Treatment{Awake: test.awake}}}
		o.before.asleep, o.after.asleep = test.before, test.after
		o.before.cpu.Total, o.after.cpu.Total = 100, 100+test.cpu
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

// A whole trial with CPUs that stay awake, and one without.
func TestAwakeTrial(t *testing.T) {
	err := host.CanKeepAwake()
	if errors.Is(err, fs.ErrPermission) {
		need.That(t, false, err.Error())
	}
	if err != nil {
		t.Skipf("this kernel cannot: %v", err)
	}
	for _, awake := range []bool{true, false} {
		c := config(t, "poll?interval=50ms")
		c.Treatment.Awake = awake
		trial := runTrial(t, c)
		if _, told := trial.Metrics["host/asleep"]; told != awake {
			t.Errorf("awake %t: how much the CPUs slept is told: %t", awake, told)
		}
		for _, why := range broken(trial) {
			t.Errorf("awake %t: %s", awake, why)
		}
	}
}
