package feed

import (
	"context"
	"errors"
	"testing"
	"time"

	"pushbench/servers/test/need"
)

// An alarm never wakes anybody early, though a tick of an earlier setting may
// still be pending, and it takes its interrupts and its context's end at once:
// were it to wait for its hour, this test would.
func TestAlarm(t *testing.T) {
	clock := NewClock()
	alarm := NewAlarm(clock)
	defer alarm.Close()
	interrupted := make(chan struct{})
	close(interrupted)
	over, cancel := context.WithCancel(t.Context())
	cancel()
	hour := int64(time.Hour)
	for i := range 50 {
		if err := alarm.Wait(t.Context(), clock.Now()+int64(50*time.Microsecond), interrupted); err != nil {
			t.Fatal(err)
		}
		due := clock.Now() + int64(i)*int64(20*time.Microsecond)
		if err := alarm.Wait(t.Context(), due, nil); err != nil {
			t.Fatal(err)
		}
		if now := clock.Now(); now < due {
			t.Fatalf("woken %d ns early", due-now)
		}
		if err := alarm.Wait(t.Context(), clock.Now()+hour, interrupted); err != nil {
			t.Fatal(err)
		}
		if err := alarm.Wait(over, clock.Now()+hour, nil); !errors.Is(err, context.Canceled) {
			t.Fatalf("the alarm ended with %v", err)
		}
		if err := alarm.Wait(over, 0, nil); !errors.Is(err, context.Canceled) {
			t.Fatalf("an alarm that was due before ended with %v", err)
		}
	}
}

func TestTimerfd(t *testing.T) {
	fd := newTimerfd()
	need.That(t, fd != nil, "timerfd, which only Linux has")
	defer fd.close()
	<-fd.after(time.Millisecond)
	if fd.after(Forever) == nil { // the kernel refuses what it cannot hold
		t.Error("it cannot be set to the end of time")
	}
}

// Without a timerfd it keeps the same promises.
func TestSleep(t *testing.T) {
	inBubble(t, func(t *testing.T, tl *Timeline, now func() time.Duration) {
		clock := tl.clock
		sleep := NewSleep(clock)
		interrupted := make(chan struct{})
		close(interrupted)
		over, cancel := context.WithCancel(t.Context())
		cancel()
		for _, c := range []struct {
			name      string
			ctx       context.Context
			left      time.Duration
			interrupt <-chan struct{}
			takes     time.Duration
			err       error
		}{
			{"until it is due", t.Context(), time.Hour, nil, time.Hour, nil},
			{"until it is interrupted", t.Context(), time.Hour, interrupted, 0, nil},
			{"again", t.Context(), time.Minute, nil, time.Minute, nil},
			{"until its context ends", over, time.Hour, nil, 0, context.Canceled},
			{"for what is past", t.Context(), -time.Hour, nil, 0, nil},
			{"once more", t.Context(), time.Second, nil, time.Second, nil},
		} {
			begun := now()
			err := sleep.Wait(c.ctx, clock.Now()+int64(c.left), c.interrupt)
			if took := now() - begun; took != c.takes || !errors.Is(err, c.err) {
				t.Errorf("sleeping %s took %v, not %v, and ended with %v", c.name, took, c.takes, err)
			}
		}
	})
}
