package fleet

import (
	"context"
	"io"

	"pushbench/servers/feed"
)

// counted is an event loop that counts the subscribers which it reads for.
type counted struct {
	feed.Loop
	r *recorder
}

// Attach implements feed.Loop. A subscriber that has an event has been counted.
func (l counted) Attach(ctx context.Context, conn io.ReadCloser, to feed.Receiver, done func(error)) bool {
	l.add(1)
	if l.Loop.Attach(ctx, conn, to, done) {
		return true
	}
	l.add(-1)
	return false
}

func (l counted) add(n int) {
	l.r.mu.Lock()
	defer l.r.mu.Unlock()
	l.r.looped += n
}
