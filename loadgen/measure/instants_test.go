package measure

import (
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"pushbench/servers/feed"
)

// The same trial gives the same wherever the clock is, and whatever else a server may
// say was due, the rules come to an end.
func TestModelAtAnyInstant(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		rtt := time.Duration(rapid.Int64Range(1, 400*ms).Draw(rt, "RTT"))
		polls := polling{
			interval: time.Duration(rapid.Int64Range(ms, 1000*ms).Draw(rt, "interval")),
			after:    rapid.Bool().Draw(rt, "after"),
			reach:    rtt / 2,
			mark1:    time.Second,
			mark2:    10 * time.Second,
		}
		phases := []float64{0, 0.3, 0.99}
		dues := rapid.SliceOfN(rapid.Int64Range(0, 8000*ms), 0, 20).Draw(rt, "due")
		slices.Sort(dues)
		outcome := func(start int64) (all []stalenesses) {
			m := model{from: start, until: start + 7000*ms, rtt: rtt}
			for _, due := range dues {
				m.due = append(m.due, start+due)
			}
			batched, _ := m.longpoll(true, time.Hour)
			single, _ := m.longpoll(false, time.Hour)
			polled, _ := m.poll(polls, phases)
			return append(all, m.push(), batched, single, polled)
		}
		start := rapid.Int64Range(math.MinInt64, math.MaxInt64-int64(time.Hour)).Draw(rt, "start")
		if want, got := outcome(0), outcome(start); !slices.Equal(got, want) {
			rt.Fatalf("from %d on it is %+v, not %+v", start, got, want)
		}

		wild := model{due: rapid.SliceOfN(rapid.Int64(), 0, 5).Draw(rt, "wild"), from: rapid.Int64().Draw(rt, "from"), until: rapid.Int64().Draw(rt, "until"), rtt: rtt}
		slices.Sort(wild.due)
		wild.push()
		wild.longpoll(rapid.Bool().Draw(rt, "batch"), time.Hour)
		wild.poll(polls, phases)
	})
}

// Every connection has ended before the silence, in time, or too late for it, and in
// whichever of the three its instant lies.
func TestNoticeAtAnyInstant(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := Notice{Ended: rapid.SliceOfN(rapid.Int64(), 0, 9).Draw(t, "ended")}
		began := rapid.Int64().Draw(t, "began")
		within := time.Duration(rapid.Int64Range(0, int64(time.Hour)).Draw(t, "within"))
		before, after := n.split(began, within)
		earlier, timely := 0, 0
		for _, at := range n.Ended {
			switch {
			case at < began:
				earlier++
			case at <= feed.After(began, within):
				timely++
			}
		}
		if before != earlier || len(after) != timely {
			t.Fatalf("%v, silent at %d for %v: %d before and %v after, not %d and %d", n.Ended, began, within, before, after, earlier, timely)
		}
		for _, took := range after {
			if took < 0 || took > int64(within) {
				t.Fatalf("it took %d ns of %v", took, within)
			}
		}
	})
}

// Where no event came, what the events between the marks took is the time between
// them, whatever the clock reads.
func TestElapsedWithoutEvents(t *testing.T) {
	o := clean(t)
	o.From, o.After.Fleet.Delivered, o.After.Fleet.Last = -int64(time.Hour), 0, 0
	if got, want := o.elapsed(), o.between(); got != want {
		t.Errorf("elapsed %v s, not %v", got, want)
	}
}
