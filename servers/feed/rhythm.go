package feed

import "time"

// Rhythm is when a client end asks, what its requests and messages hold, and what
// a quiet connection carries. Whoever plans a trial or doubts one reads it here,
// and needs to know neither the transport's name nor its knobs.
type Rhythm struct {
	Poll       time.Duration // between requests that the clock asks for; 0: there are none
	After      bool          // Poll counts from the answer before, not on a grid
	Hold       time.Duration // a request is parked for so long at most; 0: it is answered at once
	Single     bool          // an answer holds one event, even if more are ready
	Collect    time.Duration // the server gathers events for so long before it sends them
	Beat       time.Duration // a quiet connection carries something so often, counted from when it was opened; 0: nothing
	Patience   time.Duration // an end that leaves a beat unanswered for so long is given up
	FreshConns bool          // each request has a connection of its own
	Compress   bool
	TextOnly   bool // binary events have no room in it
}

// PushRhythm is that of a transport that pushes, by the knobs that this package
// has for it.
func PushRhythm(o Options) Rhythm {
	return Rhythm{Collect: o.Duration(BatchKnob.Name), Beat: o.Duration(HeartbeatKnob.Name)}
}

// Rhythm is that of the transport with its options.
func (s Spec) Rhythm() Rhythm { return s.Transport.Rhythm(s.Options) }

// NextPoll is the moment of trial time at which a subscriber polls whose last answer
// came at now. On the grid it is the next slot, later than now, of those that lie a
// phase in [0, 1) of the interval behind its multiples.
func (r Rhythm) NextPoll(phase float64, now time.Duration) time.Duration {
	offset := time.Duration(phase * float64(r.Poll))
	switch {
	case r.After:
		return After(now, r.Poll)
	case now < offset:
		return offset
	default:
		return After(now, r.Poll-(now-offset)%r.Poll)
	}
}
