package fleet

import (
	"time"

	"pushbench/servers/feed"
)

// The age of information at a subscriber is, at any moment, how old the newest
// event is that it has, reckoned from when that was due (Kaul, Yates, Gruteser,
// "Real-time status: How often should one update?", INFOCOM 2012). Over time it
// is a sawtooth: it rises with the clock, and falls when a newer event comes.
// Unlike staleness it has a value while nothing comes, and does not ask how many
// events came, so that subscribers to every event and to the latest compare.
//
//	age │   peak →╱│     ╱│
//	    │  ╱│   ╱  │  ╱   │
//	    │╱  │ ╱    │╱     │╱
//	    └───┴──────┴──────┴──▶ time
//
// Its mean is the area under it within the window, over the window's length; its
// peak is what it is just before it falls, over all falls in the window. Both
// know the window alone: at its start a subscriber has the event that it got
// last, and what comes after its end does not shorten the age within it.
//
// Trial time rests before the window, and an age does not grow meanwhile: an
// event due before the rest has its due instant moved by as long as that took,
// as the schedule and the polls are.

// window is what of a trial is measured. Instants are ns on the clock.
type window struct {
	from, until int64
	origin      int64         // of trial time, in the run that the window lies in
	began       int64         // of that run
	rest        time.Duration // by which it shifts what was due before it
}

// end is the window's end in trial time.
func (w window) end() time.Duration { return feed.Between(w.origin, w.until) }

// has reports whether an instant lies in the window.
func (w window) has(at int64) bool { return at >= w.from && at < w.until }

// moved is when something would have been due, had trial time not rested.
func (w window) moved(due int64) int64 {
	if due < w.began {
		return feed.After(due, w.rest)
	}
	return due
}

// atOnce is how close to one another events come that are one update: those of one
// answer are taken apart within microseconds, and the age between them is nobody's.
const atOnce = 100 * time.Microsecond

// sawtooth is the age at one subscriber. Its zero value has no event yet.
type sawtooth struct {
	begun bool
	due   int64 // of the newest event
	at    int64 // when that came
	sum   Age   // up to at
}

// fall takes an event that is newer than any before, due and come at the given
// instants.
func (s *sawtooth) fall(due, now int64, w window) {
	if s.begun {
		s.pass(now, w)
		if w.has(now) && feed.Between(s.at, now) >= atOnce {
			s.sum.Falls++
			s.sum.Peaks += float64(feed.Between(w.moved(s.due), now))
		}
	}
	s.begun, s.due, s.at = true, due, now
}

// pass adds the area up to an instant: a trapezium above the part of it that
// lies in the window.
func (s *sawtooth) pass(to int64, w window) {
	start, end := max(s.at, w.from), min(to, w.until)
	if start >= end {
		return
	}
	due := w.moved(s.due)
	length := float64(feed.Between(start, end))
	s.sum.Held += length
	s.sum.Area += length * (float64(feed.Between(due, start)) + float64(feed.Between(due, end))) / 2
}

// Age is the age of information over the window, of one subscriber or of all
// together.
type Age struct {
	Held  float64 `json:"held"`  // ns that subscribers had an event
	Area  float64 `json:"area"`  // ns², of age over them
	Falls int64   `json:"falls"` // times that an age fell
	Peaks float64 `json:"peaks"` // ns, the ages just before, summed up
}

// total is the age up to now.
func (s sawtooth) total(now int64, w window) Age {
	if s.begun {
		s.pass(now, w)
	}
	return s.sum
}

// Mean and Peak are in seconds; false where there is none.
func (a Age) Mean() (float64, bool) { return a.Area / a.Held / 1e9, a.Held > 0 }

// Peak is the mean of the peaks.
func (a Age) Peak() (float64, bool) { return a.Peaks / float64(a.Falls) / 1e9, a.Falls > 0 }
