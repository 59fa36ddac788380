// Package wsbare is WebSocket (RFC 6455, with the compression of RFC 7692) on
// the standard library alone, both ends of it, written to be read and to be
// lean. Its client end is the fleet's for every WebSocket server, so that
// servers are compared under the same client; its server end is the feed's
// cheapest.
//
//	Dial ─▶ Conn ─▶ NextMessage ─▶ header ─▶ payload ─▶ message ─▶ inflated, where it came compressed
//	Accept ─┘ §4        §5.4         §5.2      §5.3    └▶ control frame, answered on the way   §5.5, §7
//	            └─▶ WriteMessage ─▶ deflated, where that was agreed ─▶ frame, in one write
//
// Each file is a part of the RFC: dial.go and accept.go are the two ends of its
// section 4, with handshake.go for what both need, origin.go for 10.2 and
// extension.go for 9.1; frame.go is 5.2, mask.go 5.3, message.go and write.go
// 5.4 to 5.6 and 8.1, control.go 5.5, status.go and leave.go 7. RFC 7692 is
// in negotiate.go and deflate.go. Section numbers in the code are RFC 6455's
// unless they name another. What the feed adds is in transport.go, subscribe.go
// (client end), serve.go, shared.go and heartbeat.go (server end).
package wsbare

import (
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"pushbench/servers/feed"
)

// role is which end of a connection this is.
type role bool

const (
	client role = false
	server role = true
)

func (r role) String() string {
	if r == server {
		return "server"
	}
	return "client"
}

// peer is the other end.
func (r role) peer() role { return !r }

// Conn is one end of a WebSocket connection. One goroutine may read it, any may
// write to it or close it. The first error of a read ends it: every later read
// returns the same.
//
// A server has thousands of these and a fleet of subscribers as many, so what
// not every connection needs is behind a pointer.
type Conn struct {
	socket    io.ReadWriteCloser
	in        input
	meter     *feed.Meter // nil: nobody counts
	err       error       // that ended reading
	fragments *fragments  // of a message in several frames; nil before the first
	agreed    *agreement  // nil: neither extension nor subprotocol
	heartbeat *heartbeat  // nil: this end does not ping
	writing   sync.Mutex
	limit     int32 // bytes of a message
	role      role
	closing   bool // a close frame has been sent; guarded by writing
}

// agreement is what the handshake has added to the bare protocol.
type agreement struct {
	subprotocol string
	inflater    *inflater // of messages that come; nil: none comes compressed
	deflater    *deflater // of messages that go; nil: none goes compressed
}

// orNil is nil where there is nothing to keep.
func (a agreement) orNil() *agreement {
	if a == (agreement{}) {
		return nil
	}
	return &a
}

// input is what has been read from the socket and not yet taken: a feed.Buffer
// at the client, an inbox at the server.
type input interface {
	// Peek returns the next n bytes, valid until the next call, and leaves them:
	// with io.EOF if there is none, io.ErrUnexpectedEOF if there are fewer.
	Peek(n int) ([]byte, error)
	// Take takes them.
	Take(n int) ([]byte, error)
}

// MaxMessage bounds a message unless an end sets a lower limit (bytes): the
// longest event fits.
const MaxMessage = 128 << 20

// patience is how long the other end may take to read a control frame of ours,
// or to answer our close frame with its own.
const patience = 10 * time.Second

// newClient makes the client end of a connection that is upgraded.
func newClient(socket io.ReadWriteCloser, meter *feed.Meter) *Conn {
	return &Conn{role: client, socket: socket, in: feed.NewBuffer(socket), meter: meter, limit: MaxMessage}
}

// newServer makes the server end. The client may have sent the early bytes
// already.
func newServer(socket io.ReadWriteCloser, early []byte, limit int) *Conn {
	return &Conn{role: server, socket: socket, in: newInbox(socket, early), limit: int32(limit)}
}

// NextMessage returns the next text or binary message, valid until the next
// call. Pings and a close are answered on the way. The error is a CloseError
// where the other end closed the connection, and a Violation where it broke the
// protocol; it has then been told so, and all that is left to do is Close.
func (c *Conn) NextMessage() (Opcode, []byte, error) {
	if c.err != nil {
		return 0, nil, c.err
	}
	if c.agreed != nil && c.agreed.inflater != nil {
		c.agreed.inflater.release() // the last message's memory, before the wait for the next
	}
	op, payload, err := c.message()
	if err != nil {
		c.fail(err)
	}
	return op, payload, c.err
}

// fail ends reading. Who broke the protocol is told how (§7.1.7), whether or
// not that arrives.
func (c *Conn) fail(err error) {
	switch e := err.(type) {
	case *Violation:
		c.send(opClose, appendStatus(nil, e.Status, e.Reason))
		c.err = e
	case *CloseError:
		c.err = e
	default:
		switch {
		case err == io.EOF:
			err = fmt.Errorf("the %v left without a close frame", c.role.peer())
		case errors.Is(err, os.ErrDeadlineExceeded):
			err = fmt.Errorf("the %v began a message and did not end it within %v", c.role.peer(), feed.MessageTime)
		}
		c.err = fmt.Errorf("websocket: read a message: %w", err)
	}
}

// Subprotocol is what the handshake agreed on; empty: nothing.
func (c *Conn) Subprotocol() string {
	if c.agreed == nil {
		return ""
	}
	return c.agreed.subprotocol
}

// Close closes the connection as it is, without the closing handshake of §7.1.2.
func (c *Conn) Close() error { return c.socket.Close() }
