package fleet

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"pushbench/servers/feed"
)

// gap is how a feed says that events are gone.
func gap(first, last uint64) feed.Event { return feed.Gap{First: first, Last: last}.Event() }

func seqs(numbers ...uint64) []feed.Event {
	var events []feed.Event
	for _, n := range numbers {
		events = append(events, feed.Event{Seq: n})
	}
	return events
}

func TestSequence(t *testing.T) {
	join := slices.Concat[[]feed.Event]
	for _, test := range []struct {
		name   string
		events []feed.Event
		newest uint64
		want   Order
	}{
		{"nothing of nothing", nil, 0, Order{}},
		{"in order", seqs(1, 2, 3), 3, Order{}},
		{"nothing of three", nil, 3, Order{Lost: 3}},
		{"first lost", seqs(2, 3), 3, Order{Lost: 1}},
		{"middle lost", seqs(1, 4), 4, Order{Lost: 2}},
		{"last lost", seqs(1, 2), 4, Order{Lost: 2}},
		{"twice in a row", seqs(1, 2, 2, 3), 3, Order{Duplicated: 1}},
		{"twice with others between", seqs(1, 2, 3, 1), 3, Order{Duplicated: 1}},
		{"three times", seqs(1, 1, 1), 1, Order{Duplicated: 2}},
		{"swapped", seqs(2, 1, 3), 3, Order{Reordered: 1}},
		{"late and then once more", seqs(1, 3, 2, 2), 3, Order{Reordered: 1, Duplicated: 1}},
		{"all at once", seqs(2, 4, 2, 1), 5, Order{Lost: 2, Duplicated: 1, Reordered: 1}},
		{"told of a gap", join(seqs(1), []feed.Event{gap(2, 5)}, seqs(6)), 6, Order{Gaps: 1, Skipped: 4}},
		{"a gap at once", join([]feed.Event{gap(1, 2)}, seqs(3)), 3, Order{Gaps: 1, Skipped: 2}},
		{"two gaps", []feed.Event{gap(1, 2), gap(3, 3)}, 3, Order{Gaps: 2, Skipped: 3}},
		{"lost before a gap", join(seqs(1), []feed.Event{gap(4, 5)}, seqs(6)), 6, Order{Lost: 2, Gaps: 1, Skipped: 2}},
		{"lost after a gap", join(seqs(1), []feed.Event{gap(2, 3)}, seqs(5)), 5, Order{Lost: 1, Gaps: 1, Skipped: 2}},
		{"a gap of what has come", join(seqs(1, 2, 3), []feed.Event{gap(1, 3)}), 3, Order{Gaps: 1}},
		{"a gap that has come in part", join(seqs(1, 2, 3), []feed.Event{gap(2, 5)}), 5, Order{Gaps: 1, Skipped: 2}},
		{"a gap back to front", join(seqs(1), []feed.Event{gap(5, 2)}), 2, Order{Gaps: 1, Skipped: 1}},
		{"beyond the feed's newest", seqs(1, 2, 3), 2, Order{}},
		{"a leap to the end of all numbers", seqs(1, math.MaxInt64, 7), math.MaxInt64, Order{Lost: math.MaxInt64 - 3, Reordered: 1}},
	} {
		t.Run(test.name, func(t *testing.T) {
			var s sequence
			for _, e := range test.events {
				s.see(e)
			}
			if got := s.total(test.newest); got != test.want {
				t.Errorf("%+v, want %+v", got, test.want)
			}
		})
	}
}

// naive counts by looking at the whole list of what arrived.
func naive(arrived []uint64, newest uint64) (o Order) {
	for i, n := range arrived {
		switch before := arrived[:i]; {
		case slices.Contains(before, n):
			o.Duplicated++
		case i > 0 && n < slices.Max(before):
			o.Reordered++
		}
	}
	for n := uint64(1); n <= newest; n++ {
		if !slices.Contains(arrived, n) {
			o.Lost++
		}
	}
	return o
}

func TestSequenceAgainstNaive(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		newest := rapid.Uint64Range(0, 40).Draw(t, "newest")
		var arrived []uint64
		for n := uint64(1); n <= newest; n++ {
			arrived = append(arrived, n)
		}
		for range rapid.IntRange(0, 12).Draw(t, "faults") {
			if len(arrived) == 0 {
				break
			}
			place := rapid.IntRange(0, len(arrived)-1)
			i, j := place.Draw(t, "which"), place.Draw(t, "where")
			switch rapid.SampledFrom([]string{"lose", "double", "swap"}).Draw(t, "fault") {
			case "lose":
				arrived = slices.Delete(arrived, i, i+1)
			case "double":
				arrived = slices.Insert(arrived, j, arrived[i])
			case "swap":
				arrived[i], arrived[j] = arrived[j], arrived[i]
			}
		}
		var s sequence
		for _, e := range seqs(arrived...) {
			s.see(e)
		}
		if got, want := s.total(newest), naive(arrived, newest); got != want {
			t.Fatalf("%v of %d: %+v, want %+v", arrived, newest, got, want)
		}
	})
}
