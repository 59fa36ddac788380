package feedtest

import (
	"fmt"
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"pushbench/servers/feed"
)

// gapRace: an event that is published at any phase of the gap between an answer
// and the next request, or the next wait, is neither lost nor doubled.
//
// A phase is a Point, and how often the publisher looks at the log after it and
// before it publishes. Each event is published at a phase of the course of the one
// before, so that the feed runs by itself through all of them; it stops where
// one is lost.
func (s suite) gapRace(t *testing.T) {
	t.Run("anywhere", func(t *testing.T) {
		server, sub, race := s.startRace(t, 0)
		var phases []phase
		for n := range s.phases {
			phases = append(phases, phase{race.usable[n%len(race.usable)], n/len(race.usable) + itself})
		}
		race.run(t, server, sub, phases)
	})
	if s.codec != feed.Text {
		return // what follows does not depend on it
	}
	// Other readers keep the log so busy that whoever wants it has to queue.
	// Looking at it then keeps the publisher in step with the server's end, and
	// its event comes between any two things that that end does with the log,
	// however close they are.
	t.Run("between looking and waiting", func(t *testing.T) {
		server, sub, race := s.startRace(t, 500)
		last := ServerHasWrote
		if slices.Contains(race.usable, ServeBegins) {
			last = ServeBegins
		}
		var phases []phase
		for n := range s.phases / 15 {
			phases = append(phases, phase{last, n%6 + itself})
		}
		defer keepBusy(server.Log)()
		race.run(t, server, sub, phases)
	})
}

// startRace subscribes to a server with so many events, and finds out which
// points the course of an event passes: that depends on the transport.
func (s suite) startRace(t *testing.T, events int) (*Server, *Subscriber, *race) {
	t.Helper()
	race := new(race)
	server := Serve(t, s.transport, Config{Codec: s.codec, Hook: race.pass, Way: s.way})
	server.Publish(events + 1)
	sub := server.Subscribe(uint64(events), s.knobs)
	sub.Await(server.Log.Newest())
	const trials = 20
	for p := range race.passed {
		race.passed[p].Store(0)
	}
	for range trials {
		server.Publish(1)
		sub.Await(server.Log.Newest())
	}
	for p := range points {
		if race.passed[p].Load() >= trials-1 { // the last event's course goes on
			race.usable = append(race.usable, p)
		}
	}
	if len(race.usable) < 3 {
		t.Fatalf("an event's course passes no more than %v", race.usable)
	}
	return server, sub, race
}

// keepBusy lets three readers take turns at the log until it is stopped.
func keepBusy(log *feed.Log) (stop func()) {
	var over atomic.Bool
	var reading sync.WaitGroup
	for range 3 {
		reading.Go(func() {
			var records []feed.Record
			for !over.Load() {
				records, _, _ = log.Since(0, math.MaxInt, records[:0])
			}
		})
	}
	return func() {
		over.Store(true)
		reading.Wait()
	}
}

type phase struct {
	at    Point
	looks int
}

// itself stands for no looks and no publisher either: whoever passes the point
// publishes, before it does anything else.
const itself = -1

func (p phase) String() string { return fmt.Sprintf("%d looks after %v", p.looks, p.at) }

type race struct {
	passed [points]atomic.Int64
	usable []Point

	server    *Server
	published sync.WaitGroup

	mu     sync.Mutex
	phases []phase // still to come; the first is armed
}

// run takes the feed through all phases.
func (r *race) run(t *testing.T, server *Server, sub *Subscriber, phases []phase) {
	t.Helper()
	newest := server.Log.Newest() + uint64(len(phases)) + 1
	r.mu.Lock()
	r.server, r.phases = server, phases
	r.mu.Unlock()
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the race stood before phase %v", r.next())
		}
	})
	server.Publish(1)
	sub.Await(newest)
	r.published.Wait()
	server.Rest(sub)
	server.Check(sub.Events(), sub.Since, newest)
}

func (r *race) pass(p Point) {
	r.passed[p].Add(1)
	r.mu.Lock()
	if len(r.phases) == 0 || r.phases[0].at != p {
		r.mu.Unlock()
		return
	}
	// The next phase is armed before this one's event is out, so that the
	// course of that event passes it for certain.
	looks := r.phases[0].looks
	r.phases = r.phases[1:]
	r.mu.Unlock()
	if looks == itself {
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

func (r *race) next() []phase {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.phases[:min(1, len(r.phases))]
}
