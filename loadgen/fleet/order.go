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
	newest    uint64 // highest number seen
	missing   map[uint64]struct{}
	forgotten int64 // missing beyond those in the map
	order     Order
}

// see takes the next event as it arrived.
func (s *sequence) see(e feed.Event) {
	if gap, ok := e.Gap(); ok {
		s.order.Gaps++
		if gap.Last > s.newest {
			s.miss(min(gap.First, gap.Last)) // what came neither before the gap nor is in it
			s.order.Skipped += int64(gap.Last - s.newest)
			s.newest = gap.Last
		}
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
	s.miss(e.Seq)
	s.newest = e.Seq
}

// miss notes that everything between the newest event and next is missing.
func (s *sequence) miss(next uint64) {
	for s.newest+1 < next && len(s.missing) < maxMissing {
		if s.missing == nil {
			s.missing = make(map[uint64]struct{})
		}
		s.newest++
		s.missing[s.newest] = struct{}{}
	}
	if s.newest+1 < next {
		s.forgotten += int64(next - 1 - s.newest)
		s.newest = next - 1
	}
}

// maxMissing bounds what a broken feed can make a subscriber remember. Of what
// is missing beyond it only the number is known, so that it counts as lost, and
// as duplicated if it comes after all.
const maxMissing = 1 << 16

// total is the subscriber's count once the feed's newest event is known.
func (s *sequence) total(newest uint64) Order {
	o := s.order
	o.Lost = int64(len(s.missing)) + s.forgotten
	if newest > s.newest {
		o.Lost += int64(newest - s.newest)
	}
	return o
}
