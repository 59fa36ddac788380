//go:build !linux

package feed

import "time"

// timerfd exists on Linux only; elsewhere the runtime timer works alone.
type timerfd struct{}

func newTimerfd() *timerfd                           { return nil }
func (*timerfd) after(time.Duration) <-chan struct{} { return nil }
func (*timerfd) close()                              {}
