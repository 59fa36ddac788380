package fleet

import "pushbench/servers/feed"

// Order counts what the delivery contract forbids, and what it lets a server
// leave out.
type Order struct {
	Lost       int64 `json:"lost"` // never arrived; of subscribers that want the latest, newest ones
	Duplicated int64 `json:"duplicated"`
	Reordered  int64 `json:"reordered"` // arrived after a later one
	Gaps       int64 `json:"gaps"`      // times the server said that events are gone
	// Skipped is events that those gaps swallowed, and those that a newer one
	// stood in for.
	Skipped int64 `json:"skipped"`
}

// sequence checks one subscriber's events: that each comes once and in order, or,
// of a subscriber that wants the latest, that each is newer than the one before
// and the last is the feed's newest.
type sequence struct {
	newest uint64 // highest number seen
	had    runs   // what came, and what a gap has announced to whoever wants every event
	latest bool
	order  Order
}

// newSequence is that of a subscriber that has the event since already.
func newSequence(since uint64, latest bool) sequence {
	return sequence{newest: since, latest: latest, had: runs{floor: since}}
}

// see takes the next event as it arrived.
func (s *sequence) see(e feed.Event) {
	if gap, ok := e.Gap(); ok {
		s.order.Gaps++
		s.leap(gap)
		return
	}
	switch {
	case e.Seq > s.newest:
		s.had.add(e.Seq, e.Seq)
		s.newest = e.Seq
	case s.had.insert(e.Seq):
		s.order.Reordered++
	default:
		s.order.Duplicated++
	}
}

// leap goes on behind a gap, unless all of it has come before.
func (s *sequence) leap(gap feed.Gap) {
	if gap.Last <= s.newest {
		return
	}
	if !s.latest { // else it is left out as what a newer one stands in for
		first := max(s.newest+1, min(gap.First, gap.Last))
		s.order.Skipped += int64(gap.Last - first + 1)
		s.had.add(first, gap.Last)
	}
	s.newest = gap.Last
}

// total is the subscriber's count once the feed's newest event is known. Who
// wants the latest is owed that one alone.
func (s *sequence) total(newest uint64) Order {
	o := s.order
	if !s.latest {
		o.Lost = s.had.missing(newest)
		return o
	}
	o.Skipped = s.had.missing(s.newest)
	if newest > s.newest {
		o.Lost = 1
	}
	return o
}
