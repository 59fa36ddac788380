package poll_test

import (
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"pushbench/servers/feed"
	"pushbench/servers/feed/feedtest"
	"pushbench/servers/poll"
)

// course records when polls reach the server, which takes its time over some
// of them. It is used in a synctest bubble, where only that takes time.
type course struct {
	start time.Time
	slow  map[int]time.Duration // by the number of the poll, from 0

	mu sync.Mutex
	at []time.Duration
}

func (c *course) pass(p feedtest.Point) {
	if p != feedtest.ServeBegins {
		return
	}
	c.mu.Lock()
	n := len(c.at)
	c.at = append(c.at, time.Since(c.start))
	c.mu.Unlock()
	if slow, ok := c.slow[n]; ok {
		<-time.After(slow)
	}
}

func (c *course) polls() []time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.at)
}

const ms = time.Millisecond

// The subscriber's phase is one half of its interval.
func TestPace(t *testing.T) {
	for _, c := range []struct {
		name, knobs string
		slow        map[int]time.Duration
		polls       []time.Duration // in the first second
		skipped     int64
	}{{
		name:  "grid",
		knobs: "interval=200ms",
		polls: []time.Duration{0, 100 * ms, 300 * ms, 500 * ms, 700 * ms, 900 * ms},
	}, {
		name:  "grid, whatever the answers take",
		knobs: "interval=200ms",
		slow:  map[int]time.Duration{0: 30 * ms, 1: 199 * ms, 3: 70 * ms},
		polls: []time.Duration{0, 100 * ms, 300 * ms, 500 * ms, 700 * ms, 900 * ms},
	}, {
		name:    "grid, over slow answers",
		knobs:   "interval=100ms",
		slow:    map[int]time.Duration{2: 330 * ms, 4: 100 * ms},
		polls:   []time.Duration{0, 50 * ms, 150 * ms, 550 * ms, 650 * ms, 850 * ms, 950 * ms},
		skipped: 4, // 250, 350, 450; 750, which falls due as the answer comes
	}, {
		name:  "after",
		knobs: "interval=200ms&pace=after",
		polls: []time.Duration{0, 200 * ms, 400 * ms, 600 * ms, 800 * ms},
	}, {
		name:  "after slow answers",
		knobs: "interval=200ms&pace=after",
		slow:  map[int]time.Duration{0: 50 * ms, 1: 300 * ms},
		polls: []time.Duration{0, 250 * ms, 750 * ms, 950 * ms},
	}} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				course := &course{start: time.Now(), slow: c.slow}
				server := feedtest.Serve(t, poll.Transport, feedtest.Config{Addr: feedtest.InMemory, Hook: course.pass})
				sub := server.Subscribe(0, c.knobs)
				<-time.After(time.Second - 1)
				synctest.Wait()
				if diff := cmp.Diff(c.polls, course.polls()); diff != "" {
					t.Errorf("polls are due otherwise (-want +got):\n%s", diff)
				}
				if got := sub.Meter.Skipped.Load(); got != c.skipped {
					t.Errorf("%d polls were skipped, not %d", got, c.skipped)
				}
				if got := sub.Meter.Requests.Load(); got != int64(len(c.polls)) {
					t.Errorf("%d requests were counted, not %d", got, len(c.polls))
				}
			})
		})
	}
}

// A rest of trial time shifts the grid and costs it no beat.
func TestRestShiftsGrid(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		course := &course{start: time.Now()}
		server := feedtest.Serve(t, poll.Transport, feedtest.Config{Addr: feedtest.InMemory, Still: true, Hook: course.pass})
		server.Subscribe(0, "interval=100ms")
		run := func(from, to time.Duration) {
			server.Timeline.Run(server.Clock.Now()-int64(from), to)
			if err := server.Timeline.AtRest(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		<-time.After(time.Hour)
		run(0, 220*ms) // polls at 50, 150
		<-time.After(time.Hour)
		run(220*ms, 400*ms) // polls at 250, 350
		<-time.After(time.Hour)
		server.Timeline.Run(server.Clock.Now()-int64(400*ms), feed.Forever)
		<-time.After(100 * ms) // a poll at 450
		want := []time.Duration{
			0,
			time.Hour + 50*ms, time.Hour + 150*ms,
			2*time.Hour + 250*ms, 2*time.Hour + 350*ms,
			3*time.Hour + 450*ms,
		}
		if diff := cmp.Diff(want, course.polls()); diff != "" {
			t.Errorf("polls are due otherwise (-want +got):\n%s", diff)
		}
	})
}
