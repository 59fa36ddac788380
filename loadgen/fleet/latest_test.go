package fleet

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"pushbench/servers/feed"
)

func TestSequenceOfTheLatest(t *testing.T) {
	for _, test := range []struct {
		name   string
		since  uint64
		events []feed.Event
		newest uint64
		want   Order
	}{
		{"nothing of nothing", 0, nil, 0, Order{}},
		{"every one", 0, seqs(1, 2, 3), 3, Order{}},
		{"some", 0, seqs(1, 4, 9), 9, Order{Skipped: 2 + 4}},
		{"the newest alone", 0, seqs(7), 7, Order{Skipped: 6}},
		{"the newest alone, of a subscriber that comes back", 5, seqs(7), 7, Order{Skipped: 1}},
		{"nothing of three", 0, nil, 3, Order{Lost: 1}},
		{"not the newest", 0, seqs(1, 4), 9, Order{Skipped: 2, Lost: 1}},
		{"twice in a row", 0, seqs(1, 4, 4), 4, Order{Skipped: 2, Duplicated: 1}},
		{"an older one again", 0, seqs(1, 2, 5, 2), 5, Order{Skipped: 2, Duplicated: 1}},
		{"one from before it came", 5, seqs(7, 5), 7, Order{Skipped: 1, Duplicated: 1}},
		{"one that was left out", 0, seqs(1, 5, 3), 5, Order{Skipped: 2, Reordered: 1}},
		{"the same once more", 0, seqs(1, 5, 3, 3), 5, Order{Skipped: 2, Reordered: 1, Duplicated: 1}},
		{"a gap, which is never told", 0, slices.Concat(seqs(1), []feed.Event{gap(3, 5)}, seqs(7)), 7, Order{Gaps: 1, Skipped: 1 + 3 + 1}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newSequence(test.since, true)
			for _, e := range test.events {
				s.see(e)
			}
			if got := s.total(test.newest); got != test.want {
				t.Errorf("%+v, want %+v", got, test.want)
			}
		})
	}
}

// naiveLatest counts by looking at the whole list of what arrived.
func naiveLatest(arrived []uint64, newest uint64) (o Order) {
	most := uint64(0)
	for i, n := range arrived {
		switch {
		case slices.Contains(arrived[:i], n):
			o.Duplicated++
		case n < most:
			o.Reordered++
		}
		most = max(most, n)
	}
	for n := uint64(1); n <= most; n++ {
		if !slices.Contains(arrived, n) {
			o.Skipped++
		}
	}
	if most < newest {
		o.Lost = 1
	}
	return o
}

// Whatever arrives, in whatever order: what came once and what was left out are
// all there is up to the newest of it.
func TestLatestAgainstNaive(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		newest := rapid.Uint64Range(1, 60).Draw(t, "newest")
		arrived := rapid.SliceOf(rapid.Uint64Range(1, newest)).Draw(t, "arrived")
		if rapid.Bool().Draw(t, "in order") {
			slices.Sort(arrived)
		}
		s := newSequence(0, true)
		for _, e := range seqs(arrived...) {
			s.see(e)
		}
		got := s.total(newest)
		if want := naiveLatest(arrived, newest); got != want {
			t.Fatalf("%v of %d: %+v, want %+v", arrived, newest, got, want)
		}
		if accounted := int64(len(arrived)) - got.Duplicated + got.Skipped; accounted != int64(s.newest) {
			t.Fatalf("%v: %d accounted for of %d", arrived, accounted, s.newest)
		}
	})
}

func TestRunsAgainstMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		floor := rapid.Uint64Range(0, 5).Draw(t, "floor")
		r, set, most := runs{floor: floor}, map[uint64]bool{}, floor
		for n := range floor {
			set[n+1] = true
		}
		for _, n := range rapid.SliceOf(rapid.Uint64Range(1, 40)).Draw(t, "numbers") {
			if n > most {
				r.add(n, n)
				most = n
			} else if fresh := r.insert(n); fresh == set[n] {
				t.Fatalf("%d is new: %v, in %v", n, fresh, r.list)
			}
			set[n] = true
		}
		if got, want := r.missing(50), 50-int64(len(set)); got != want {
			t.Fatalf("%d numbers are missing, want %d, in %v", got, want, r.list)
		}
	})
}

// A poller of many hours does not make the fleet remember all its answers.
func TestRunsForget(t *testing.T) {
	var r runs
	for n := range uint64(3 * maxRuns) {
		r.add(2*(n+1), 2*(n+1))
	}
	if len(r.list) > maxRuns {
		t.Errorf("%d runs are remembered, want %d at most", len(r.list), maxRuns)
	}
	last := uint64(6 * maxRuns)
	if got := r.missing(last + 1); got != 3*maxRuns+1 {
		t.Errorf("%d numbers are missing, want %d", got, 3*maxRuns+1)
	}
	if r.insert(last) || !r.insert(last-1) || r.insert(1) || r.insert(2) {
		t.Error("the newest are not remembered, or the oldest do not count as having come")
	}
}
