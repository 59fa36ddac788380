package fleet

import "slices"

// runs is a set of numbers as the runs of neighbours that it consists of, in
// rising order. A push that leaves hardly anything out takes a few of them, a
// poll one for each answer.
type runs struct {
	list  []span
	floor uint64 // everything up to it counts as in the set
}

// span is the numbers first to last.
type span struct{ first, last uint64 }

// add puts a number above all others into the set.
func (r *runs) add(n uint64) {
	if end := len(r.list) - 1; end >= 0 && r.list[end].last+1 == n {
		r.list[end].last = n
		return
	}
	r.list = append(r.list, span{n, n})
	r.forget()
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

// maxRuns bounds what a subscriber remembers. What is older than that counts as
// having come, so that it is duplicated if it comes once more.
const maxRuns = 1 << 14

// forget lets go of the older half of too many runs.
func (r *runs) forget() {
	if len(r.list) <= maxRuns {
		return
	}
	half := len(r.list) / 2
	r.floor = r.list[half-1].last
	r.list = slices.Delete(r.list, 0, half)
}
