package fleet

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"pgregory.net/rapid"

	"pushbench/servers/feed"
)

const ms = int64(time.Millisecond)

// arrival is an event due at one instant that came at another.
type arrival struct{ due, at int64 }

// ageOf is what one subscriber's arrivals come to in a window.
func ageOf(arrivals []arrival, w window) Age {
	var s sawtooth
	for _, a := range arrivals {
		s.fall(a.due, a.at, w)
	}
	return s.total(math.MaxInt64, w)
}

// wantAge holds mean and peak to what arithmetic gives, to a nanosecond.
func wantAge(t *testing.T, age Age, mean, peak int64) {
	t.Helper()
	gotMean, ok1 := age.Mean()
	gotPeak, ok2 := age.Peak()
	near := func(got float64, want int64) bool { return math.Abs(got*1e9-float64(want)) < 1 }
	if !ok1 || !ok2 || !near(gotMean, mean) || !near(gotPeak, peak) {
		t.Errorf("mean %v s, peak %v s; want %v and %v", gotMean, gotPeak, time.Duration(mean), time.Duration(peak))
	}
}

// pushed is the arrivals of events due every period, each so much later.
func pushed(n int, period, delay int64) (arrivals []arrival) {
	for i := range int64(n) {
		arrivals = append(arrivals, arrival{i * period, i*period + delay})
	}
	return arrivals
}

// polled is the arrivals where polls at phase + k·interval bring every event due
// by then, or the newest alone. The events of an answer come a microsecond apart.
func polled(dues []int64, interval, phase, end int64, latest bool) (arrivals []arrival) {
	next := 0
	for at := phase; at < end; at += interval {
		before := len(arrivals)
		for first := next; next < len(dues) && dues[next] <= at; next++ {
			arrivals = append(arrivals, arrival{dues[next], at + int64(next-first)*1000})
		}
		if n := len(arrivals); latest && n > before {
			arrivals = append(arrivals[:before], arrival{arrivals[n-1].due, at})
		}
	}
	return arrivals
}

// Events every P that take d: the age rises from d to P + d.
func TestAgeOfAPush(t *testing.T) {
	const period, delay = 10 * ms, 3 * ms
	arrivals := pushed(100, period, delay)
	for _, from := range []int64{100 * ms, 103 * ms, 107 * ms} { // wherever in the sawtooth it begins
		age := ageOf(arrivals, window{from: from, until: from + 20*period})
		wantAge(t, age, period/2+delay, period+delay)
		if age.Falls != 20 || age.Held != float64(20*period) {
			t.Errorf("%d falls in %v, want 20 in 200ms", age.Falls, time.Duration(age.Held))
		}
	}
}

// Polls every T of events due every P, of which the newest is a old: the age
// rises from a to T + a, whether an answer brings one event or ten.
func TestAgeOfAPoll(t *testing.T) {
	const period, interval, old = 10 * ms, 100 * ms, 4 * ms
	dues := make([]int64, 300)
	for i := range dues {
		dues[i] = int64(i) * period
	}
	w := window{from: 500 * ms, until: 1500 * ms}
	every := ageOf(polled(dues, interval, 50*ms+old, 3000*ms, false), w)
	latest := ageOf(polled(dues, interval, 50*ms+old, 3000*ms, true), w)
	wantAge(t, latest, interval/2+old, interval+old)
	mean, _ := every.Mean()
	if want := float64(interval/2+old) / 1e9; math.Abs(mean/want-1) > 1e-4 { // the answer takes nine microseconds to come
		t.Errorf("mean %v s with every event, want %v", mean, want)
	}
	if every.Falls != latest.Falls || every.Peaks != latest.Peaks {
		t.Errorf("with every event %d peaks of %v, with the latest %d of %v", every.Falls, every.Peaks, latest.Falls, latest.Peaks)
	}
}

// Polls every T of Poisson arrivals at rate λ: T/2 since the poll, and 1/λ that
// the newest event was old by then.
func TestAgeOfAPollOfPoissonArrivals(t *testing.T) {
	const interval, mean = 100 * ms, 40 * ms
	rng := rand.New(rand.NewPCG(1, 2))
	const end = 100_000 * interval
	var dues []int64
	for at := int64(0); at < end; at += int64(rng.ExpFloat64() * float64(mean)) {
		dues = append(dues, at)
	}
	age := ageOf(polled(dues, interval, interval, end, true), window{from: 10 * interval, until: end})
	got, _ := age.Mean()
	if want := float64(interval/2+mean) / 1e9; math.Abs(got/want-1) > 0.01 {
		t.Errorf("mean %v s, want %v", got, want)
	}
}

// The age at the window's start is that of the event got last before it, and
// what comes after its end does not change it.
func TestAgeAtTheWindowsEdges(t *testing.T) {
	w := window{from: 100 * ms, until: 200 * ms}
	for _, test := range []struct {
		name       string
		arrivals   []arrival
		mean, peak int64
		falls      int64
	}{
		{"one event long before", []arrival{{0, 10 * ms}}, 150 * ms, 0, 0},
		{"the first event within, which ends no peak", []arrival{{150 * ms, 150 * ms}}, 25 * ms, 0, 0},
		{"one before and one after", []arrival{{0, 10 * ms}, {190 * ms, 210 * ms}}, 150 * ms, 0, 0},
		{"at the start", []arrival{{0, 10 * ms}, {100 * ms, 100 * ms}}, 50 * ms, 100 * ms, 1},
		{"at the end", []arrival{{0, 10 * ms}, {200 * ms, 200 * ms}}, 150 * ms, 0, 0},
		{"halfway", []arrival{{0, 10 * ms}, {150 * ms, 150 * ms}}, (125*ms + 25*ms) / 2, 150 * ms, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			age := ageOf(test.arrivals, w)
			mean, ok := age.Mean()
			if !ok || math.Abs(mean*1e9-float64(test.mean)) > 1 || age.Falls != test.falls || age.Peaks != float64(test.peak*test.falls) {
				t.Errorf("mean %v s, %d peaks of %v ns in all; want %v, %d of %v", mean, age.Falls, age.Peaks, time.Duration(test.mean), test.falls, time.Duration(test.peak))
			}
		})
	}
	if age := ageOf(nil, w); age != (Age{}) {
		t.Errorf("%+v without an event", age)
	}
	if age := ageOf([]arrival{{0, 300 * ms}}, w); age != (Age{}) {
		t.Errorf("%+v of an event that came after the window", age)
	}
}

// Trial time that rests before the window adds nothing to an age.
func TestAgeDoesNotGrowAtRest(t *testing.T) {
	const began, rest = 100 * ms, 7_000 * ms // both of them instants
	through := []arrival{{80 * ms, 85 * ms}, {95 * ms, 120 * ms}, {118 * ms, 121 * ms}, {150 * ms, 190 * ms}}
	var rested []arrival
	for _, a := range through {
		if a.due >= began {
			a.due += rest
		}
		if a.at >= began {
			a.at += rest
		}
		rested = append(rested, a)
	}
	want := ageOf(through, window{from: began, until: 200 * ms, began: began})
	got := ageOf(rested, window{from: began + rest, until: 200*ms + rest, began: began + rest, rest: time.Duration(rest)})
	if got != want {
		t.Errorf("%+v with a rest, %+v without", got, want)
	}
}

// The area is that of the age taken nanosecond by nanosecond.
func TestAgeAgainstNaive(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var arrivals []arrival
		due, at := int64(0), int64(0)
		for range rapid.IntRange(0, 12).Draw(t, "events") {
			due += rapid.Int64Range(0, 20).Draw(t, "later due")
			at = max(at, due) + rapid.Int64Range(0, 20).Draw(t, "later")
			arrivals = append(arrivals, arrival{due, at})
		}
		from := rapid.Int64Range(0, 150).Draw(t, "from")
		until := from + rapid.Int64Range(0, 150).Draw(t, "length")
		var area, held float64
		for now := from; now < until; now++ {
			i := -1
			for j, a := range arrivals {
				if a.at <= now {
					i = j
				}
			}
			if i >= 0 {
				held++
				area += float64(now-arrivals[i].due) + 0.5
			}
		}
		got := ageOf(arrivals, window{from: from, until: until})
		if got.Held != held || math.Abs(got.Area-area) > 1e-6 {
			t.Fatalf("%v in %d to %d: area %v over %v, want %v over %v", arrivals, from, until, got.Area, got.Held, area, held)
		}
		// It is the same wherever the clock is.
		shift := rapid.Int64Range(math.MinInt64, math.MaxInt64-1000).Draw(t, "shift")
		for i := range arrivals {
			arrivals[i].due += shift
			arrivals[i].at += shift
		}
		if shifted := ageOf(arrivals, window{from: from + shift, until: until + shift}); shifted != got {
			t.Fatalf("%v in %d to %d, later by %d: %+v, not %+v", arrivals, from, until, shift, shifted, got)
		}
	})
}

// Whatever instants an event bears, neither an age nor the time that it is of can
// come out below what there is of it.
func TestAgeOfAnyInstants(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		any := func(name string) int64 { return rapid.Int64().Draw(t, name) }
		w := window{from: any("from"), until: any("until"), began: any("began"), origin: any("origin"), rest: time.Duration(any("rest"))}
		var arrivals []arrival
		at := int64(math.MinInt64)
		for range rapid.IntRange(0, 5).Draw(t, "events") {
			at = max(at, any("at"))
			arrivals = append(arrivals, arrival{min(any("due"), at), at})
		}
		w.rest = min(w.rest, 0) // so that nothing is due later than it came
		age := ageOf(arrivals, w)
		// Of sums of float64 the last digits are not held.
		if length := float64(max(0, feed.Between(w.from, w.until))); age.Held < 0 || age.Held > length*(1+1e-12) || age.Area < 0 || age.Peaks < 0 {
			t.Fatalf("%+v of %v in %+v", age, arrivals, w)
		}
		w.end()
	})
}

// An event that is older than what a subscriber has does not make what it knows
// any younger, and neither does a gap.
func TestAgeIsOfTheNewestEvent(t *testing.T) {
	inBubble(t, func(t *testing.T, r *recorder) {
		dialled(r, 1, feed.Text, bodySize)
		start := r.clock.Now()
		r.open(window{from: start, until: start + 100*ms})
		s := r.subscriber(0)
		s.emit(event(3, start))
		<-time.After(50 * time.Millisecond)
		s.emit(event(2, start+49*ms))
		s.emit(event(3, start+49*ms))
		s.emit(gap(4, 5))
		<-time.After(100 * time.Millisecond)
		age := collect(t, r, 5).Age
		if mean, _ := age.Mean(); math.Abs(mean-0.05) > 1e-9 || age.Falls != 0 {
			t.Errorf("mean %v s, %d falls; want 50ms of one rise", mean, age.Falls)
		}
	})
}
