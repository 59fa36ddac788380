package trial

import (
	"fmt"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"

	"pushbench/loadgen/fleet"
	"pushbench/servers/count"
	"pushbench/servers/feed"
	"pushbench/servers/wire"
)

// shared is what fleets must have in common however they share the subscribers.
type shared struct {
	Count  fleet.Count
	Conns  int64
	Newest uint64
	Setups fleet.Setups
	Order  fleet.Order
	Events int64
	N      map[string]int64 // samples of each histogram
}

func sharedOf(r *run) shared {
	c := r.seen.Collected
	s := shared{
		Count: count.Sub(r.seen.After.Fleet.Count, r.seen.Before.Fleet.Count), Conns: r.seen.After.Server.Counts.Conns,
		Newest: r.seen.Newest, Setups: c.Setups, Order: c.Order, Events: c.Events, N: map[string]int64{},
	}
	// How many calls and segments something takes is the kernel's to choose.
	s.Count.Counts.Reads, s.Count.Counts.Writes, s.Count.TCP, s.Setups.Kernel = 0, 0, wire.TCP{}, wire.TCP{}
	for name, h := range c.Hists {
		s.N[name] = h.N()
	}
	return s
}

// apart is a seed with which no poll of so many subscribers falls close to where its
// interval begins, which is where events are due.
func apart(n int) uint64 {
	for seed := uint64(1); ; seed++ {
		nearest := 1.0
		for _, phase := range feed.Phases(n, feed.Rand(seed, 1, "phases")) {
			nearest = min(nearest, phase, 1-phase)
		}
		if nearest > 0.4/float64(n) {
			return seed
		}
	}
}

// Two fleets that share the subscribers are to every count what one fleet is: phases
// are drawn for all, each subscriber has its own, and what is counted adds up.
func TestFleetsShareSubscribers(t *testing.T) {
	for _, transport := range []string{"raw", "ws", "sse", "stream", "poll?interval=1s"} {
		t.Run(transport, func(t *testing.T) {
			t.Parallel()
			c := realConfig(t, transport)
			c.Treatment.Subscribers, c.Treatment.Rate, c.Seed = 100, 20, apart(100)
			if transport == "poll?interval=1s" {
				c.Treatment.Rate = 1
			}
			// A host that stalls lets an event go with the next, and is given another try.
			for attempt := 1; ; attempt++ {
				one, _ := observeTrial(t, c)
				two := c
				two.Treatment.Fleets = 2
				both, _ := observeTrial(t, two)
				diff := cmp.Diff(sharedOf(one), sharedOf(both))
				switch {
				case diff == "":
					return
				case attempt == 5:
					t.Fatalf("-one fleet +two:\n%s", diff)
				}
			}
		})
	}
}

// A second fleet has half of the subscribers, and one of three, where that is not
// possible, what is left.
func TestFleetOverAPipe(t *testing.T) {
	t.Parallel()
	for _, fixed := range []string{"transport: ws, fleets: 2", "transport: longpoll, fleets: 3, tls: on"} {
		r, trial := observeTrial(t, asked(t, fixed))
		n, _ := strconv.Atoi(trial.Treatment["fleets"])
		near(t, trial, "conn/count", 4)
		near(t, trial, "events/delivered", 4*value(t, trial, "events/distinct"))
		if last := r.fleets.Group[len(r.fleets.Group)-1].Name; len(r.fleets.Group) != n || last != fmt.Sprintf("fleet %d", n) {
			t.Errorf("%d fleets, the last %s, want %d", len(r.fleets.Group), last, n)
		}
	}
}
