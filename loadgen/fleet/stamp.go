package fleet

import "pushbench/servers/feed"

// A fleet that only stamps shows how much of the staleness is the fleet's own:
// in a burst to many subscribers, whoever is last waits until those before it
// have been recorded. It keeps what arrived and when, and looks at it when the
// feed rests. Then it is the same recorder, and the same numbers come out.

// stamp is an event as it came, without its body.
type stamp struct {
	at    *subscriber
	now   int64 // ns on the clock
	event feed.Event
	size  int // bytes of the body
}

// keep stamps an event. Its body is the transport's again when Emit returns.
func (s *subscriber) keep(e feed.Event, now int64) {
	size := len(e.Body)
	e.Body = nil
	s.r.stamps = append(s.r.stamps, stamp{at: s, now: now, event: e, size: size})
}

// stamp says whether subscribers only stamp while a window is open.
func (r *recorder) stamp(only bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stampOnly = only
}

// replay looks at what was stamped, and ends the stamping.
func (r *recorder) replay() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stamping = false
	for _, st := range r.stamps {
		st.at.take(st.event, st.size, st.now)
	}
	r.stamps = nil
}
