package fleet

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"pushbench/servers/feed"
)

// Whoever sleeps is woken, not before it is due, whatever order they came in.
func TestBell(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	clock := feed.NewClock()
	b := newBell(ctx, clock)
	var all sync.WaitGroup
	for i := range 50 {
		all.Go(func() {
			s := b.sleeper()
			rng := rand.New(rand.NewPCG(1, uint64(i)))
			for range 10 {
				due := clock.Now() + rng.Int64N(int64(5*time.Millisecond))
				if err := s.Wait(ctx, due, nil); err != nil {
					t.Errorf("woken with %v", err)
				}
				if now := clock.Now(); now < due {
					t.Errorf("woken %v before it was due", time.Duration(due-now))
				}
			}
		})
	}
	all.Wait()
	if n := len(b.sleepers); n != 0 {
		t.Errorf("%d still sleep", n)
	}
}

// A sleep ends early by an interrupt or the end of its context, and the sleeper
// can sleep again.
func TestBellInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	clock := feed.NewClock()
	b := newBell(ctx, clock)
	s := b.sleeper()
	interrupt := make(chan struct{})
	close(interrupt)
	far := clock.Now() + int64(time.Hour)
	for range 100 {
		if err := s.Wait(ctx, far, interrupt); err != nil {
			t.Fatal(err)
		}
		due := clock.Now() // rung and interrupted at once
		if err := s.Wait(ctx, due, interrupt); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Wait(ctx, clock.Now()+1, nil); err != nil {
		t.Fatal(err)
	}
	over, end := context.WithCancel(ctx)
	end()
	if err := s.Wait(over, far, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("the end of its context gives %v", err)
	}
	if n := len(b.sleepers); n != 0 {
		t.Errorf("%d still sleep", n)
	}
}
