package feed

import (
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// Constant arrivals are due at i·P exactly, however long they go on.
func TestConstantSchedule(t *testing.T) {
	for _, c := range []struct {
		rate float64
		n    int
		want time.Duration
	}{
		{1, 1, time.Second},
		{1, 86_400, 24 * time.Hour},
		{40, 1, 25 * time.Millisecond},
		{40, 1_000_000, 25_000 * time.Second},
		{1000, 1_000_000, 1000 * time.Second},
		{3, 1, 333_333_333},
		{3, 2, 666_666_666},
		{3, 300_000, 100_000 * time.Second}, // the third is not lost on the way
		{0.5, 3, 6 * time.Second},
		{1e6, 7, 7 * time.Microsecond},
	} {
		s, err := NewSchedule(c.rate, nil)
		if err != nil {
			t.Fatal(err)
		}
		var got time.Duration
		for range c.n {
			got = s.Next()
		}
		if got != c.want {
			t.Errorf("at %v/s event %d is due at %v, not %v", c.rate, c.n, got, c.want)
		}
	}
}

// Poisson arrivals have exponential intervals of mean P: the mean of n of them
// lies within 4 standard errors, and their distribution within the 0.1 %
// critical value of the Kolmogorov–Smirnov test, 1.95/√n. The seed is fixed, so
// that this holds always or never.
func TestPoissonSchedule(t *testing.T) {
	const n = 100_000
	for _, rate := range []float64{1, 40, 1000} {
		s, err := NewSchedule(rate, Rand(1, 0, "arrivals"))
		if err != nil {
			t.Fatal(err)
		}
		var last time.Duration
		intervals := make([]float64, n) // in periods
		for i := range intervals {
			at := s.Next()
			if at < last {
				t.Fatalf("event %d is due at %v, after %v", i+1, at, last)
			}
			intervals[i] = (at - last).Seconds() * rate
			last = at
		}
		if mean := last.Seconds() * rate / n; math.Abs(mean-1) > 4/math.Sqrt(n) {
			t.Errorf("at %v/s the mean interval is %v periods", rate, mean)
		}
		slices.Sort(intervals)
		var distance float64
		for i, x := range intervals {
			law := 1 - math.Exp(-x)
			distance = max(distance, math.Abs(law-float64(i)/n), math.Abs(law-float64(i+1)/n))
		}
		if distance > 1.95/math.Sqrt(n) {
			t.Errorf("at %v/s intervals are %v away from the exponential law", rate, distance)
		}
	}
}

func TestScheduleRefusesRates(t *testing.T) {
	for _, rate := range []float64{0, -1, math.Inf(1), math.Inf(-1), math.NaN()} {
		if _, err := NewSchedule(rate, nil); err == nil {
			t.Errorf("%v/s makes a schedule", rate)
		}
	}
}

// However low the rate, an event is never due before the one that precedes it.
func TestScheduleEndsWithTime(t *testing.T) {
	for _, rate := range []float64{1e-9, 1e-10, 1e-300, math.SmallestNonzeroFloat64} {
		for name, rng := range map[string]bool{"constant": false, "poisson": true} {
			s, err := NewSchedule(rate, nil)
			if rng {
				s, err = NewSchedule(rate, Rand(1, 1, "arrivals"))
			}
			if err != nil {
				t.Fatal(err)
			}
			var last time.Duration
			for range 20 {
				at := s.Next()
				if at < last {
					t.Fatalf("%s at %v/s: %v is due after %v", name, rate, at, last)
				}
				last = at
			}
			if last != Forever {
				t.Errorf("%s at %v/s: event 20 is due at %v", name, rate, last)
			}
		}
	}
}

// Whenever it is asked, the next poll is on the grid, later than now, and by an
// interval at most.
func TestNextPoll(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := Rhythm{Poll: time.Duration(rapid.Int64Range(1, int64(time.Hour)).Draw(t, "interval"))}
		phase := rapid.Float64Range(0, 0.999).Draw(t, "phase")
		offset := time.Duration(phase * float64(r.Poll))
		now := time.Duration(rapid.Int64().Draw(t, "now"))
		next := r.NextPoll(phase, now)
		switch {
		case now < offset:
			if next != offset {
				t.Fatalf("the first slot is at %d, not %d", next, offset)
			}
		case next == Forever:
			if Between(now, next) > r.Poll {
				t.Fatalf("there is no slot left after %d", now)
			}
		case next <= now || Between(now, next) > r.Poll || (next-offset)%r.Poll != 0:
			t.Fatalf("after %d comes %d, which is not the next slot", now, next)
		}
	})
}

// Equal inputs give the same stream, and each input makes a difference.
func TestRand(t *testing.T) {
	first := func(seed uint64, block int, name string) (draws [4]uint64) {
		rng := Rand(seed, block, name)
		for i := range draws {
			draws[i] = rng.Uint64()
		}
		return draws
	}
	if once, again := first(1, 2, "phases"), first(1, 2, "phases"); once != again {
		t.Error("equal inputs give different streams")
	}
	type input struct {
		seed  uint64
		block int
		name  string
	}
	seen := make(map[[4]uint64]input)
	for _, name := range []string{"", "arrivals", "payload", "phases", "1"} {
		for _, seed := range []uint64{0, 1, 2, 1 << 32, math.MaxUint64} {
			for _, block := range []int{0, 1, 2, 256, -1} {
				in := input{seed, block, name}
				draws := first(seed, block, name)
				if other, ok := seen[draws]; ok {
					t.Errorf("%+v and %+v give the same stream", in, other)
				}
				seen[draws] = in
			}
		}
	}
	// The stream is part of what a seed in a record means.
	if got, want := first(1, 2, "phases")[0], uint64(0xcc9556e8d3978ec4); got != want {
		t.Errorf("the first draw of (1, 2, phases) is %#x, not %#x", got, want)
	}
}

// Phases lie one in each n-th part of the interval, turned by a common amount.
func TestPhasesAreStratified(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 3000).Draw(t, "n")
		seed := rapid.Uint64().Draw(t, "seed")
		block := rapid.IntRange(0, 100).Draw(t, "block")
		phases := Phases(n, Rand(seed, block, "phases"))
		if len(phases) != n {
			t.Fatalf("%d phases, not %d", len(phases), n)
		}
		turn := Rand(seed, block, "phases").Float64()
		const rounded = 1e-9 // of a part
		var places []float64
		for _, p := range phases {
			if p < 0 || p >= 1 {
				t.Fatalf("phase %v is not a share of the interval", p)
			}
			place := math.Mod(p-turn+1, 1) * float64(n)
			if place > float64(n)-rounded { // the first part's lower bound, turned
				place -= float64(n)
			}
			places = append(places, place)
		}
		slices.Sort(places)
		for part, place := range places {
			if place < float64(part)-rounded || place > float64(part+1)+rounded {
				t.Fatalf("of %d parts, part %d has no phase or two: the next is at %v", n, part, place)
			}
		}
	})
}

// The order of the phases is random: neighbours in the fleet are no neighbours
// in time, and each block has its own.
func TestPhasesAreShuffled(t *testing.T) {
	a, b := Phases(100, Rand(1, 0, "phases")), Phases(100, Rand(1, 1, "phases"))
	if slices.Equal(a, b) {
		t.Error("two blocks have the same phases")
	}
	ascents := 0
	for i := range a[1:] {
		if a[i+1] > a[i] {
			ascents++
		}
	}
	if ascents < 35 || ascents > 65 { // of 99, as 49.5 ± 5 σ of 2.9 would have it
		t.Errorf("%d of 99 phases are later than the one before", ascents)
	}
	if got := Phases(0, Rand(1, 0, "phases")); len(got) != 0 {
		t.Errorf("no poll has the phases %v", got)
	}
}
