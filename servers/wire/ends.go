package wire

import (
	"context"
	"slices"
	"sync"
)

// Ends is when things came to their end: a server's connections, a fleet's
// subscriptions. Whoever has made the other end fall silent asks it how many
// have noticed, and when.
type Ends struct {
	Now func() int64 // the clock, in ns

	mu   sync.Mutex
	at   []int64
	more chan struct{} // closed by the next Add; nil: nobody waits for it
}

// Add notes that something ended just now.
func (e *Ends) Add() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.at = append(e.at, e.Now()) // read under the lock, so that they stand in order
	if e.more != nil {
		close(e.more)
		e.more = nil
	}
}

// Await waits until n have ended or ctx has, and returns when each of those
// that have ended until then did, in order.
func (e *Ends) Await(ctx context.Context, n int) []int64 {
	for {
		e.mu.Lock()
		if len(e.at) >= n || ctx.Err() != nil {
			defer e.mu.Unlock()
			return slices.Clone(e.at)
		}
		if e.more == nil {
			e.more = make(chan struct{})
		}
		more := e.more
		e.mu.Unlock()
		select {
		case <-more:
		case <-ctx.Done():
		}
	}
}
