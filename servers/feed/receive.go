package feed

import (
	"context"
	"errors"
	"fmt"
	"io"
)

// Intake takes what a transport that pushes sends to pieces as it comes. It keeps no
// more of it than what is not whole.
type Intake interface {
	// Take takes what was read next, which may end anywhere, and emits the events
	// that are whole with it.
	Take(p []byte) error
	// Pending is how many bytes of an event are there that is not whole.
	Pending() int
	// End says what it means that reading ended with err, io.EOF where the other end
	// left. It is called once, unless Take has failed.
	End(err error) error
}

const (
	// readSize is what is read at once to begin with (bytes): several events of the
	// usual sizes. It is a size class of Go's allocator, and not that of 1 KB: HTTP's
	// buffers come in powers of two, and where they have been garbage before it they
	// would leave holes that cost another 250 B a subscriber.
	readSize = 896
	// maxRead bounds what is read at once where events are large (bytes).
	maxRead = 64 << 10
	// MaxRoom is the most memory that is kept for the next event (bytes): a feed whose
	// events took it once will need it again, but one that is larger than any of the
	// scenarios' is let go of.
	MaxRoom = 2 << 20
	// MaxEncoded bounds what a client end takes for one event (bytes): that of a
	// body of 64 MB in base64 is less.
	MaxEncoded = 128 << 20
	// maxEmptyReads is how often in a row a source may return nothing at all.
	maxEmptyReads = 100
)

// Receive is the client end of a transport that has left HTTP, once it is subscribed:
// what comes on the connection goes to the intake, until the connection or ctx ends.
// It closes the connection. Where the subscription's loop takes that, it returns
// ErrAttached at once.
func (s *Subscription) Receive(ctx context.Context, conn io.ReadCloser, in Intake) error {
	if s.attach(ctx, conn, in, "") {
		return ErrAttached
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	return ended(ctx, "", read(conn, in))
}

// read reads a connection to its end, to memory that grows only where events do not
// fit. It never returns nil: a feed does not end well.
func read(conn io.Reader, in Intake) error {
	p := make([]byte, readSize)
	for empty := 0; ; {
		n, err := conn.Read(p)
		if n > 0 {
			empty = 0
			if bad := in.Take(p[:n]); bad != nil {
				return bad
			}
			if in.Pending() > len(p) && len(p) < maxRead {
				p = make([]byte, 2*len(p))
			}
		} else if empty++; empty == maxEmptyReads && err == nil {
			err = io.ErrNoProgress
		}
		if err != nil {
			return in.End(err)
		}
	}
}

// ended is what a subscription ends with, whoever has read its connection: an error
// that begins with a path, where there is one, and nil where ctx has ended.
func ended(ctx context.Context, path string, err error) error {
	if path != "" {
		err = fmt.Errorf("%s: %w", path, err)
	}
	return UnlessCancelled(ctx, err)
}

// AnswerEnded says what it means that reading an ongoing answer ended with err, when
// so many bytes were there of an event that is not whole. It is the End of an Intake.
func AnswerEnded(err error, pending int) error {
	switch {
	case err == io.EOF && pending > 0:
		return fmt.Errorf("the server ended its answer %d bytes into an event", pending)
	case err == io.EOF:
		return errors.New("the server ended its answer")
	}
	return fmt.Errorf("read the server's answer: %w", err)
}
