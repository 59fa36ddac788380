package feed

import "time"

// What a feed's mean staleness must be if the path takes half its round trip each
// way and nothing else takes any time. It is no average over all the feeds that
// might have been: the transport's own rule is run on the very instants at which
// a trial's events were due. Long pollers move in step, so that a short trial
// strays by per cents from what a long one would show.
//
// Nothing from before the first mark reaches into it. There all was at rest: every
// long poll was parked, every poll had been answered, and no event was waiting.

// Window is the part of a trial whose events are measured.
type Window struct {
	From, Until  int64         // on CLOCK_MONOTONIC (ns); From is as trial time goes on from Mark1
	Mark1, Mark2 time.Duration // in trial time, which rests at both
}

// Path is what lies between the ends.
type Path struct {
	RTT time.Duration // always the same
	TLS bool          // whose handshake comes before the first request
}

// Staleness is the mean over the window's events and all subscribers (s). due are
// the instants of the events since the first mark, in order; phases are those of
// the subscribers' polls. It is not ok without an event or a path to speak of, and
// where the transport waits by a rule that is not the model's.
func (r Rhythm) Staleness(due []int64, w Window, path Path, phases []float64) (mean float64, ok bool) {
	m := model{Rhythm: r, Window: w, due: due, rtt: path.RTT, reach: path.RTT / 2}
	if r.FreshConns { // TCP's handshake comes first
		m.reach += path.RTT
		if path.TLS { // and that of TLS 1.3, one round trip (RFC 8446 §2)
			m.reach += path.RTT
		}
	}
	var s stalenesses
	switch {
	case path.RTT <= 0 || r.Collect > 0: // there the server collects events for a while
	case r.Poll > 0:
		s, ok = m.poll(phases)
	case r.Hold > 0:
		s, ok = m.longpoll()
	default:
		s, ok = m.push(), true
	}
	return s.mean(), ok && s.n > 0
}

// model is what the rules start from.
type model struct {
	Rhythm
	Window
	due   []int64
	rtt   time.Duration
	reach time.Duration // from when a poll is due until the server has it
}

// stalenesses are those of the window's events.
type stalenesses struct {
	n   int
	sum float64 // ns
	max time.Duration
}

// take adds that of the event due at an instant, which a subscriber gets at
// another.
func (m *model) take(s *stalenesses, due, got int64) {
	if due < m.From || due >= m.Until {
		return
	}
	s.n++
	stale := Between(due, got)
	s.sum += float64(stale)
	s.max = max(s.max, stale)
}

// mean is in seconds; not a number where there was no event.
func (s stalenesses) mean() float64 { return s.sum / float64(s.n) / 1e9 }

// push sends each event when it is due.
func (m *model) push() (s stalenesses) {
	for _, due := range m.due {
		m.take(&s, due, After(due, m.rtt/2))
	}
	return s
}

// longpoll answers the request that is parked at the server, which is there again
// a round trip after each answer (RFC 6202 §2.2). What falls due meanwhile goes
// into one answer or, one by one, into an answer each, the oldest first. All
// subscribers have the same: they were parked alike when the first event came.
//
// It is not ok where a request would have been parked for longer than its hold:
// the empty answer to it comes to each subscriber at another time.
func (m *model) longpoll() (s stalenesses, ok bool) {
	var answer int64 // the newest
	for i, due := range m.due {
		parked := After(answer, m.rtt)
		switch {
		case i == 0:
			answer = due
		case !m.Single && due <= answer: // it goes with the one before
		case Between(parked, due) >= m.Hold:
			return s, false
		default:
			answer = max(due, parked)
		}
		m.take(&s, due, After(answer, m.rtt/2))
	}
	return s, true
}

// poll asks at each subscriber's own phase of the interval, and gets what was due
// by the time that the request has reached the server.
//
// It is not ok where an event of the window would be fetched after the second
// mark only: it then waits for as long as trial time rests there.
func (m *model) poll(phases []float64) (s stalenesses, ok bool) {
	for _, phase := range phases {
		at := m.NextPoll(phase, 0) // its first poll of the warm-up
		arrives := func() int64 { return After(After(m.From, at-m.Mark1), m.reach) }
		for _, due := range m.due {
			for at < m.Mark1 || at < m.Mark2 && arrives() < due {
				at = m.NextPoll(phase, m.answered(at))
			}
			if at >= m.Mark2 && due < m.Until {
				return s, false
			}
			m.take(&s, due, After(arrives(), m.rtt/2))
		}
	}
	return s, true
}

// answered is when the answer to a poll is there. The grid leaves out slots that fall
// due before. The rest at the first mark is long enough for every answer.
func (m *model) answered(poll time.Duration) time.Duration {
	at := After(poll, m.reach+m.rtt/2)
	if poll < m.Mark1 {
		return min(at, m.Mark1)
	}
	return at
}
