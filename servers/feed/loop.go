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
	// connection or ctx ends, and the connection is closed then. It reports whether it
	// can; where it cannot, it has done nothing. The connection may be written to and
	// closed meanwhile.
	Attach(ctx context.Context, conn io.ReadCloser, to Receiver) bool
}

// Receiver takes what a Loop reads, one call at a time.
type Receiver = interface {
	// Take takes what was read next. Its error ends the connection.
	Take(p []byte) error
	// End is called last: with Take's error, or with what ended reading, io.EOF where
	// that was the other end.
	End(err error)
}

// ErrAttached is what Subscribe returns where the subscription goes on in its Loop.
var ErrAttached = errors.New("the subscription goes on in an event loop")

// attach hands a connection to the subscription's loop, if it has one that can take
// it. An uplink has a goroutine anyway, which needs to learn at once how the feed ends.
func (s *Subscription) attach(conn io.ReadCloser, r *receiving) bool {
	return s.Loop != nil && s.Uplink == nil && s.Loop.Attach(r.ctx, conn, r)
}
