package feedtest

import (
	"math/rand/v2"
	"sync"
	"testing"

	"pushbench/servers/feed"
)

// looped says that the transport's subscribers are the loop's once they have all events.
func (s suite) looped(t *testing.T) bool {
	r := s.transport.Rhythm(subscription(t, s.transport, s.knobs, false).Options)
	return !s.way.TLS && !s.way.HTTP2 && s.way.Foreign == nil && r.Poll == 0 && r.Hold == 0 && r.Collect == 0 && !r.Compress
}

// parked waits until the loop has so many subscribers, where it has any at all.
func (s suite) parked(t *testing.T, server *Server, subscribers int64) {
	t.Helper()
	if s.looped(t) {
		until(t, "all subscribers are the loop's", func() bool { return server.Log.Parked() == subscribers })
	}
}

// fallback: of each event the kernel takes a byte more at first than of the one before,
// from none on, and the rest later. All are delivered whole and in order, and counted.
func (s suite) fallback(t *testing.T) {
	if !s.looped(t) {
		return
	}
	room := 0
	server := Serve(t, s.transport, Config{Codec: s.codec, Room: func() int { return room }})
	server.Publish(1)
	sub := server.Subscribe(0, s.knobs)
	sub.Await(1)
	for ; ; room++ {
		s.parked(t, server, 1) // so that nobody reads room
		server.Publish(1)
		sub.Await(server.Log.Newest())
		c := server.Log.Fanout()
		if c.Delivered != int64(room+1) {
			t.Fatalf("of %d events the loop has delivered %d", room+1, c.Delivered)
		}
		if c.Fallbacks == int64(room) {
			break // it has found room for all of it
		}
	}
	if room <= bodySize {
		t.Errorf("an event with a body of %d bytes went into %d", bodySize, room)
	}
	server.Rest(sub)
	server.Check(sub.Events(), 0, server.Log.Newest())
	server.CheckBytes(sub)
}

// churn: subscribers come and go while others are served, and of each event the kernel
// takes as much as chance will have it. Whoever is there gets each event once and in
// order.
func (s suite) churn(t *testing.T) {
	if !s.looped(t) {
		return
	}
	server := Serve(t, s.transport, Config{Codec: s.codec, Room: func() int { return rand.IntN(4 * bodySize) }})
	server.Publish(1)
	var workers sync.WaitGroup
	for range 10 {
		workers.Go(func() {
			for range 20 {
				since := server.Log.Newest()
				sub := server.Subscribe(since-uint64(rand.IntN(2)), s.knobs)
				for range 3 {
					server.Publish(1)
					sub.Await(server.Log.Newest())
				}
				if err := sub.Cancel(); err != nil {
					t.Errorf("a cancelled subscription ended with %v", err)
				}
				server.Check(sub.Events(), sub.Since, sub.Cursor())
			}
		})
	}
	workers.Wait()
	if c := server.Log.Fanout(); c.Fallbacks == 0 {
		t.Errorf("nobody fell back: %+v", c)
	}
}

// slow: a subscriber that does not read holds nobody up, and costs the server no more than
// the rest of one event. When it reads again it gets what its socket had room for, a gap,
// and what the log still holds.
func (s suite) slow(t *testing.T) {
	if !s.looped(t) {
		return
	}
	const ring = 64
	server := Serve(t, s.transport, Config{Codec: s.codec, Ring: ring, Narrow: true})
	server.Publish(1)
	stalled, goOn := make(chan struct{}), make(chan struct{})
	t.Cleanup(func() { close(goOn) }) // should it end before
	slow, quick := server.NewSubscriber(0, s.knobs), server.NewSubscriber(0, s.knobs)
	slow.OnEvent = func(e feed.Event) {
		if e.Seq == 2 {
			close(stalled)
			<-goOn
		}
	}
	slow.Start()
	quick.Start()
	slow.Await(1)
	quick.Await(1)
	server.Publish(1)
	await(t, stalled, "the subscriber has stalled")
	const most = 20_000 // events, some 2 MB, into buffers of a few KB
	for n := 0; server.Log.Fanout().Fallbacks == 0; n++ {
		if n == most {
			t.Fatalf("after %d events nobody has fallen back", n)
		}
		server.Publish(1)
		quick.Await(server.Log.Newest())
	}
	for range 2 * ring {
		server.Publish(1)
		quick.Await(server.Log.Newest())
	}
	if kept := server.Tally.Pending.Load(); kept > 4*bodySize {
		t.Errorf("for who does not read %d bytes are kept", kept)
	}
	goOn <- struct{}{}
	slow.Await(server.Log.Newest())
	server.Rest(slow, quick)
	var gaps []feed.Gap
	for _, e := range slow.Events() {
		if gap, ok := e.Gap(); ok {
			gaps = append(gaps, gap)
		}
	}
	if len(gaps) == 0 {
		t.Error("it was told of no gap")
	}
	server.Check(slow.Events(), 0, server.Log.Newest(), gaps...)
	server.Check(quick.Events(), 0, server.Log.Newest())
}
