package feed

import (
	"context"
	"math"
	"sync"
	"time"
)

// Forever is a Timeline's end where nobody is going to stop it.
const Forever = time.Duration(math.MaxInt64)

// Timeline is trial time: the offset from an origin at which events and polls
// are due. It runs up to a mark, rests there while both ends' tallies are
// read, and runs on from a later origin, so that a rest shifts schedule and
// polls alike and costs neither of them a beat.
type Timeline struct {
	clock Clock

	mu      sync.Mutex
	origin  int64         // ns on the clock of trial time 0
	to      time.Duration // trial time at which it rests
	changed chan struct{} // closed by Run
	active  int           // members that have something to do before the mark
	resting map[*Member]struct{}
	quiet   chan struct{} // closed when active falls to 0; nil if nobody asked
}

// NewTimeline makes a timeline that rests at 0 until it is Run.
func NewTimeline(clock Clock) *Timeline {
	return &Timeline{clock: clock, origin: clock.Now(), changed: make(chan struct{}), resting: make(map[*Member]struct{})}
}

// Run lets trial time pass, from the origin given on the clock (ns) up to to.
func (t *Timeline) Run(origin int64, to time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.origin, t.to = origin, to
	for m := range t.resting { // at work until it has looked at the new mark
		m.work()
	}
	close(t.changed)
	t.changed = make(chan struct{})
}

// AtRest returns when trial time has reached its mark and every member is
// waiting for it to go on: one that is still to be woken for something due
// before the mark is not at rest.
func (t *Timeline) AtRest(ctx context.Context) error {
	sleep := NewSleep(t.clock)
	for {
		t.mu.Lock()
		due := After(t.origin, t.to)
		changed := t.changed
		var quiet chan struct{}
		if t.active > 0 {
			if t.quiet == nil {
				t.quiet = make(chan struct{})
			}
			quiet = t.quiet
		}
		t.mu.Unlock()
		if t.clock.Now() < due {
			if err := sleep.Wait(ctx, due, changed); err != nil {
				return err
			}
			continue
		}
		if quiet == nil {
			return ctx.Err()
		}
		select {
		case <-quiet:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Join adds a member, which is at work until its first Wait.
func (t *Timeline) Join() *Member {
	t.mu.Lock()
	defer t.mu.Unlock()
	m := &Member{t: t}
	m.work()
	return m
}

// Member is one user of trial time: the publisher, or a subscriber that polls.
// It is for one goroutine.
type Member struct {
	t    *Timeline
	busy bool
}

// work and rest are called with the timeline locked.
func (m *Member) work() {
	if m.busy {
		return
	}
	m.busy = true
	m.t.active++
	delete(m.t.resting, m)
}

func (m *Member) rest() {
	if !m.busy {
		return
	}
	m.busy = false
	m.t.resting[m] = struct{}{}
	if m.t.active--; m.t.active == 0 && m.t.quiet != nil {
		close(m.t.quiet)
		m.t.quiet = nil
	}
}

// Leave ends the membership.
func (m *Member) Leave() {
	m.t.mu.Lock()
	defer m.t.mu.Unlock()
	m.rest()
	delete(m.t.resting, m)
}

// Waiter waits until an instant on the clock (ns), or until interrupt is closed. It
// returns ctx's error.
type Waiter interface {
	Wait(ctx context.Context, due int64, interrupt <-chan struct{}) error
}

// Wait returns when trial time at has come and is running, with the instant on
// the clock at which it was due (ns).
func (m *Member) Wait(ctx context.Context, at time.Duration, w Waiter) (due int64, err error) {
	t := m.t
	for {
		t.mu.Lock()
		origin, to, changed := t.origin, t.to, t.changed
		if at >= to {
			m.rest()
		} else {
			m.work()
		}
		t.mu.Unlock()
		due = After(origin, at)
		switch {
		case at >= to: // not before the next Run
			select {
			case <-changed:
			case <-ctx.Done():
				return 0, ctx.Err()
			}
		case t.clock.Now() < due:
			if err := w.Wait(ctx, due, changed); err != nil {
				return 0, err
			}
		default:
			return due, ctx.Err()
		}
	}
}

// Now is the present trial time, at most the mark where it rests.
func (m *Member) Now() time.Duration {
	t := m.t
	t.mu.Lock()
	defer t.mu.Unlock()
	return min(Between(t.origin, t.clock.Now()), t.to)
}
