package measure

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"pushbench/servers/feed"
)

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
