package measure

import (
	"errors"
	"math"
	"testing"

	"pushbench/loadgen/host"
)

// slept makes it a trial whose CPUs slept for a share of the time.
func slept(o *Observation, share float64) {
	o.Treatment.Awake = true
	o.Before.Asleep, o.After.Asleep = 500, 500+share*o.hostTime().Sum().Wall
}

var askedCases = []ruleCase{
	{"awake", clean, func(o *Observation) { slept(o, 0) }, nil},
	{"a nap", clean, func(o *Observation) { slept(o, 0.005) }, nil},
	{"asleep", clean, func(o *Observation) { slept(o, 0.25) }, []string{"as-asked awake: the CPUs were to stay awake, and slept 25 % of the time"}},
	{"asleep, as the host has it", clean, func(o *Observation) { slept(o, 0.25); o.Treatment.Awake = false }, nil},
	{"sleep not told", clean, func(o *Observation) { slept(o, 0); o.SleepUnreadable = errors.New("no idle states") },
		[]string{"as-asked awake: the CPUs were to stay awake, and how much they slept is not known: no idle states"}},
	{"sleep not told, as the host has it", clean, func(o *Observation) { o.SleepUnreadable = errors.New("no idle states") }, nil},

	{"held elsewhere", clean, func(o *Observation) { o.After.Strayed = []string{"server: held to CPU 0", "fleet: held to CPU 1"} },
		[]string{"as-asked affinity: server: held to CPU 0; fleet: held to CPU 1"}},

	{"few polls left out", clean, func(o *Observation) { o.Before.Fleet.Requests, o.After.Fleet.Requests, o.After.Fleet.Skipped = 0, 0, 1 }, nil},
	{"polls left out", clean, func(o *Observation) { o.After.Fleet.Skipped = 4 },
		[]string{"as-asked polls: 3 polls were left out because the one before was outstanding, 6.4 % of all; limit 1 %"}},
	{"as many of many", clean, func(o *Observation) {
		o.After.Fleet.Skipped = 4
		o.Before.Fleet.Requests -= 300
	}, nil},
	{"left out by an end at its limit, as asked", clean, func(o *Observation) { o.After.Fleet.Skipped, o.Saturate = 4, true }, nil},
	{"left out since the path is long", clean, func(o *Observation) { o.After.Fleet.Skipped, o.Prompt = 4, false }, nil},
}

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
		o := &Observation{Asked: Asked{Quiet: true}, SleepUnreadable: test.err}
		o.Before.Asleep, o.After.Asleep = test.before, test.after
		o.Before.CPU.Cores = []host.CoreTime{{Wall: 100}}
		o.After.CPU.Cores = []host.CoreTime{{Wall: 100 + test.cpu}}
		trial := recorded(o)
		m, told := trial.Metrics["host/asleep"]
		if told != (test.share >= 0) || told && (m.Unit != "1" || math.Abs(m.Value-test.share) > 1e-9) {
			t.Errorf("%s: the share is %+v (told: %t), want %v", test.name, m, told, test.share)
		}
	}
}
