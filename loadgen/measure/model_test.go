package measure

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"pushbench/results"
	"pushbench/scenarios"
	"pushbench/servers/feed"
)

const ms = int64(time.Millisecond)

// over is the model of a feed with events due at so many ms, all in the window,
// on a path of rtt ms.
func over(rtt int64, due ...int64) model {
	m := model{until: math.MaxInt64, rtt: time.Duration(rtt * ms)}
	for _, d := range due {
		m.due = append(m.due, d*ms)
	}
	return m
}

// arriving is the same for n events of a schedule, on a path of rtt.
func arriving(t testing.TB, n int, rate float64, seed uint64, rtt time.Duration) model {
	schedule, err := feed.NewSchedule(rate, feed.Rand(seed, 1, "arrivals"))
	if seed == 0 {
		schedule, err = feed.NewSchedule(rate, nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	m := model{until: math.MaxInt64, rtt: rtt}
	for range n {
		m.due = append(m.due, int64(schedule.Next()))
	}
	return m
}

// What a trial of 40 events, 25 ms apart on a path of 40 ms, puts into its record.
func TestModelOfTrial(t *testing.T) {
	const rtt = 40 * time.Millisecond
	for _, c := range []struct {
		transport string
		change    func(*scenarios.Treatment)
		want      float64 // ms; 0 where there is none
	}{
		{transport: "ws", want: 20},
		{transport: "ws?batch=on", want: 20},
		{transport: "ws?batch=10ms"},
		{transport: "sse", want: 20},
		{transport: "raw", want: 20},
		{transport: "longpoll", want: 20 + (0+15+30+5+20+35+10+25)/8.}, // until the answer at the next multiple of 40
		{transport: "longpoll?batch=off", want: 20 + 39./2*15},
		{transport: "ws", change: func(tr *scenarios.Treatment) { tr.Network.RTT = 0 }},
		{transport: "ws", change: func(tr *scenarios.Treatment) { tr.Network.Loss = 0.01 }},
		{transport: "ws", change: func(tr *scenarios.Treatment) { tr.Network.Jitter = time.Millisecond }},
		{transport: "ws", change: func(tr *scenarios.Treatment) { tr.Network.Bandwidth = 1e6 }},
		{transport: "ws", change: func(tr *scenarios.Treatment) { tr.Network = scenarios.Network{Profile: "4g"} }},
		{transport: "ws", change: func(tr *scenarios.Treatment) { tr.Want = "latest" }},
	} {
		o := clean(t)
		tr := &o.Treatment
		tr.Transport, tr.Network.RTT = c.transport, rtt
		if c.change != nil {
			c.change(tr)
		}
		o.Spec = specOf(t, c.transport)
		o.Interval = o.Spec.Options.Duration("interval")
		record := &results.Trial{Metrics: map[string]results.Metric{}, Hists: map[string]*results.Hist{}}
		o.Record(record)
		m, has := record.Metrics["model/staleness"]
		if has != (c.want > 0) || math.Abs(m.Value*1e3-c.want) > 1e-9 || has && m.Unit != "s" {
			t.Errorf("%s over %+v: %v s (%v), want %v ms", c.transport, tr.Network, m.Value, has, c.want)
		}
	}

	o := clean(t)
	o.Treatment.Network.RTT, o.Published.Due = rtt, nil
	if seconds, ok := modelStaleness(o); ok {
		t.Errorf("without an event it is %v s", seconds)
	}
}

// A poll is at the server half a round trip after it is due, one more for TCP's
// handshake where it opens a connection, and another under TLS 1.3 (RFC 8446 §2).
func TestModelOfPolls(t *testing.T) {
	for _, c := range []struct {
		transport string
		tls       bool
		reach     int64 // ms
	}{
		{"poll?interval=100ms", false, 20},
		{"poll?interval=100ms", true, 20},
		{"poll?interval=100ms&keepalive=off", false, 60},
		{"poll?interval=100ms&keepalive=off", true, 100},
	} {
		o := clean(t)
		tr := &o.Treatment
		tr.Transport, tr.TLS, tr.Network.RTT = c.transport, c.tls, 40*time.Millisecond
		o.Spec = specOf(t, c.transport)
		o.Interval = o.Spec.Options.Duration("interval")
		m := model{due: o.Published.Due, from: o.From, until: o.Until, rtt: 40 * time.Millisecond}
		p := polling{interval: 100 * time.Millisecond, reach: time.Duration(c.reach * ms), mark1: o.Mark1, mark2: o.Mark2}
		want, known := m.poll(p, feed.Phases(tr.Subscribers, feed.Rand(o.Seed, o.Block, "phases")))
		if got, ok := modelStaleness(o); !ok || !known || got != want.mean() {
			t.Errorf("%s, TLS %v: %v s (%v), want %v (%v)", c.transport, c.tls, got, ok, want.mean(), known)
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
			s, ok := over(100, c.due...).longpoll(c.batch, time.Hour)
			if got, most := s.mean()*1e3, float64(s.max)/1e6; !ok || math.Abs(got-c.mean) > 1e-9 || most != c.max {
				t.Errorf("a mean of %v ms and at most %v (%v), want %v and %v", got, most, ok, c.mean, c.max)
			}
		})
	}
}

// What is due before the window takes requests away from it, and does not count.
func TestModelWindow(t *testing.T) {
	m := over(100, 0, 10, 20, 130, 900)
	m.from, m.until = 15*ms, 900*ms
	s, _ := m.longpoll(false, time.Hour) // answers at 0, 100, 200, 300
	if s.n != 2 || s.sum != float64((230+220)*ms) {
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
		if _, ok := over(100, c.due...).longpoll(true, c.hold); ok != c.ok {
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
				s, ok := arriving(t, 200_000, rate, 1, rtt).longpoll(true, time.Hour)
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
		s, _ := m.longpoll(true, time.Hour)
		if want := batchedMean(rate, rtt); math.Abs(s.mean()/want-1) > 0.015 {
			rt.Errorf("batched, a mean of %v s; the closed form gives %v", s.mean(), want)
		}
		if load := rate * rtt.Seconds(); load < 0.5 {
			s, _ := m.longpoll(false, time.Hour)
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
		due := rapid.SliceOfN(rapid.Int64Range(0, 5000*ms), 1, 60).Draw(rt, "due")
		slices.Sort(due)
		m := model{due: due, until: math.MaxInt64, rtt: time.Duration(2 * rapid.Int64Range(1, 200*ms).Draw(rt, "d"))}
		d := m.rtt / 2
		batched, _ := m.longpoll(true, time.Hour)
		single, _ := m.longpoll(false, time.Hour)
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
		m.rtt += time.Duration(2 * rapid.Int64Range(1, 100*ms).Draw(rt, "more"))
		if longer, _ := m.longpoll(false, time.Hour); longer.sum <= single.sum || longer.max <= single.max {
			rt.Errorf("one by one %+v, on a longer path %+v", single, longer)
		}
	})
}

// A constant feed finds the request back as long as the round trip is shorter than
// its period. Beyond that, batching keeps up; one by one the queue grows for as
// long as the feed lasts.
func TestModelKnee(t *testing.T) {
	at := func(n int, rtt time.Duration, batch bool) (mean, longest time.Duration) {
		s, ok := arriving(t, n, 4, 0, rtt).longpoll(batch, time.Hour)
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
			want := rtt/2 + time.Duration(n-1)*(rtt-250*time.Millisecond)/2 // each waits for so much more than the last
			if mean, _ := at(n, rtt, false); mean != want || mean <= before {
				t.Errorf("%d events over %v, one by one: a mean of %v, want %v", n, rtt, mean, want)
			}
			before, _ = at(n, rtt, false)
			if mean, longest := at(n, rtt, true); longest > 3*rtt/2 || mean > rtt {
				t.Errorf("%d events over %v, batched: a mean of %v and at most %v", n, rtt, mean, longest)
			}
		}
	}
}

// By hand: polls every 100 ms, 50 ms into the grid, and what is due before the
// first mark at 200 ms is over.
func TestModelPolling(t *testing.T) {
	const second = 1000 * time.Millisecond
	plain := polling{interval: 100 * time.Millisecond, mark1: 200 * time.Millisecond, mark2: 2 * second}
	after, slow, late := plain, plain, plain
	after.after = true
	slow.reach, late.mark2 = 200*time.Millisecond, 400*time.Millisecond
	for _, c := range []struct {
		name  string
		polls polling
		rtt   int64 // ms
		due   []int64
		want  []int64 // staleness, ms
	}{
		// Polls at 250, 350, …, at the server 20 ms later.
		{"grid", plain, 40, []int64{200, 269, 270, 271, 365}, []int64{90, 21, 20, 119, 25}},
		{"an answer just before the next poll", plain, 99, []int64{200, 300, 400}, []int64{149, 149, 149}},
		// Answered at 250 + 330, so that 350, 450 and 550 are left out: polls at
		// 250, 650, 1050, each at the server 165 ms later.
		{"slots left out", plain, 330, []int64{200, 415, 416, 816}, []int64{380, 165, 564, 564}},
		// An answer at the very instant of a poll comes too late for it: polls at
		// 250, 450, 650.
		{"an answer as the next poll is due", plain, 100, []int64{200, 301}, []int64{150, 249}},
		// Polls at 100, 240, 380, 520.
		{"after", after, 40, []int64{200, 261, 500}, []int64{80, 159, 60}},
		// The answer to the poll at 100 comes while trial time rests at 200: polls
		// at 300, 640.
		{"after, over the rest", after, 240, []int64{200, 421}, []int64{340, 459}},
		// A handshake before: at the server 200 ms after they are due, answered 20
		// later: polls at 250, 550, 850.
		{"a connection each", slow, 40, []int64{200, 451}, []int64{270, 319}},
		{"before the second mark", late, 40, []int64{300, 370}, []int64{90, 20}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.polls.reach == 0 {
				c.polls.reach = time.Duration(c.rtt * ms / 2)
			}
			for i, due := range c.due {
				m := over(c.rtt, due)
				m.from = 200 * ms
				s, ok := m.poll(c.polls, []float64{0.5})
				if !ok || s.n != 1 || s.max.Milliseconds() != c.want[i] {
					t.Errorf("due at %d ms: %+v (%v), want %d ms", due, s, ok, c.want[i])
				}
			}
		})
	}
	m := over(40, 371)
	m.from = 200 * ms
	late.reach = 20 * time.Millisecond
	if s, ok := m.poll(late, []float64{0.5}); ok {
		t.Errorf("an event that is fetched after the second mark: %+v", s)
	}
}

// Over all phases a poll finds an event half an interval old, and a path delays
// what it brings by one transit.
func TestModelPollMean(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		interval := time.Duration(rapid.IntRange(100, 2000).Draw(rt, "interval")) * time.Millisecond
		rtt := time.Duration(rapid.IntRange(2, 99).Draw(rt, "RTT")) * time.Millisecond // no slot is left out
		seed := rapid.Uint64Range(1, 1<<40).Draw(rt, "seed")
		m := arriving(t, 400, 40, seed, rtt)
		p := polling{interval: interval, reach: m.rtt / 2, mark2: math.MaxInt64}
		s, ok := m.poll(p, feed.Phases(200, feed.Rand(seed, 1, "phases")))
		// The first transit's events wait for a poll that comes after the mark.
		d := rtt.Seconds() / 2
		want := interval.Seconds()/2 + d
		if got := s.mean(); !ok || s.n != 400*200 || math.Abs(got-want) > 0.003*want+d*d/10 {
			rt.Errorf("a mean of %v s over %d (%v), want %v", got, s.n, ok, want)
		}
	})
}
