package feed

import (
	"context"
	"errors"
	"io"
)

// Loop is an event loop: it reads any number of connections in one goroutine, where
// each would have one of its own.
type Loop interface {
	// Attach takes a connection over: what comes on it goes to the receiver, until the
	// connection or ctx ends. The connection is closed then, and done is told why: by
	// Take's error, or by what End makes of that of reading. It reports whether it can
	// take it; where it cannot, it has done nothing. The connection may be written to
	// and closed meanwhile.
	Attach(ctx context.Context, conn io.ReadCloser, to Receiver, done func(error)) bool
}

// Receiver takes what a Loop reads, one call at a time. An Intake is one.
type Receiver = interface {
	Take(p []byte) error
	End(err error) error
}

// ErrAttached is what Subscribe returns where the subscription goes on in its Loop.
var ErrAttached = errors.New("the subscription goes on in an event loop")

// attach hands a connection to the subscription's loop, if it has one that can take
// it. An uplink has a goroutine anyway, which needs to learn at once how the feed ends.
func (s *Subscription) attach(ctx context.Context, conn io.ReadCloser, in Intake, path string) bool {
	if s.Loop == nil || s.Uplink != nil {
		return false
	}
	done := s.Done // all that is kept of the subscription
	return s.Loop.Attach(ctx, conn, in, func(err error) { done(ended(ctx, path, err)) })
}
