package trial

import (
	"fmt"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"

	"pushbench/loadgen/fleet"
	"pushbench/servers/wire"
)

// shared is what fleets must have in common however they share the subscribers, and
// however busy the host is. Which events share a message is the host's to choose, so that
// bytes are held against what the server and the kernel count of the same trial.
type shared struct {
	Conns  int64
	Newest uint64
	Setups fleet.Setups
	Order  fleet.Order
	Events int64
	N      map[string]int64 // samples of each histogram
}

func sharedOf(r *run) shared {
	c := r.seen.Collected
	s := shared{Conns: r.seen.After.Server.Counts.Conns, Newest: r.seen.Newest, Setups: c.Setups, Order: c.Order, Events: c.Events, N: map[string]int64{}}
	s.Setups.Kernel = wire.TCP{} // how many segments something takes is its own choice, too
	for name, h := range c.Hists {
		s.N[name] = h.N()
	}
	return s
}

// Two fleets that share the subscribers are to every count what one fleet is: each
// subscriber is there once, and what is counted adds up.
func TestFleetsShareSubscribers(t *testing.T) {
	for _, transport := range []string{"raw", "ws", "sse", "stream", "poll?interval=1s"} {
		t.Run(transport, func(t *testing.T) {
			t.Parallel()
			var of [2]shared
			for i := range of {
				c := realConfig(t, transport)
				c.Treatment.Subscribers, c.Treatment.Rate, c.Treatment.Fleets = 100, 20, i+1
				r, trial := observeTrial(t, c)
				sums(t, trial)
				near(t, trial, "bytes/payload/down", 100)
				near(t, trial, "bytes/envelope/down", 61)
				of[i] = sharedOf(r)
			}
			if diff := cmp.Diff(of[0], of[1]); diff != "" {
				t.Errorf("-one fleet +two:\n%s", diff)
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
