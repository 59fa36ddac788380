package feed

import (
	"context"
	"time"
)

// Alarm wakes the publisher at an instant without spinning, since spinning
// would be charged to the server that is being measured.
//
// A runtime timer alone is up to a millisecond late in an idle process,
// because epoll counts in milliseconds; a timerfd in the poller is prompt
// there, but waits its turn in a busy process, where the scheduler looks at
// runtime timers first. So both are set and whichever fires first counts.
type Alarm struct {
	clock Clock
	timer *time.Timer
	fd    *timerfd // nil where the timer works alone
}

// NewAlarm makes an alarm. Close it after use.
func NewAlarm(clock Clock) *Alarm {
	a := NewSleep(clock)
	a.fd = newTimerfd()
	return a
}

// NewSleep makes an alarm on a runtime timer alone, which needs no Close. It is good
// for thousands of subscribers that may each be a fraction of a millisecond late.
func NewSleep(clock Clock) *Alarm {
	t := time.NewTimer(time.Hour)
	t.Stop()
	return &Alarm{clock: clock, timer: t}
}

// Wait implements Waiter.
func (a *Alarm) Wait(ctx context.Context, due int64, interrupt <-chan struct{}) error {
	for {
		left := Between(a.clock.Now(), due)
		if left <= 0 {
			return ctx.Err()
		}
		a.timer.Reset(left)
		select {
		case <-a.timer.C:
		case <-a.fd.after(left):
		case <-interrupt:
			a.timer.Stop()
			return nil
		case <-ctx.Done():
			a.timer.Stop()
			return ctx.Err()
		}
	}
}

// Close releases the alarm's descriptor.
func (a *Alarm) Close() {
	a.timer.Stop()
	a.fd.close()
}
