package measure

import (
	"time"

	"pushbench/servers/feed"
)

// What a trial's mean staleness must be if the path takes half its round trip
// each way and nothing else takes any time. It is no average over all the feeds
// that might have been: the transport's own rule is run on the very instants at
// which this trial's events were due, since long pollers move in step, so that a
// short trial strays by per cents from what a long one would show.
//
// Nothing from before the first mark reaches into it. There all was at rest: every
// long poll was parked, every poll had been answered, and no event was waiting.

// model puts that into the record.
func (o *Observation) model(put func(name string, value float64, unit string)) {
	if seconds, ok := modelStaleness(o); ok {
		put("model/staleness", seconds, "s")
	}
}

// modelStaleness is the mean over the window's events and all subscribers. It is
// not ok where there is no path to speak of, where the path has no fixed delay,
// and where the transport waits by a rule that is not the model's.
func modelStaleness(o *Observation) (seconds float64, ok bool) {
	t, knobs := o.Treatment, o.Spec.Options
	m := model{due: o.due(), from: o.From, until: o.Until, rtt: t.Network.RTT}
	if m.rtt <= 0 || !t.Network.Steady() || o.latest() {
		return 0, false
	}
	var s stalenesses
	switch {
	case o.Interval > 0:
		polls := polling{
			interval: o.Interval,
			after:    knobs.Is("pace", "after"),
			reach:    m.rtt / 2,
			mark1:    o.Mark1,
			mark2:    o.Mark2,
		}
		if knobs.Is("keepalive", "off") { // TCP's handshake comes first
			polls.reach += m.rtt
			if t.TLS { // and that of TLS 1.3, one round trip (RFC 8446 §2)
				polls.reach += m.rtt
			}
		}
		s, ok = m.poll(polls, feed.Phases(t.Subscribers, feed.Rand(o.Seed, o.Block, "phases")))
	case knobs.Value("hold") != "":
		s, ok = m.longpoll(!knobs.Is("batch", "off"), knobs.Duration("hold"))
	default: // pushed, unless the server collects events for a while
		s, ok = m.push(), knobs.Duration("batch") == 0
	}
	return s.mean(), ok && s.n > 0
}

// model is what the rules start from, in ns; instants are on CLOCK_MONOTONIC.
type model struct {
	due         []int64 // of the events since the first mark, in order
	from, until int64   // the window, which begins as trial time goes on from the first mark
	rtt         time.Duration
}

// stalenesses are those of the window's events.
type stalenesses struct {
	n   int
	sum float64 // ns
	max time.Duration
}

// take adds that of the event due at an instant, which a subscriber gets at
// another.
func (m model) take(s *stalenesses, due, got int64) {
	if due < m.from || due >= m.until {
		return
	}
	s.n++
	stale := feed.Between(due, got)
	s.sum += float64(stale)
	s.max = max(s.max, stale)
}

// mean is in seconds; not a number where there was no event.
func (s stalenesses) mean() float64 { return s.sum / float64(s.n) / 1e9 }

// push sends each event when it is due.
func (m model) push() (s stalenesses) {
	for _, due := range m.due {
		m.take(&s, due, feed.After(due, m.rtt/2))
	}
	return s
}

// longpoll answers the request that is parked at the server, which is there again
// a round trip after each answer (RFC 6202 §2.2). What falls due meanwhile goes
// into one answer or, without batching, into an answer each, the oldest first. All
// subscribers have the same: they were parked alike when the first event came.
//
// It is not ok where a request would have been parked for longer than its hold:
// the empty answer to it comes to each subscriber at another time.
func (m model) longpoll(batch bool, hold time.Duration) (s stalenesses, ok bool) {
	var answer int64 // the newest
	for i, due := range m.due {
		parked := feed.After(answer, m.rtt)
		switch {
		case i == 0:
			answer = due
		case batch && due <= answer: // it goes with the one before
		case feed.Between(parked, due) >= hold:
			return s, false
		default:
			answer = max(due, parked)
		}
		m.take(&s, due, feed.After(answer, m.rtt/2))
	}
	return s, true
}

// polling says when a subscriber asks.
type polling struct {
	interval     time.Duration
	after        bool          // it waits for an interval after each answer, and keeps to no grid
	reach        time.Duration // from when a poll is due until the server has it
	mark1, mark2 time.Duration // in trial time, which rests at both
}

// poll asks at each subscriber's own phase of the interval, and gets what was due
// by the time that the request has reached the server.
//
// It is not ok where an event of the window would be fetched after the second
// mark only: it then waits for as long as trial time rests there.
func (m model) poll(p polling, phases []float64) (s stalenesses, ok bool) {
	for _, phase := range phases {
		asks := p.begin(phase, m.rtt/2)
		arrives := func() int64 { return feed.After(feed.After(m.from, asks.at-p.mark1), p.reach) }
		for _, due := range m.due {
			for asks.at < p.mark1 || asks.at < p.mark2 && arrives() < due {
				asks.next()
			}
			if asks.at >= p.mark2 && due < m.until {
				return s, false
			}
			m.take(&s, due, feed.After(arrives(), m.rtt/2))
		}
	}
	return s, true
}

// asking is one subscriber's polls, one after the other, in trial time.
type asking struct {
	polling
	grid feed.Grid     // unless it waits after each answer
	busy time.Duration // from a poll's instant to its answer
	at   time.Duration // the present poll's
}

// begin is at a subscriber's first poll of the warm-up. back is the way back.
func (p polling) begin(phase float64, back time.Duration) *asking {
	offset := time.Duration(phase * float64(p.interval))
	a := &asking{polling: p, grid: feed.Grid{Offset: offset, Interval: p.interval}, busy: p.reach + back}
	a.at = a.following(0)
	return a
}

// next goes on to the next poll: slots of the grid that fall due while one is
// outstanding are left out. The rest at the first mark is long enough for every
// answer.
func (a *asking) next() {
	answered := feed.After(a.at, a.busy)
	if a.at < a.mark1 {
		answered = min(answered, a.mark1)
	}
	a.at = a.following(answered)
}

// following is the instant of the poll after an answer that came at now: the next
// on the grid, later than now, or an interval on.
func (a *asking) following(now time.Duration) time.Duration {
	if a.after {
		return feed.After(now, a.interval)
	}
	return a.grid.After(now)
}
