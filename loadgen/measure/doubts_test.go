package measure

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"pushbench/loadgen/host"
)

// waits makes it a trial in which a process waited for so many seconds.
func waits(o *Observation, name string, seconds float64) {
	process := func(seconds float64) map[string]host.ProcessTime {
		return map[string]host.ProcessTime{name: {Threads: map[int]host.ThreadTime{9: {Waited: seconds}}}}
	}
	o.Before.Process, o.After.Process = process(5), process(5+seconds)
}

func TestDoubts(t *testing.T) {
	many := func(o *Observation) { o.Treatment.Subscribers = 100 }
	for _, test := range []struct {
		name  string
		trial func(testing.TB) *Observation
		spoil func(*Observation)
		want  []string
	}{
		{"clean", clean, func(*Observation) {}, nil},
		{"clean and quiet", quietTrial, func(*Observation) {}, nil},
		{"clean, of memory", memoryTrial, func(*Observation) {}, nil},
		{"a burst to many, and a light fleet", clean, many, nil},
		{"a burst to many, and a fleet as dear as the server", clean, func(o *Observation) { many(o); o.After.Fleet.Usage.User += 0.011 },
			[]string{"fleet-bound: the fleet's CPU per event is 1 × the server's, and an event goes to 100 subscribers at once"}},
		{"a dear fleet of few", clean, func(o *Observation) { o.After.Fleet.Usage.User += 0.011 }, nil},
		{"no TCP_INFO", clean, func(o *Observation) { o.After.Fleet.NoTCP = "it takes Linux" }, []string{"it takes Linux"}},
		{"no TCP_INFO in quiet", quietTrial, func(o *Observation) { o.After.Fleet.NoTCP = "it takes Linux" }, []string{"it takes Linux"}},
		{"a hypervisor that takes its time", clean, func(o *Observation) { o.After.CPU.Cores[1].Steal += 0.11 }, []string{"the hypervisor took 6.0 % of the cores' time"}},

		{"a quota that cannot be read", clean, func(o *Observation) { o.QuotaUnreadable = errors.New("no cpu.stat") }, []string{"no cpu.stat"}},
		{"a host that does not tell exactly", clean, func(o *Observation) { o.After.CPU.Source = host.Idle }, []string{host.Idle.Inexact()}},

		{"a fleet that waited", clean, func(o *Observation) { waits(o, "fleet", 0.88) }, []string{"the fleet waited 80 % of the time for its core"}},
		{"a fleet that waited less", clean, func(o *Observation) { waits(o, "fleet", 0.85) }, nil},
		{"a server that waited", clean, func(o *Observation) { waits(o, "server", 1.034) }, []string{"the server waited 94 % of the time for its core"}},
		{"a link that waited", linked, func(o *Observation) { waits(o, "link", 14) }, []string{"the link waited 70 % of the time for its core"}},
		{"a busy fleet, which is a broken rule", clean, func(o *Observation) { o.After.Fleet.Usage.User += 1; waits(o, "fleet", 0.1) }, nil},
		{"a fleet that waited, where that was asked for", clean, func(o *Observation) { waits(o, "fleet", 1); o.Saturate = true }, nil},

		{"polls left out, which is a broken rule", clean, func(o *Observation) { o.After.Fleet.Skipped = 4 }, nil},
		{"polls left out, as the path is", clean, func(o *Observation) { o.After.Fleet.Skipped, o.Prompt = 4, false },
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
