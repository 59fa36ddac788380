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
	newest    uint64 // highest number seen
	latest    bool
	missing   map[uint64]struct{}
	forgotten int64 // missing beyond those in the map
	had       runs  // what came, of one that wants the latest
	order     Order
}

// newSequence is that of a subscriber that has the event since already.
func newSequence(since uint64, latest bool) sequence {
	return sequence{newest: since, latest: latest, had: runs{floor: since}}
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
	switch {
	case e.Seq > s.newest:
		s.miss(e.Seq)
		s.newest = e.Seq
		if s.latest {
			s.had.add(e.Seq)
		}
	case !s.came(e.Seq):
		s.order.Reordered++
	default:
		s.order.Duplicated++
	}
}

// came reports whether a number that is not above the newest has come before.
// From now on it has.
func (s *sequence) came(seq uint64) bool {
	if s.latest {
		if !s.had.insert(seq) {
			return true
		}
		s.order.Skipped-- // not left out after all
		return false
	}
	if _, ok := s.missing[seq]; !ok {
		return true
	}
	delete(s.missing, seq)
	return false
}

// miss notes that everything between the newest event and next is missing, or
// that next stands in for it.
func (s *sequence) miss(next uint64) {
	if s.latest {
		s.order.Skipped += int64(next - 1 - s.newest)
		s.newest = next - 1
		return
	}
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

// total is the subscriber's count once the feed's newest event is known. Who
// wants the latest is owed that one alone.
func (s *sequence) total(newest uint64) Order {
	o := s.order
	o.Lost = int64(len(s.missing)) + s.forgotten
	switch {
	case newest <= s.newest:
	case s.latest:
		o.Lost++
	default:
		o.Lost += int64(newest - s.newest)
	}
	return o
}
