package fleet

import "slices"

// runs is a set of numbers: all up to a floor, and the runs of neighbours above it, in
// rising order. A push that leaves hardly anything out takes a few of them, a poll that
// wants the latest one for each answer.
type runs struct {
	floor  uint64
	list   []span
	untold int64 // numbers up to the floor that are not in the set
}

// span is the numbers first to last.
type span struct{ first, last uint64 }

// add puts numbers above all others into the set.
func (r *runs) add(first, last uint64) {
	switch end := len(r.list) - 1; {
	case end >= 0 && r.list[end].last+1 == first:
		r.list[end].last = last
	case end < 0 && r.floor+1 == first:
		r.floor = last
	default:
		r.list = append(r.list, span{first, last})
		r.forget()
	}
}

// insert puts any number into the set, and reports whether it is new there.
func (r *runs) insert(n uint64) bool {
	// The first run that ends at n or beyond.
	i, _ := slices.BinarySearchFunc(r.list, n, func(x span, n uint64) int {
		if x.last < n {
			return -1
		}
		return 1
	})
	if n <= r.floor || i < len(r.list) && r.list[i].first <= n {
		return false
	}
	r.list = slices.Insert(r.list, i, span{n, n})
	r.forget()
	return true
}

// missing is how many numbers are not in the set, up to n or to the highest in it.
func (r *runs) missing(n uint64) int64 {
	missing, end := r.untold, r.floor
	for _, s := range r.list {
		missing += int64(s.first - end - 1)
		end = s.last
	}
	return missing + int64(max(n, end)-end)
}

// maxRuns bounds what a subscriber remembers. What is older than that counts as
// having come, so that it is duplicated if it comes once more.
const maxRuns = 1 << 14

// forget lets go of the older half of too many runs, but for how much they lack.
func (r *runs) forget() {
	if len(r.list) <= maxRuns {
		return
	}
	half := len(r.list) / 2
	older := runs{floor: r.floor, list: r.list[:half], untold: r.untold}
	r.floor, r.untold = r.list[half-1].last, older.missing(0)
	r.list = slices.Delete(r.list, 0, half)
}
