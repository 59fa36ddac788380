package fleet

import "pushbench/servers/feed"

// Order counts what the delivery contract forbids.
type Order struct {
	Lost       int64 `json:"lost"` // never arrived
	Duplicated int64 `json:"duplicated"`
	Reordered  int64 `json:"reordered"` // arrived after a later one
	Gaps       int64 `json:"gaps"`      // times the server said that events are gone
	Skipped    int64 `json:"skipped"`   // events that those gaps swallowed
}

// add sums the counts of several subscribers.
func (o *Order) add(p Order) {
	o.Lost += p.Lost
	o.Duplicated += p.Duplicated
	o.Reordered += p.Reordered
	o.Gaps += p.Gaps
	o.Skipped += p.Skipped
}

// sequence checks one subscriber's events.
type sequence struct {
	newest  uint64 // highest number seen
	missing map[uint64]struct{}
	order   Order
}

// see takes the next event as it arrived.
func (s *sequence) see(e feed.Event) {
	if gap, ok := e.Gap(); ok {
		s.order.Gaps++
		s.order.Skipped += int64(gap.Missed())
		s.newest = max(s.newest, gap.Last)
		return
	}
	if e.Seq <= s.newest {
		if _, ok := s.missing[e.Seq]; ok {
			delete(s.missing, e.Seq)
			s.order.Reordered++
		} else {
			s.order.Duplicated++
		}
		return
	}
	for n := s.newest + 1; n < e.Seq && len(s.missing) < maxMissing; n++ {
		if s.missing == nil {
			s.missing = make(map[uint64]struct{})
		}
		s.missing[n] = struct{}{}
	}
	s.newest = e.Seq
}

// maxMissing bounds what a broken feed can make a subscriber remember.
const maxMissing = 1 << 16

// total is the subscriber's count once the feed's newest event is known.
func (s *sequence) total(newest uint64) Order {
	o := s.order
	o.Lost = int64(len(s.missing))
	if newest > s.newest {
		o.Lost += int64(newest - s.newest)
	}
	return o
}
