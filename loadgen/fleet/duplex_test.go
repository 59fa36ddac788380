package fleet

import (
	"testing"
	"time"

	"pushbench/servers/feed"
)

// Subscribers that want the latest get fewer events where they ask less often,
// and each is told of the newest in the end.
func TestServeLatest(t *testing.T) {
	for _, test := range []struct {
		transport string
		codec     feed.Codec
		skips     bool // for sure
	}{
		{"poll?interval=40ms", feed.Text, true},
		{"longpoll", feed.Binary, false},
		{"stream", feed.Binary, false},
		{"sse", feed.Text, false},
		{"ws", feed.Text, false},
		{"wsbare?batch=10ms", feed.Binary, false},
		{"raw", feed.Base64, false},
	} {
		t.Run(test.transport, func(t *testing.T) {
			s, p := serve(t, test.codec), startFleet(t)
			config := s.config(test.transport)
			config.Latest = true
			got := session(t, s, p, config)
			c := got.collected
			if c.Failed > 0 || len(c.Errors) > 0 || c.Dropped > 0 {
				t.Fatalf("%d failed, %q, %d samples dropped", c.Failed, c.Errors, c.Dropped)
			}
			if c.Order != (Order{Skipped: c.Order.Skipped}) || test.skips && c.Order.Skipped == 0 {
				t.Errorf("%+v", c.Order)
			}
			if all := int64(got.newest) * subscribers; c.Events+c.Order.Skipped != all {
				t.Errorf("%d events delivered and %d skipped are not %d", c.Events, c.Order.Skipped, all)
			}
			mean, ok := c.Age.Mean()
			peak, okToo := c.Age.Peak()
			if !ok || !okToo || mean <= 0 || peak <= 0 || c.Age.Held != float64(subscribers*(got.until-got.from)) {
				t.Errorf("age %v s, peak %v s, over %v", mean, peak, time.Duration(c.Age.Held))
			}
			checkMarks(t, s, got.before, got.after)
		})
	}
}

// What subscribers send comes back, on the feed's connection or on one of its
// own, and its bytes are no event's.
func TestServeUplink(t *testing.T) {
	for _, test := range []struct {
		transport string
		codec     feed.Codec
		size      int
		conns     int64 // of each subscriber
	}{
		{"poll?interval=40ms", feed.Text, 64, 2},
		{"longpoll", feed.Binary, 5000, 2},
		{"stream", feed.Text, 64, 2},
		{"sse", feed.Base64, 1, 2},
		{"ws", feed.Text, 64, 1},
		{"wsbare?compress=takeover", feed.Text, 200, 1},
		{"ws", feed.Base64, 200, 1},
		{"raw", feed.Binary, 1, 1},
	} {
		t.Run(test.transport+" "+string(test.codec), func(t *testing.T) {
			s, p := serve(t, test.codec), startFleet(t)
			config := s.config(test.transport)
			config.Uplink, config.UplinkPayload = 50, test.size
			got := session(t, s, p, config)
			checkCollected(t, s, got.collected, got.from, got.until)
			checkMarks(t, s, got.before, got.after)
			up := got.collected.Uplink
			const due = 50 * subscribers * 160 / 1000 // in a window of 160 ms
			if up.Sent != up.Echoed || up.Lost != 0 || up.Wrong != 0 || up.Sent < due-subscribers || up.Sent > due+subscribers {
				t.Errorf("%+v, want %d messages sent and echoed", up, due)
			}
			if h := got.collected.Hists[roundtrip]; h.N() != up.Echoed || h.Min() <= 0 {
				t.Errorf("%d round trips, the least %d ns", h.N(), h.Min())
			}
			if m := got.after; m.Echoes < up.Echoed || m.EchoesUp != m.Echoes*int64(test.size) || m.EchoesDown != m.EchoesUp {
				t.Errorf("%d echoes, %d bytes sent and %d back", m.Echoes, m.EchoesUp, m.EchoesDown)
			}
			if conns := got.after.Counts.Conns; conns != test.conns*subscribers {
				t.Errorf("%d connections, want %d for each of %d subscribers", conns, test.conns, subscribers)
			}
		})
	}
}
