//go:build !linux

package feed

import "time"

// timerfd exists on Linux only; elsewhere the runtime timer works alone.
type timerfd struct{}

func newTimerfd() *timerfd                           { return nil }
func (*timerfd) after(time.Duration) <-chan struct{} { return nil }
func (*timerfd) close()                              {}

// threadCPU is not measured here: the publisher's own CPU reads as 0.
func threadCPU() time.Duration { return 0 }
