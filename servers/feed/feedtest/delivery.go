package feedtest

import (
	"fmt"
	"sync"
	"testing"

	"pushbench/servers/feed"
)

// everyEvent: from since=N every event after N, published before or after the
// subscriber came, exactly once and in order; and each byte of it accounted for.
func (s suite) everyEvent(t *testing.T) {
	for _, since := range []uint64{0, 1, 7, 19, 20} {
		t.Run(fmt.Sprintf("since=%d", since), func(t *testing.T) {
			server := Serve(t, s.transport, Config{Codec: s.codec, Way: s.way})
			server.Publish(20)
			sub := server.Subscribe(since, s.knobs)
			sub.Await(20)
			s.parked(t, server, 1)
			for range 10 {
				server.Publish(1)
				sub.Await(server.Log.Newest())
			}
			if s.looped(t) && server.Log.Fanout().Delivered == 0 {
				t.Error("the loop has delivered nothing")
			}
			server.Publish(70)
			sub.Await(100)
			server.Rest(sub)
			server.Check(sub.Events(), since, 100)
			server.CheckBytes(sub)
			sub.checkLooped()
			if err := sub.Cancel(); err != nil {
				t.Errorf("a cancelled subscription ended with %v", err)
			}
		})
	}
}

// manySubscribers: each of 20 gets everything, or the newest only, while it is being
// published.
func (s suite) manySubscribers(t *testing.T, latest bool, events int) {
	newest := uint64(events)
	server := Serve(t, s.transport, Config{Codec: s.codec, Way: s.way})
	var published sync.WaitGroup
	published.Go(func() {
		for range events {
			server.Publish(1)
		}
	})
	var subs []*Subscriber
	for range 20 {
		subs = append(subs, s.subscribe(server, 0, latest))
	}
	published.Wait()
	for _, sub := range subs {
		sub.Await(newest)
	}
	server.Rest(subs...)
	for _, sub := range subs {
		if latest {
			server.CheckLatest(sub.Events(), 0, newest)
		} else {
			server.Check(sub.Events(), 0, newest)
		}
	}
	server.CheckBytes(subs...)
}

func (s suite) subscribe(server *Server, since uint64, latest bool) *Subscriber {
	server.t.Helper()
	sub := server.NewSubscriber(since, s.knobs)
	sub.Latest = latest
	sub.Start()
	return sub
}

// overrun: what the ring no longer holds is announced as a gap, in its place
// and with its bounds, whether it was lost before the subscriber came or while
// it was slow.
func (s suite) overrun(t *testing.T) {
	const ring = 8
	for _, c := range []struct {
		since uint64
		gaps  []feed.Gap
	}{
		{0, []feed.Gap{{First: 1, Last: 12}}},
		{3, []feed.Gap{{First: 4, Last: 12}}},
		{11, []feed.Gap{{First: 12, Last: 12}}},
		{12, nil},
		{20, nil},
	} {
		t.Run(fmt.Sprintf("since=%d", c.since), func(t *testing.T) {
			server := Serve(t, s.transport, Config{Codec: s.codec, Ring: ring, Way: s.way})
			server.Publish(20)
			sub := server.Subscribe(c.since, s.knobs)
			sub.Await(20)
			server.Publish(1)
			sub.Await(21)
			server.Rest(sub)
			server.Check(sub.Events(), c.since, 21, c.gaps...)
			server.CheckBytes(sub)
		})
	}
	t.Run("while slow", func(t *testing.T) {
		held := newGate(ServerWrites)
		server := Serve(t, s.transport, Config{Codec: s.codec, Ring: ring, Hook: held.pass, Way: s.way})
		t.Cleanup(held.open)
		server.Publish(3)
		sub := server.Subscribe(0, s.knobs)
		sub.Await(3)
		held.shut()
		server.Publish(1)
		held.await(t) // with event 4, or with what a poll was answered before it
		server.Publish(16)
		held.open()
		sub.Await(20)
		server.Rest(sub)
		got := sub.Events()
		gap := feed.Gap{First: got[3].Seq + 1, Last: 12}
		if first, ok := got[3].Gap(); ok {
			gap.First = first.First
		}
		if gap.First != 4 && gap.First != 5 {
			t.Fatalf("after event 3 came %+v", got[3])
		}
		server.Check(got, 0, 20, gap)
		server.CheckBytes(sub)
	})
}

// gate holds up whoever passes a point while it is shut.
type gate struct {
	at      Point
	mu      sync.Mutex
	closed  chan struct{} // closed when the gate opens; nil while it is open
	arrived chan struct{}
}

func newGate(at Point) *gate { return &gate{at: at, arrived: make(chan struct{}, 1)} }

func (g *gate) pass(p Point) {
	g.mu.Lock()
	closed := g.closed
	g.mu.Unlock()
	if p != g.at || closed == nil {
		return
	}
	select {
	case g.arrived <- struct{}{}:
	default:
	}
	<-closed
}

func (g *gate) shut() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.closed = make(chan struct{})
}

func (g *gate) open() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed != nil {
		close(g.closed)
		g.closed = nil
	}
}

// await waits until somebody is held up.
func (g *gate) await(t *testing.T) {
	t.Helper()
	await(t, g.arrived, "somebody is "+g.at.String())
}
