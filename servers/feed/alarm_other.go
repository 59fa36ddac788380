//go:build !linux

package feed

// timerfd exists on Linux only; elsewhere the runtime timer works alone.
type timerfd struct{}

func newTimerfd() *timerfd                   { return nil }
func (*timerfd) after(int64) <-chan struct{} { return nil }
func (*timerfd) close()                      {}
