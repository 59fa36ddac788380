package measure

import (
	"cmp"
	"strings"

	"pushbench/results"
)

// The treatment was what its name says.
var askedRules = []rule{
	{results.AsAsked, "awake", "", marks | awake, func(o *Observation) string {
		share, err := o.asleep()
		return cmp.Or(unless(err == nil, "the CPUs were to stay awake, and how much they slept is not known: %v", err),
			unless(share <= asleepLimit, "the CPUs were to stay awake, and slept %.0f %% of the time", 100*share))
	}},
	{results.AsAsked, "affinity", "", marks, func(o *Observation) string {
		return strings.Join(o.After.Strayed, "; ")
	}},
	{results.AsAsked, "polls", "", marks | polls, func(o *Observation) string {
		skipped, share := o.skipped()
		return unless(share <= skippedLimit, "%d polls were left out because the one before was outstanding, %.1f %% of all; limit %.0f %%",
			skipped, 100*share, 100*skippedLimit)
	}},
}

// asleepLimit: of the cores' time between the marks; above it the host does not do
// what was asked of it.
const asleepLimit = 0.01

// skippedLimit: of the polls that were due between the marks. Who leaves out more
// does not poll at the interval that the treatment names.
const skippedLimit = 0.01

// skipped is the polls that were left out between the marks, and their share.
func (o *Observation) skipped() (n int64, share float64) {
	d := o.fleet()
	n = d.Skipped
	if due := n + d.Requests; due > 0 {
		share = float64(n) / float64(due)
	}
	return n, share
}
