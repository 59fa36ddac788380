package trial

import (
	"io"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"pushbench/loadgen/fleet"
	"pushbench/loadgen/party"
	"pushbench/servers/control"
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
			// A host that stalls lets an event go with the next: then nothing is compared.
			for attempt := 1; ; attempt++ {
				one, _ := observeTrial(t, c)
				two := c
				two.Fleets = 2
				both, _ := observeTrial(t, two)
				late := time.Duration(max(slices.Max(one.seen.Published.Lag), slices.Max(both.seen.Published.Lag)))
				diff := cmp.Diff(sharedOf(one), sharedOf(both))
				switch {
				case diff == "":
					return
				case attempt == 5 || late < time.Millisecond:
					t.Fatalf("-one fleet +two, with events up to %v late:\n%s", late, diff)
				}
			}
		})
	}
}

// A fleet that is no child of loadgen, and is asked over a pipe, shares the subscribers
// as any other does.
func TestFleetOverAPipe(t *testing.T) {
	t.Parallel()
	in, commands := io.Pipe()
	answers, out := io.Pipe()
	served := make(chan error, 1)
	go func() {
		served <- fleet.Serve(t.Context(), in, out)
		out.Close()
	}()
	c := realConfig(t, "ws")
	limits := party.Limits{}.OrDefault()
	c.Beside = []*party.Party{party.Over("fleet 2", limits, commands, answers)}
	r, trial := observeTrial(t, c)
	var mark fleet.Mark
	if err := c.Beside[0].Call(t.Context(), 0, control.Mark, control.None{}, &mark); err != nil {
		t.Fatal(err)
	}
	if all := r.seen.After.Fleet.Delivered; mark.Delivered != all/2 || mark.Counts.Conns != 2 || value(t, trial, "conn/count") != 4 {
		t.Errorf("of %d events %d were delivered over the pipe, on %d connections", all, mark.Delivered, mark.Counts.Conns)
	}
	if err := c.Beside[0].Stop(); err != nil {
		t.Error(err)
	}
	if err := <-served; err != nil {
		t.Error(err)
	}
}
