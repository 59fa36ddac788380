package trial

import (
	"fmt"
	"time"

	"pushbench/results"
)

// The treatment was what its name says.
var askedRules = []rule{
	{results.AsAsked, "awake", "", marks | awake, func(o *observation) string {
		switch share, err := o.asleep(); {
		case err != nil:
			return fmt.Sprintf("the CPUs were to stay awake, and how much they slept is not known: %v", err)
		case share > asleepLimit:
			return fmt.Sprintf("the CPUs were to stay awake, and slept %.0f %% of the time", 100*share)
		}
		return ""
	}},
	{results.AsAsked, "polls", "", marks | polls, func(o *observation) string {
		skipped, share := o.skipped()
		return unless(share <= skippedLimit, "%d polls were left out because the one before was outstanding, %.1f %% of all; limit %.0f %%",
			skipped, 100*share, 100*skippedLimit)
	}},
}

// skippedLimit: of the polls that were due between the marks. Who leaves out more
// does not poll at the interval that the treatment names.
const skippedLimit = 0.01

// skipped is the polls that were left out between the marks, and their share.
func (o *observation) skipped() (n int64, share float64) {
	a, b := o.before.fleet, o.after.fleet
	n = b.Skipped - a.Skipped
	if due := n + b.Requests - a.Requests; due > 0 {
		share = float64(n) / float64(due)
	}
	return n, share
}

// promptPolls reports whether a poll over the plan's path is answered before the
// next is due, whatever befalls it on the way. Where it need not be, polls that are
// left out are the treatment's own.
func (p plan) promptPolls() bool {
	trips := 1
	if p.rhythm.FreshConns { // TCP's handshake comes first, and that of TLS 1.3
		trips = 3
	}
	answer := time.Duration(trips)*p.trip + 2*queueing(p.path) + recovery(p.path)
	return p.interval > 0 && answer < p.interval
}
