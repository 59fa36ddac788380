package feed

import (
	"math"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// threadCPU is the CPU time of the calling thread, to which the caller must
// have locked its goroutine.
func threadCPU() time.Duration {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &ts); err != nil {
		return 0
	}
	return time.Duration(ts.Nano())
}

// timerfd is a kernel timer that wakes Go's network poller (timerfd_create(2)).
type timerfd struct {
	file *os.File
	raw  int
	C    chan struct{} // one tick for each expiry, dropped if none waits
}

// newTimerfd returns nil if the kernel refuses one: the runtime timer then
// works alone.
func newTimerfd() *timerfd {
	raw, err := unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_NONBLOCK|unix.TFD_CLOEXEC)
	if err != nil {
		return nil
	}
	// A descriptor that does not block is one that os.File hands to the poller.
	t := &timerfd{file: os.NewFile(uintptr(raw), "timerfd"), raw: raw, C: make(chan struct{}, 1)}
	go func() {
		expirations := make([]byte, 8)
		for {
			if _, err := t.file.Read(expirations); err != nil {
				return // closed
			}
			select {
			case t.C <- struct{}{}:
			default:
			}
		}
	}()
	return t
}

// longest is what fits the seconds of a timer on any CPU, 68 years.
const longest = math.MaxInt32 * time.Second

// after arms the timer for a time from now, in place of what it was set to. A tick
// of an earlier setting may still be pending: callers look at the clock again.
func (t *timerfd) after(left time.Duration) <-chan struct{} {
	if t == nil {
		return nil
	}
	spec := unix.ItimerSpec{Value: unix.NsecToTimespec(int64(min(left, longest)))}
	if err := unix.TimerfdSettime(t.raw, 0, &spec, nil); err != nil {
		return nil
	}
	return t.C
}

func (t *timerfd) close() {
	if t != nil {
		t.file.Close()
	}
}
