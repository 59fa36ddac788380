package fleet

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"pushbench/results"
	"pushbench/servers/feed"
)

// What was stamped and looked at later gives the numbers of what was looked at
// at once.
func TestStamping(t *testing.T) {
	seen := func(t *testing.T, stamp bool) (c Collected, delivered Mark) {
		inBubble(t, func(t *testing.T, r *recorder) {
			r.stamp(stamp)
			dialled(r, 2, feed.Text, bodySize)
			start := r.clock.Now()
			r.subscriber(0).emit(event(1, start)) // before the window: at once
			r.open(window{from: start, until: start + int64(time.Second)})
			for i, due := range []int64{0, 5, 9} {
				<-time.After(time.Millisecond)
				for s := range 2 {
					r.subscriber(s).emit(event(uint64(i+2), start+due))
				}
			}
			r.subscriber(1).emit(feed.Gap{First: 5, Last: 7}.Event())
			var early Mark
			if r.delivered(&early); stamp && early.Delivered != 1 {
				t.Errorf("%d events were looked at before the feed rested", early.Delivered)
			}
			r.replay()
			r.subscriber(0).emit(event(5, start+10)) // the drain: at once again
			r.delivered(&delivered)
			delivered.Last -= start
			c = collect(t, r, 7)
		})
		return c, delivered
	}
	want, wantDelivered := seen(t, false)
	got, gotDelivered := seen(t, true)
	if gotDelivered != wantDelivered {
		t.Errorf("delivered %v, not %v", gotDelivered, wantDelivered)
	}
	if diff := cmp.Diff(want.Order, got.Order); diff != "" {
		t.Errorf("order (-at once +stamped):\n%s", diff)
	}
	if want.Age.Falls == 0 || got.Age != want.Age {
		t.Errorf("age %+v stamped, %+v at once", got.Age, want.Age)
	}
	for name, h := range want.Hists {
		if diff := cmp.Diff(summary(h), summary(got.Hists[name])); diff != "" {
			t.Errorf("%s (-at once +stamped):\n%s", name, diff)
		}
	}
}

func summary(h *results.Hist) [4]int64 {
	return [4]int64{h.N(), h.Min(), h.Max(), int64(h.Sum())}
}
