package feedtest

import (
	"fmt"
	"math"
	"sync"
	"sync/atomic"
	"testing"

	"pushbench/servers/feed"
)

// gapRace: an event that is published at any phase of the gap between an answer
// and the next request, or the next wait, is neither lost nor doubled.
//
// A phase is a Point, and how often the publisher looks at the log before it
// publishes. Each event is published at a phase of the course of the one
// before, so that the feed runs by itself through all of them; it stops where
// one is lost.
func (s suite) gapRace(t *testing.T) {
	t.Run("quiet log", func(t *testing.T) { s.race(t, s.phases, 100) })

	// Other readers keep the log so busy that whoever wants it has to queue.
	// Looking at it then keeps the publisher in step with the server's end, and
	// its event comes between any two things that that end does with the log,
	// however close they are.
	t.Run("busy log", func(t *testing.T) { s.race(t, s.phases/10, 10, 0, 0, 0) })
}

func (s suite) race(t *testing.T, phases, mostLooks int, readers ...uint64) {
	var race race
	server := Serve(t, s.transport, Config{Codec: s.codec, Hook: race.pass})
	server.Publish(1)
	sub := server.Subscribe(0, s.knobs)
	sub.Await(1)

	// Which points an event's course passes depends on the transport.
	const trials = 20
	race.forget()
	for range trials {
		server.Publish(1)
		sub.Await(server.Log.Newest())
	}
	usable := race.passedAtLeast(trials - 1) // the last event's course goes on
	if len(usable) < 3 {
		t.Fatalf("an event's course passes no more than %v", usable)
	}
	server.Publish(feed.DefaultRing) // for the readers to read
	before := server.Log.Newest()
	sub.Await(before)

	var over atomic.Bool
	var reading sync.WaitGroup
	defer reading.Wait()
	defer over.Store(true)
	for _, cursor := range readers {
		reading.Go(func() {
			var records []feed.Record
			for !over.Load() {
				records, _, _ = server.Log.Since(cursor, math.MaxInt, records[:0])
			}
		})
	}
	race.run(server, usable, phases, mostLooks)
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the race stood before phase %v", race.next())
		}
	})
	newest := before + uint64(phases) + 1
	sub.Await(newest)
	race.published.Wait()
	server.Rest(sub)
	server.Check(sub.Events(), 0, newest)
}

type phase struct {
	at    Point
	looks int // 0: whoever passes the point publishes; else another goroutine
}

func (p phase) String() string { return fmt.Sprintf("%d looks after %v", p.looks, p.at) }

type race struct {
	server    *Server
	published sync.WaitGroup

	mu     sync.Mutex
	passed [points]int
	phases []phase // still to come; the first is armed
}

// run arms the first phase and sets the feed going.
func (r *race) run(server *Server, at []Point, phases, mostLooks int) {
	r.mu.Lock()
	r.server = server
	for n := range phases {
		r.phases = append(r.phases, phase{at[n%len(at)], n / len(at) % mostLooks})
	}
	r.mu.Unlock()
	server.Publish(1)
}

func (r *race) pass(p Point) {
	r.mu.Lock()
	r.passed[p]++
	if len(r.phases) == 0 || r.phases[0].at != p {
		r.mu.Unlock()
		return
	}
	// The next phase is armed before this one's event is out, so that the
	// course of that event passes it for certain.
	looks := r.phases[0].looks
	r.phases = r.phases[1:]
	r.mu.Unlock()
	if looks == 0 {
		r.server.Publish(1)
		return
	}
	r.published.Go(func() {
		for range looks {
			r.server.Log.Newest()
		}
		r.server.Publish(1)
	})
}

func (r *race) forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.passed = [points]int{}
}

func (r *race) passedAtLeast(n int) (at []Point) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for p, times := range r.passed {
		if times >= n {
			at = append(at, Point(p))
		}
	}
	return at
}

func (r *race) next() []phase {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.phases[:min(1, len(r.phases))]
}
