package trial

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"pushbench/loadgen/host"
)

// waits makes it a trial in which a process waited for so many seconds.
func waits(o *observation, name string, seconds float64) {
	process := func(seconds float64) map[string]host.ProcessTime {
		return map[string]host.ProcessTime{name: {Threads: map[int]host.ThreadTime{9: {Waited: seconds}}}}
	}
	o.before.process, o.after.process = process(5), process(5+seconds)
}

func TestDoubts(t *testing.T) {
	many := func(o *observation) { o.config.Treatment.Subscribers = 100 }
	for _, test := range []struct {
		name  string
		trial func(testing.TB) *observation
		spoil func(*observation)
		want  []string
	}{
		{"clean", clean, func(*observation) {}, nil},
		{"clean and quiet", quiet, func(*observation) {}, nil},
		{"clean, of memory", memoryTrial, func(*observation) {}, nil},
		{"a burst to many, and a light fleet", clean, many, nil},
		{"a burst to many, and a fleet as dear as the server", clean, func(o *observation) { many(o); o.after.fleet.Usage.User += 0.011 },
			[]string{"fleet-bound: the fleet's CPU per event is 1 × the server's, and an event goes to 100 subscribers at once"}},
		{"a dear fleet of few", clean, func(o *observation) { o.after.fleet.Usage.User += 0.011 }, nil},
		{"no TCP_INFO", clean, func(o *observation) { o.after.fleet.NoTCP = "it takes Linux" }, []string{"it takes Linux"}},
		{"no TCP_INFO in quiet", quiet, func(o *observation) { o.after.fleet.NoTCP = "it takes Linux" }, []string{"it takes Linux"}},
		{"a hypervisor that takes its time", clean, func(o *observation) { o.after.cpu.Cores[1].Steal += 0.11 }, []string{"the hypervisor took 6.0 % of the cores' time"}},

		{"a quota that cannot be read", clean, func(o *observation) { o.quotaUnreadable = errors.New("no cpu.stat") }, []string{"no cpu.stat"}},
		{"a host that does not tell exactly", clean, func(o *observation) { o.after.cpu.Source = host.Idle }, []string{host.Idle.Inexact()}},

		{"a fleet that waited", clean, func(o *observation) { waits(o, "fleet", 0.88) }, []string{"the fleet waited 80 % of the time for its core"}},
		{"a fleet that waited less", clean, func(o *observation) { waits(o, "fleet", 0.85) }, nil},
		{"a server that waited", clean, func(o *observation) { waits(o, "server", 1.034) }, []string{"the server waited 94 % of the time for its core"}},
		{"a link that waited", linked, func(o *observation) { waits(o, "link", 14) }, []string{"the link waited 70 % of the time for its core"}},
		{"a busy fleet, which is a broken rule", clean, func(o *observation) { o.after.fleet.Usage.User += 1; waits(o, "fleet", 0.1) }, nil},
		{"a fleet that waited, where that was asked for", clean, func(o *observation) { waits(o, "fleet", 1); o.config.Saturate = true }, nil},

		{"polls left out, which is a broken rule", clean, func(o *observation) { o.after.fleet.Skipped = 4 }, nil},
		{"polls left out, as the path is", clean, func(o *observation) { o.after.fleet.Skipped, o.plan.path.Loss = 4, 0.01 },
			[]string{"3 polls were left out because the one before was outstanding, 6.4 % of all"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			o := test.trial(t)
			test.spoil(o)
			got := o.doubts()
			if got == nil {
				t.Error("no list of warnings")
			}
			if diff := cmp.Diff(append([]string{}, test.want...), got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}
