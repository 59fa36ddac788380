package feed

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

const milli = int64(time.Millisecond)

// over is the model of a feed with events due at so many ms, all in the window,
// on a path of rtt ms.
func over(rtt int64, due ...int64) *model {
	m := &model{Window: Window{Until: math.MaxInt64}, rtt: time.Duration(rtt * milli)}
	for _, d := range due {
		m.due = append(m.due, d*milli)
	}
	return m
}

// arriving is the same for n events of a schedule, on a path of rtt.
func arriving(t testing.TB, n int, rate float64, seed uint64, rtt time.Duration) *model {
	schedule, err := NewSchedule(rate, Rand(seed, 1, "arrivals"))
	if seed == 0 {
		schedule, err = NewSchedule(rate, nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	m := &model{Window: Window{Until: math.MaxInt64}, rtt: rtt}
	for range n {
		m.due = append(m.due, int64(schedule.Next()))
	}
	return m
}

// longpolled is what a long poll makes of it.
func (m *model) longpolled(single bool, hold time.Duration) (stalenesses, bool) {
	m.Single, m.Hold = single, hold
	return m.longpoll()
}

// A transport's rhythm says which rule it is, and where there is none.
func TestStalenessHasARule(t *testing.T) {
	due := over(0, 0, 25, 50, 75).due
	for _, c := range []struct {
		rhythm Rhythm
		rtt    time.Duration
		due    []int64
		want   float64 // ms; 0: not ok
	}{
		{Rhythm{}, 40, due, 20},
		{Rhythm{Beat: time.Second}, 40, due, 20},
		{Rhythm{Hold: time.Hour}, 40, due, 20 + (0+15+30+5)/4.}, // until the answer at the next multiple of 40
		{Rhythm{Hold: time.Hour, Single: true}, 40, due, 20 + 3./2*15},
		{Rhythm{Collect: time.Millisecond}, 40, due, 0},
		{Rhythm{}, 0, due, 0},
		{Rhythm{}, 40, nil, 0},
	} {
		got, ok := c.rhythm.Staleness(c.due, Window{Until: math.MaxInt64}, Path{RTT: c.rtt * time.Millisecond}, nil)
		if ok != (c.want > 0) || ok && math.Abs(got*1e3-c.want) > 1e-9 {
			t.Errorf("%+v over %d ms: %v s (%v), want %v ms", c.rhythm, c.rtt, got, ok, c.want)
		}
	}
}

// By hand: a request is parked at 0, answers go out as marked, and every answer
// has 50 ms of path before it.
func TestModelLongpoll(t *testing.T) {
	for _, c := range []struct {
		name      string
		due       []int64
		batch     bool
		mean, max float64 // ms
	}{
		{"one event", []int64{7}, true, 50, 50},
		{"far apart", []int64{0, 100, 250, 351}, true, 50, 50},
		// Answers at 0, 100 (10 and 50), 200 (120), 500.
		{"batched", []int64{0, 10, 50, 120, 500}, true, (50 + 140 + 100 + 130 + 50) / 5., 140},
		// Answers at 0, 100, 200, 300, 500.
		{"one by one", []int64{0, 10, 50, 120, 500}, false, (50 + 140 + 200 + 230 + 50) / 5., 230},
		{"at one instant", []int64{5, 5, 5}, true, 50, 50},
		{"at one instant, one by one", []int64{5, 5, 5}, false, 150, 250},
		{"as the request is back", []int64{0, 100, 200}, false, 50, 50},
		{"just before", []int64{0, 1}, true, (50 + 149) / 2., 149},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, ok := over(100, c.due...).longpolled(!c.batch, time.Hour)
			if got, most := s.mean()*1e3, float64(s.max)/1e6; !ok || math.Abs(got-c.mean) > 1e-9 || most != c.max {
				t.Errorf("a mean of %v ms and at most %v (%v), want %v and %v", got, most, ok, c.mean, c.max)
			}
		})
	}
}

// What is due before the window takes requests away from it, and does not count.
func TestModelWindow(t *testing.T) {
	m := over(100, 0, 10, 20, 130, 900)
	m.From, m.Until = 15*milli, 900*milli
	s, _ := m.longpolled(true, time.Hour) // answers at 0, 100, 200, 300
	if s.n != 2 || s.sum != float64((230+220)*milli) {
		t.Errorf("%d events with %v ns in all", s.n, s.sum)
	}
}

// A request that is parked beyond its hold has an empty answer, which the model
// has not; how long the first was parked, nobody knows.
func TestModelHold(t *testing.T) {
	for _, c := range []struct {
		hold time.Duration
		due  []int64
		ok   bool
	}{
		{50 * time.Millisecond, []int64{900, 1000, 1149}, true},
		{50 * time.Millisecond, []int64{900, 1000, 1150}, false},
		{30 * time.Second, []int64{0, 30_099}, true},
		{30 * time.Second, []int64{0, 30_100}, false},
	} {
		if _, ok := over(100, c.due...).longpolled(false, c.hold); ok != c.ok {
			t.Errorf("hold %v, due at %v ms: %v", c.hold, c.due, ok)
		}
	}
}

// The means that were written down before anything was measured: d + (1−f)·d, with
// f = q/(L+q), L = 2dλ, q = e^(−L).
func TestModelClosedForm(t *testing.T) {
	t.Parallel()
	for d, row := range map[int]map[float64]float64{
		25:  {1: 26.2, 4: 29.9, 10: 36.3, 40: 48.4},
		50:  {1: 55.0, 4: 68.7, 10: 86.6, 40: 99.8},
		100: {1: 119.6, 4: 164.0, 10: 193.7, 40: 200},
	} {
		for rate, want := range row {
			t.Run(fmt.Sprintf("%d ms, %v/s", d, rate), func(t *testing.T) {
				rtt := time.Duration(2*d) * time.Millisecond
				if closed := batchedMean(rate, rtt); math.Abs(closed*1e3-want) > 0.06 {
					t.Errorf("the closed form gives %.2f ms, want %v", closed*1e3, want)
				}
				s, ok := arriving(t, 200_000, rate, 1, rtt).longpolled(false, time.Hour)
				if got := s.mean() * 1e3; !ok || math.Abs(got-want) > 0.01*want {
					t.Errorf("the recursion gives %.2f ms (%v), want %v", got, ok, want)
				}
			})
		}
	}
}

// batchedMean is the closed form for Poisson arrivals (s).
func batchedMean(rate float64, rtt time.Duration) float64 {
	d, l := rtt.Seconds()/2, rtt.Seconds()*rate
	q := math.Exp(-l)
	return d + (1-q/(l+q))*d
}

// In the long run the recursion is the closed form, whatever the rate and the
// path; and without batching the queue is that of Pollaczek and Khinchine for a
// service time of a round trip, as long as it has an end.
func TestModelLongRun(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		rate := rapid.Float64Range(0.2, 100).Draw(rt, "rate")
		rtt := time.Duration(rapid.IntRange(1, 400).Draw(rt, "RTT")) * time.Millisecond
		seed := rapid.Uint64Range(1, 1<<40).Draw(rt, "seed")
		m := arriving(t, 60_000, rate, seed, rtt)
		s, _ := m.longpolled(false, time.Hour)
		if want := batchedMean(rate, rtt); math.Abs(s.mean()/want-1) > 0.015 {
			rt.Errorf("batched, a mean of %v s; the closed form gives %v", s.mean(), want)
		}
		if load := rate * rtt.Seconds(); load < 0.5 {
			s, _ := m.longpolled(true, time.Hour)
			want := rtt.Seconds()/2 + load*rtt.Seconds()/(2*(1-load))
			if math.Abs(s.mean()/want-1) > 0.06 {
				rt.Errorf("one by one at a load of %v, a mean of %v s; the closed form gives %v", load, s.mean(), want)
			}
		}
	})
}

// What holds for every feed: nothing comes sooner than the path takes, nothing
// that is batched later than three transits (RFC 6202 §2.2), batching never
// delays, and without it a longer path delays every event.
func TestModelBounds(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		due := rapid.SliceOfN(rapid.Int64Range(0, 5000*milli), 1, 60).Draw(rt, "due")
		slices.Sort(due)
		m := &model{Window: Window{Until: math.MaxInt64}, due: due, rtt: time.Duration(2 * rapid.Int64Range(1, 200*milli).Draw(rt, "d"))}
		d := m.rtt / 2
		batched, _ := m.longpolled(false, time.Hour)
		single, _ := m.longpolled(true, time.Hour)
		pushed := m.push()
		if pushed.max != d || pushed.sum != float64(d)*float64(len(due)) {
			rt.Errorf("pushed, at most %d ns and %v in all of %d events on a path of %d", pushed.max, pushed.sum, len(due), d)
		}
		if batched.max > 3*d || batched.sum < pushed.sum {
			rt.Errorf("batched, at most %d ns on a path of %d, and %v in all of what is %v when pushed", batched.max, d, batched.sum, pushed.sum)
		}
		if single.sum < batched.sum || single.max < batched.max {
			rt.Errorf("one by one %+v, batched %+v", single, batched)
		}
		m.rtt += time.Duration(2 * rapid.Int64Range(1, 100*milli).Draw(rt, "more"))
		if longer, _ := m.longpolled(true, time.Hour); longer.sum <= single.sum || longer.max <= single.max {
			rt.Errorf("one by one %+v, on a longer path %+v", single, longer)
		}
	})
}

// A constant feed finds the request back as long as the round trip is shorter than
// its period. Beyond that, batching keeps up; one by one the queue grows for as
// long as the feed lasts.
func TestModelKnee(t *testing.T) {
	const period = 250 * time.Millisecond
	at := func(n int, rtt time.Duration, batch bool) (mean, longest time.Duration) {
		s, ok := arriving(t, n, 4, 0, rtt).longpolled(!batch, time.Hour)
		if !ok {
			t.Errorf("%d events over %v: not ok", n, rtt)
		}
		return time.Duration(math.Round(s.mean() * 1e9)), time.Duration(s.max)
	}
	for _, rtt := range []time.Duration{5 * time.Millisecond, 150 * time.Millisecond, 249 * time.Millisecond, 250 * time.Millisecond} {
		for _, batch := range []bool{true, false} {
			if mean, longest := at(100, rtt, batch); mean != rtt/2 || longest != rtt/2 {
				t.Errorf("over %v, batching %v, a mean of %v and at most %v", rtt, batch, mean, longest)
			}
		}
	}
	for _, rtt := range []time.Duration{251 * time.Millisecond, 300 * time.Millisecond} {
		var before time.Duration
		for _, n := range []int{10, 100, 1000} {
			want := rtt/2 + time.Duration(n-1)*(rtt-period)/2 // each waits for so much more than the last
			if mean, _ := at(n, rtt, false); mean != want || mean <= before {
				t.Errorf("%d events over %v, one by one: a mean of %v, want %v", n, rtt, mean, want)
			}
			before, _ = at(n, rtt, false)
			want = 0 // answers go out every round trip
			for j := range time.Duration(n) {
				want += (rtt - j*period%rtt) % rtt
			}
			want = rtt/2 + want/time.Duration(n)
			if mean, longest := at(n, rtt, true); longest > 3*rtt/2 || (mean-want).Abs() > 1 {
				t.Errorf("%d events over %v, batched: a mean of %v and at most %v, want %v", n, rtt, mean, longest, want)
			}
		}
	}
}
