package feedtest

import (
	"fmt"
	"testing"
)

// newestOnly: with want=latest each event that comes is newer than the one
// before, the newest always comes, and what is skipped is no gap.
func (s suite) newestOnly(t *testing.T) {
	for _, since := range []uint64{0, 7, 19, 20} {
		t.Run(fmt.Sprintf("since=%d", since), func(t *testing.T) {
			server := Serve(t, s.transport, Config{Codec: s.codec, Way: s.way})
			server.Publish(20)
			sub := s.subscribe(server, since, true)
			sub.Await(20) // at once
			for range 5 {
				server.Publish(1)
				sub.Await(server.Log.Newest())
			}
			// Who keeps up misses nothing from then on.
			server.Check(sub.Events(), max(since, 19), 25)
			server.Publish(50)
			sub.Await(75)
			server.Rest(sub)
			server.CheckLatest(sub.Events(), since, 75)
			server.CheckBytes(sub)
			if err := sub.Cancel(); err != nil {
				t.Errorf("a cancelled subscription ended with %v", err)
			}
		})
	}
	t.Run("while slow", s.newestWhileSlow)
	t.Run("many subscribers", func(t *testing.T) { s.manySubscribers(t, true, 300) })
}

// newestWhileSlow: a subscriber that was held up gets what is newest by then,
// not what has piled up; not even where the log has let go of it.
func (s suite) newestWhileSlow(t *testing.T) {
	held := newGate(ServerWrites)
	server := Serve(t, s.transport, Config{Codec: s.codec, Way: s.way, Ring: 8, Hook: held.pass})
	t.Cleanup(held.open)
	server.Publish(3)
	sub := s.subscribe(server, 0, true)
	sub.Await(3)
	held.shut()
	server.Publish(1)
	held.await(t) // with event 4, or with what a poll was answered before it
	server.Publish(16)
	held.open()
	sub.Await(20)
	server.Rest(sub)
	got := sub.Events()
	server.CheckLatest(got, 0, 20)
	most := 1 // was under way
	if s.way.HTTP2 {
		most = 2 // and one in the buffer of net/http's server, which calls it written
	}
	if between := len(got) - 2; between > most {
		t.Errorf("between event 3 and event 20 it got %d more, not %d at most", between, most)
	}
	server.CheckBytes(sub)
}
