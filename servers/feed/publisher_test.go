package feed

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// newPublisher makes one whose arrivals and payload are those of (seed 1, block
// 0), and runs it until the test ends. Its clock reads now when it begins.
func newPublisher(t *testing.T, now int64, rate float64, record bool) *Publisher {
	t.Helper()
	schedule, err := NewSchedule(rate, Rand(1, 0, "arrivals"))
	if err != nil {
		t.Fatal(err)
	}
	clock := ClockAt(now)
	p := &Publisher{
		Log:      NewLog(Text, DefaultRing, clock),
		Schedule: schedule,
		Payload:  newPayload(t, "random", 32, Text, 1),
		Timeline: NewTimeline(clock),
		Clock:    clock,
		Record:   record,
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- p.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("the publisher ended with %v", err)
		}
	})
	return p
}

// run lets trial time pass and waits for what falls due in it.
func (p *Publisher) run(t *testing.T, origin int64, to time.Duration, newest int) {
	t.Helper()
	p.Timeline.Run(origin, to)
	if err := p.Log.Wait(t.Context(), uint64(newest)-1); err != nil {
		t.Fatal(err)
	}
	if err := p.Timeline.AtRest(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := p.Log.Newest(); got != uint64(newest) {
		t.Fatalf("by %v it has published %d events, not %d", to, got, newest)
	}
}

// Events are due when the schedule says, counted from where trial time began,
// and what is late is published at once with its Due as it was. A rest shifts
// the schedule. So it is on a host of any age.
func TestPublisherFollowsSchedule(t *testing.T) {
	for _, now := range ages {
		t.Run(fmt.Sprint(time.Duration(now)), func(t *testing.T) { followsSchedule(t, now) })
	}
}

func followsSchedule(t *testing.T, now int64) {
	p := newPublisher(t, now, 1000, true)
	schedule, _ := NewSchedule(1000, Rand(1, 0, "arrivals"))
	var offsets []time.Duration
	for len(offsets) == 0 || offsets[len(offsets)-1] < 100*ms {
		offsets = append(offsets, schedule.Next())
	}
	offsets = offsets[:len(offsets)-1]
	half := 0
	for offsets[half] < 50*ms {
		half++
	}

	// The first half is late by an hour; the other comes in its time.
	early := After(p.Clock.Now(), -time.Hour)
	p.run(t, early, 50*ms, half)
	late := After(p.Clock.Now(), -50*ms)
	p.run(t, late, 100*ms, len(offsets))

	records, _, err := p.Log.Since(0, math.MaxInt, nil)
	if err != nil {
		t.Fatal(err)
	}
	bodies := newPayload(t, "random", 32, Text, 1)
	var due, lag []int64
	for i, r := range records {
		origin := early
		if i >= half {
			origin = late
		}
		if want := After(origin, offsets[i]); r.Due != want {
			t.Fatalf("event %d is due at %d, not %d", r.Seq, r.Due, want)
		}
		if r.Sent < r.Due {
			t.Fatalf("event %d is published %v early", r.Seq, Between(r.Sent, r.Due))
		}
		e, _, err := Text.Decode(r.Wire)
		if err != nil || string(e.Body) != string(bodies.Next(nil)) || e.Due != max(r.Due, Earliest) || e.Sent != max(r.Sent, Earliest) {
			t.Fatalf("event %d goes out as %+v, with the error %v", r.Seq, e, err)
		}
		due, lag = append(due, r.Due), append(lag, int64(Between(r.Due, r.Sent)))
	}

	gotDue, gotLag, cpu := p.Published()
	if diff := cmp.Diff(due, gotDue); diff != "" {
		t.Errorf("other instants are recorded than in the log (-log +record):\n%s", diff)
	}
	if diff := cmp.Diff(lag, gotLag); diff != "" {
		t.Errorf("other lags are recorded than in the log (-log +record):\n%s", diff)
	}
	if cpu < 0 || cpu == 0 && runtime.GOOS == "linux" {
		t.Errorf("publishing took a CPU time of %v", cpu)
	}
}

// A publisher that nobody asks does not remember for ever.
func TestPublisherForgets(t *testing.T) {
	p := newPublisher(t, 0, 1e6, false)
	p.Timeline.Run(After(p.Clock.Now(), -time.Second), 100*ms)
	if err := p.Log.Wait(t.Context(), 1000); err != nil {
		t.Fatal(err)
	}
	if due, lag, _ := p.Published(); len(due) > 0 || len(lag) > 0 {
		t.Errorf("it remembers %d events", len(due))
	}
}
