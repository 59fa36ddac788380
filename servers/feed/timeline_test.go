package feed

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

const ms = time.Millisecond

// inBubble runs a test on a timeline whose time passes by itself, on hosts of each
// age.
func inBubble(t *testing.T, test func(t *testing.T, tl *Timeline, now func() time.Duration)) {
	for _, at := range ages {
		synctest.Test(t, func(t *testing.T) {
			clock := ClockAt(at)
			test(t, NewTimeline(clock), func() time.Duration { return Between(at, clock.Now()) })
		})
	}
}

// run lets trial time pass from its reading at to its mark.
func (t *Timeline) run(at, to time.Duration) { t.Run(After(t.clock.Now(), -at), to) }

// A timeline rests at 0 until it is run, and again at its mark; what is due at
// the mark falls due after it.
func TestMemberWaits(t *testing.T) {
	inBubble(t, func(t *testing.T, tl *Timeline, now func() time.Duration) {
		var mu sync.Mutex
		var woken []time.Duration
		wokenBy := func(want ...time.Duration) {
			t.Helper()
			synctest.Wait()
			mu.Lock()
			defer mu.Unlock()
			if len(woken) != len(want) {
				t.Fatalf("woken at %v, not %v", woken, want)
			}
			for i := range want {
				if woken[i] != want[i] {
					t.Fatalf("woken at %v, not %v", woken, want)
				}
			}
		}
		go func() {
			m := tl.Join()
			defer m.Leave()
			sleep := NewSleep(tl.clock)
			for _, at := range []time.Duration{0, 10 * ms, 20 * ms, 30 * ms, 30 * ms, 15 * ms} {
				due, err := m.Wait(t.Context(), at, sleep)
				if err != nil {
					t.Error(err)
				}
				if want := After(tl.origin, at); due != want {
					t.Errorf("what is due at %v was due on the clock at %d, not %d", at, due, want)
				}
				mu.Lock()
				woken = append(woken, now())
				mu.Unlock()
			}
		}()
		<-time.After(time.Hour)
		wokenBy()
		tl.run(0, 20*ms)
		wokenBy(time.Hour)
		<-time.After(time.Hour)
		wokenBy(time.Hour, time.Hour+10*ms)
		tl.run(20*ms, Forever) // at 2 h
		<-time.After(time.Hour)
		// 15 ms of trial time had passed when it was asked for.
		wokenBy(time.Hour, time.Hour+10*ms, 2*time.Hour, 2*time.Hour+10*ms, 2*time.Hour+10*ms, 2*time.Hour+10*ms)
	})
}

// Trial time stands still at the mark and goes on from there.
func TestNow(t *testing.T) {
	inBubble(t, func(t *testing.T, tl *Timeline, _ func() time.Duration) {
		m := tl.Join()
		defer m.Leave()
		is := func(want time.Duration) {
			t.Helper()
			if got := m.Now(); got != want {
				t.Errorf("trial time is %v, not %v", got, want)
			}
		}
		is(0)
		<-time.After(time.Hour)
		is(0)
		tl.run(-5*ms, 20*ms) // begins in 5 ms
		is(-5 * ms)
		<-time.After(15 * ms)
		is(10 * ms)
		<-time.After(time.Hour)
		is(20 * ms)
		tl.run(20*ms, Forever)
		<-time.After(time.Hour)
		is(time.Hour + 20*ms)
	})
}

// AtRest returns at the mark, not before, and then only when every member has
// come to wait.
func TestAtRestWaitsForBusyMembers(t *testing.T) {
	inBubble(t, func(t *testing.T, tl *Timeline, now func() time.Duration) {
		for _, busy := range []time.Duration{0, 3 * ms, 8 * ms} { // past the mark
			go func() {
				m := tl.Join()
				defer m.Leave()
				m.Wait(t.Context(), 9*ms, NewSleep(tl.clock))
				<-time.After(1*ms + busy)
				m.Wait(t.Context(), 10*ms, NewSleep(tl.clock))
			}()
		}
		leaver := tl.Join()
		go func() {
			<-time.After(12 * ms)
			leaver.Leave()
		}()
		synctest.Wait()
		tl.run(0, 10*ms)
		if err := tl.AtRest(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := now(); got != 18*ms {
			t.Errorf("it is at rest at %v, not at 18 ms", got)
		}
		tl.run(10*ms, Forever)
	})
}

// late wakes a member some time after it was due, as a timer of a busy process
// does.
type late struct {
	*Alarm
	by time.Duration
}

func (l late) Wait(ctx context.Context, due int64, interrupt <-chan struct{}) error {
	return l.Alarm.Wait(ctx, After(due, l.by), interrupt)
}

// A member that is due before the mark but has not been woken yet is not at
// rest.
func TestAtRestWaitsForLateMembers(t *testing.T) {
	inBubble(t, func(t *testing.T, tl *Timeline, now func() time.Duration) {
		var woken time.Duration
		go func() {
			m := tl.Join()
			defer m.Leave()
			m.Wait(t.Context(), 9*ms, late{NewSleep(tl.clock), 5 * ms})
			woken = now()
			m.Wait(t.Context(), 10*ms, NewSleep(tl.clock))
		}()
		synctest.Wait()
		tl.run(0, 10*ms)
		if err := tl.AtRest(t.Context()); err != nil {
			t.Fatal(err)
		}
		if woken != 14*ms || now() != 14*ms {
			t.Errorf("at rest at %v, before a member was woken at %v", now(), woken)
		}
		tl.run(10*ms, Forever)
	})
}

// A member that rests is not at rest any more as soon as a Run has something
// for it to do, even before it knows.
func TestAtRestRightAfterRun(t *testing.T) {
	inBubble(t, func(t *testing.T, tl *Timeline, _ func() time.Duration) {
		var did int
		go func() {
			m := tl.Join()
			defer m.Leave()
			for at := time.Duration(0); ; at += ms {
				if _, err := m.Wait(t.Context(), at, NewSleep(tl.clock)); err != nil {
					return
				}
				did++
			}
		}()
		synctest.Wait()
		for to := 10 * ms; to <= 100*ms; to += 10 * ms {
			tl.run(to, to) // all of it is past
			if err := tl.AtRest(t.Context()); err != nil {
				t.Fatal(err)
			}
			if want := int(to / ms); did != want {
				t.Fatalf("at rest at %v after %d of %d things to do", to, did, want)
			}
		}
	})
}

// Who has left is not waited for, whether it left at work or at rest.
func TestAtRestForgetsWhoLeft(t *testing.T) {
	inBubble(t, func(t *testing.T, tl *Timeline, _ func() time.Duration) {
		for range 3 {
			ctx, cancel := context.WithCancel(t.Context())
			resting := tl.Join()
			left := make(chan struct{})
			go func() {
				defer close(left)
				defer resting.Leave()
				resting.Wait(ctx, Forever, NewSleep(tl.clock))
			}()
			synctest.Wait()
			cancel()
			<-left
			tl.Join().Leave()
			tl.run(0, 10*ms)
			deadline, cancel := context.WithTimeout(t.Context(), time.Hour)
			defer cancel()
			if err := tl.AtRest(deadline); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// A mark that is moved while somebody waits for it is waited for where it is.
func TestAtRestFollowsRun(t *testing.T) {
	inBubble(t, func(t *testing.T, tl *Timeline, now func() time.Duration) {
		tl.run(0, 10*time.Hour)
		go func() {
			<-time.After(5 * ms)
			tl.run(5*ms, 20*ms)
		}()
		if err := tl.AtRest(t.Context()); err != nil || now() != 20*ms {
			t.Errorf("at rest at %v, with %v", now(), err)
		}
	})
}

func TestAtRestWithNobody(t *testing.T) {
	inBubble(t, func(t *testing.T, tl *Timeline, now func() time.Duration) {
		if err := tl.AtRest(t.Context()); err != nil || now() != 0 {
			t.Errorf("at rest at %v, with %v", now(), err)
		}
	})
}

// The end of its context ends every wait.
func TestWaitsEndWithContext(t *testing.T) {
	inBubble(t, func(t *testing.T, tl *Timeline, now func() time.Duration) {
		busy := tl.Join()
		defer busy.Leave()
		m := tl.Join()
		defer m.Leave()
		waits := map[string]func(context.Context) error{
			"at the mark": func(ctx context.Context) error {
				_, err := m.Wait(ctx, 10*time.Hour, NewSleep(tl.clock))
				return err
			},
			"before it": func(ctx context.Context) error {
				_, err := m.Wait(ctx, 10*time.Hour-1, NewSleep(tl.clock))
				return err
			},
			"until it":                tl.AtRest,
			"for members, at its end": func(ctx context.Context) error { tl.run(0, 0); return tl.AtRest(ctx) },
			"for what is due": func(ctx context.Context) error {
				<-ctx.Done()
				tl.run(0, Forever)
				_, err := m.Wait(ctx, 0, NewSleep(tl.clock))
				return err
			},
		}
		for name, wait := range waits {
			tl.run(0, 10*time.Hour)
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			begun := now()
			if err := wait(ctx); !errors.Is(err, context.DeadlineExceeded) || now()-begun != time.Minute {
				t.Errorf("waiting %s ended after %v with %v", name, now()-begun, err)
			}
			cancel()
		}
	})
}
