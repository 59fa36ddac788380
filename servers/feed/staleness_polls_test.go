package feed

import (
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// By hand: polls every 100 ms, 50 ms into the grid, and what is due before the
// first mark at 200 ms is over.
func TestModelPolling(t *testing.T) {
	plain := model{Rhythm: Rhythm{Poll: 100 * time.Millisecond}, Window: Window{From: 200 * milli, Until: math.MaxInt64, Mark1: 200 * time.Millisecond, Mark2: 2 * time.Second}}
	after, slow, late := plain, plain, plain
	after.After = true
	slow.reach, late.Mark2 = 200*time.Millisecond, 400*time.Millisecond
	for _, c := range []struct {
		name  string
		polls model
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
			m := c.polls
			m.rtt = time.Duration(c.rtt * milli)
			m.reach = max(m.reach, m.rtt/2)
			for i, due := range c.due {
				m.due = []int64{due * milli}
				if s, ok := m.poll([]float64{0.5}); !ok || s.n != 1 || s.max.Milliseconds() != c.want[i] {
					t.Errorf("due at %d ms: %+v (%v), want %d ms", due, s, ok, c.want[i])
				}
			}
		})
	}
	late.due, late.rtt, late.reach = []int64{371 * milli}, 40*time.Millisecond, 20*time.Millisecond
	if s, ok := late.poll([]float64{0.5}); ok {
		t.Errorf("an event that is fetched after the second mark: %+v", s)
	}
}

// Over all phases a poll finds an event as old as half the time between two
// requests, and a path delays what it brings by one transit. The grid leaves out
// the slots that fall due until the answer is there; a connection for each request
// takes TCP's handshake first, and that of TLS 1.3 (RFC 8446 §2).
func TestModelPollMean(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		r := Rhythm{
			Poll:       time.Duration(rapid.IntRange(100, 2000).Draw(rt, "interval")) * time.Millisecond,
			After:      rapid.Bool().Draw(rt, "after"),
			FreshConns: rapid.Bool().Draw(rt, "fresh connections"),
		}
		path := Path{RTT: time.Duration(rapid.IntRange(2, 300).Draw(rt, "RTT")) * time.Millisecond, TLS: rapid.Bool().Draw(rt, "TLS")}
		seed := rapid.Uint64Range(1, 1<<40).Draw(rt, "seed")
		trips := 1.0 // from a request to its answer
		if r.FreshConns {
			trips++
			if path.TLS {
				trips++
			}
		}
		away := trips * path.RTT.Seconds()
		between := r.Poll.Seconds() + away
		if !r.After {
			between = r.Poll.Seconds() * (math.Floor(away/r.Poll.Seconds()*(1+1e-12)) + 1)
		}
		due := arriving(t, 4000, 40, seed, 0).due
		got, ok := r.Staleness(due, Window{Until: math.MaxInt64, Mark2: math.MaxInt64}, path, Phases(25, Rand(seed, 1, "phases")))
		chance := 0.03
		if r.After { // all subscribers ask in step, and an event comes at one phase of theirs, not at 25
			chance = 0.06
		}
		// The events of the first trips wait for a poll that comes after the mark.
		if want := between/2 + path.RTT.Seconds()/2; !ok || math.Abs(got-want) > chance*want+away*away/100 {
			rt.Errorf("a mean of %v s (%v), want %v", got, ok, want)
		}
	})
}

// The same trial gives the same wherever the clock is, and whatever else a server may
// say was due, the rules come to an end.
func TestModelAtAnyInstant(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		rtt := time.Duration(rapid.Int64Range(1, 400*milli).Draw(rt, "RTT"))
		m := model{
			Rhythm: Rhythm{
				Poll:  time.Duration(rapid.Int64Range(milli, 1000*milli).Draw(rt, "interval")),
				After: rapid.Bool().Draw(rt, "after"),
			},
			Window: Window{Mark1: time.Second, Mark2: 10 * time.Second},
			rtt:    rtt, reach: rtt / 2,
		}
		phases := []float64{0, 0.3, 0.99}
		outcome := func(due []int64, from, until int64) []stalenesses {
			m.due, m.From, m.Until = due, from, until
			batched, _ := m.longpolled(false, time.Hour)
			single, _ := m.longpolled(true, time.Hour)
			polled, _ := m.poll(phases)
			return []stalenesses{m.push(), batched, single, polled}
		}
		due := rapid.SliceOfN(rapid.Int64Range(0, 8000*milli), 0, 20).Draw(rt, "due")
		slices.Sort(due)
		start := rapid.Int64Range(math.MinInt64, math.MaxInt64-int64(time.Hour)).Draw(rt, "start")
		want := outcome(due, 0, 7000*milli)
		for i := range due {
			due[i] += start
		}
		if got := outcome(due, start, start+7000*milli); !slices.Equal(got, want) {
			rt.Fatalf("from %d on it is %+v, not %+v", start, got, want)
		}
		wild := rapid.SliceOfN(rapid.Int64(), 0, 5).Draw(rt, "wild")
		slices.Sort(wild)
		outcome(wild, rapid.Int64().Draw(rt, "from"), rapid.Int64().Draw(rt, "until"))
	})
}
