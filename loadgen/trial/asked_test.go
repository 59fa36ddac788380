package trial

import (
	"errors"
	"time"
)

// slept makes it a trial whose CPUs slept for a share of the time.
func slept(o *observation, share float64) {
	o.config.Treatment.Awake = true
	o.before.asleep, o.after.asleep = 500, 500+share*o.hostTime().Sum().Wall
}

var askedCases = []ruleCase{
	{"awake", clean, func(o *observation) { slept(o, 0) }, nil},
	{"a nap", clean, func(o *observation) { slept(o, 0.005) }, nil},
	{"asleep", clean, func(o *observation) { slept(o, 0.25) }, []string{"as-asked awake: the CPUs were to stay awake, and slept 25 % of the time"}},
	{"asleep, as the host has it", clean, func(o *observation) { slept(o, 0.25); o.config.Treatment.Awake = false }, nil},
	{"sleep not told", clean, func(o *observation) { slept(o, 0); o.sleepUnreadable = errors.New("no idle states") },
		[]string{"as-asked awake: the CPUs were to stay awake, and how much they slept is not known: no idle states"}},
	{"sleep not told, as the host has it", clean, func(o *observation) { o.sleepUnreadable = errors.New("no idle states") }, nil},

	{"few polls left out", clean, func(o *observation) { o.before.fleet.Requests, o.after.fleet.Requests, o.after.fleet.Skipped = 0, 0, 1 }, nil},
	{"polls left out", clean, func(o *observation) { o.after.fleet.Skipped = 4 },
		[]string{"as-asked polls: 3 polls were left out because the one before was outstanding, 6.4 % of all; limit 1 %"}},
	{"as many of many", clean, func(o *observation) {
		o.after.fleet.Skipped = 4
		o.before.fleet.Requests -= 300
	}, nil},
	{"left out by an end at its limit, as asked", clean, func(o *observation) { o.after.fleet.Skipped, o.config.Saturate = 4, true }, nil},
	{"left out since the path is long", clean, func(o *observation) { o.after.fleet.Skipped, o.plan.trip = 4, 100*time.Millisecond }, nil},
	{"left out on a path that is short enough", clean, func(o *observation) { o.after.fleet.Skipped, o.plan.trip = 4, 99*time.Millisecond },
		[]string{"as-asked polls: 3 polls were left out because the one before was outstanding, 6.4 % of all; limit 1 %"}},
	{"left out since the path loses packets", clean, func(o *observation) { o.after.fleet.Skipped, o.plan.path.Loss = 4, 0.01 }, nil},
	{"left out since connections are opened over a path", clean, func(o *observation) {
		o.after.fleet.Skipped, o.plan.trip = 4, 40*time.Millisecond
		o.plan.rhythm.FreshConns = true
		o.after.server.Counts.Conns = 74
	}, nil},
}
