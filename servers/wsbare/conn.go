// Package wsbare is WebSocket (RFC 6455, with the compression of RFC 7692) on
// the standard library alone, both ends of it, written to be read and to be
// lean. Its client end is the fleet's for every WebSocket server, so that
// servers are compared under the same client; its server end is the feed's
// cheapest.
//
//	Dial ─▶ Conn ─▶ take, NextMessage ─▶ frame ─▶ header ─▶ message ─▶ inflated, where it came compressed
//	Accept ─┘ §4                                   §5.2      §5.4  └▶ control frame, answered on the way   §5.5, §7
//	            └─▶ WriteMessage ─▶ deflated, where that was agreed ─▶ frame, in one write
//
// Each file is a part of the RFC: dial.go and accept.go are the two ends of its
// section 4, with handshake.go for what both need, origin.go for 10.2 and
// extension.go for 9.1; frame.go is 5.2, mask.go 5.3, message.go and write.go
// 5.4 to 5.6 and 8.1, control.go 5.5, status.go and leave.go 7. RFC 7692 is
// in negotiate.go and deflate.go; inbox.go is for whoever reads message by message.
// Section numbers in the code are RFC 6455's unless they name another. What the feed
// adds is in transport.go, subscribe.go and watch.go (client end), serve.go,
// shared.go and heartbeat.go (server end).
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

// Conn is one end of a WebSocket connection. Either take is given what comes on it, or
// NextMessage reads it. One goroutine may do that; any may write to it or close it. The
// first error of what comes ends it: every later one is the same.
//
// A server has thousands of these and a fleet of subscribers as many, so what
// not every connection needs is behind a pointer.
type Conn struct {
	// What each message needs stands together: none of it is in the processor's cache
	// when one comes.
	err       error       // that ended reading
	buffer    feed.Buffer // of what came and is no whole frame
	fragments *fragments  // of a message in several frames; nil before the first
	agreed    *agreement  // nil: neither extension nor subprotocol
	meter     *feed.Meter // nil: nobody counts
	limit     int32       // bytes of a message
	role      role
	closing   bool // a close frame has been sent; guarded by writing

	writing   sync.Mutex
	socket    io.ReadWriteCloser
	in        *inbox     // of NextMessage; nil: nobody has called it
	heartbeat *heartbeat // nil: this end does not ping
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

// MaxMessage bounds a message unless an end sets a lower limit (bytes): the
// longest event fits.
const MaxMessage = 128 << 20

// patience is how long the other end may take to read a control frame of ours,
// or to answer our close frame with its own.
const patience = 10 * time.Second

// newClient makes the client end of a connection that is upgraded.
func newClient(socket io.ReadWriteCloser, meter *feed.Meter) *Conn {
	return &Conn{role: client, socket: socket, meter: meter, limit: MaxMessage}
}

// newServer makes the server end. The client may have sent the early bytes
// already.
func newServer(socket io.ReadWriteCloser, early []byte, limit int) *Conn {
	return &Conn{role: server, socket: socket, in: &inbox{came: early}, limit: int32(limit)}
}

// take takes what came next on the connection, which may end anywhere, and hands on
// each text or binary message that is whole with it, valid until handle returns. Its
// errors are NextMessage's, and handle's.
func (c *Conn) take(p []byte, handle func(Opcode, []byte) error) error {
	if c.err != nil {
		return c.err
	}
	for {
		frame, rest, err := c.buffer.Next(p, c.frameSize)
		var op Opcode
		var message []byte
		if frame != nil {
			op, message, err = c.frame(frame)
		}
		switch {
		case err != nil:
			c.fail(err)
			return c.err
		case frame == nil:
			c.buffer.Release()
			return nil
		case op != opContinuation:
			err = handle(op, message)
			c.release()
		}
		if err != nil {
			return err
		}
		p = rest
	}
}

// end says what it means that reading for take ended with err, io.EOF where the other
// end has left.
func (c *Conn) end(err error) error {
	if err == io.EOF && len(c.buffer.Held()) > 0 {
		err = io.ErrUnexpectedEOF
	}
	if c.err == nil {
		c.fail(err)
	}
	return c.err
}

// NextMessage reads the connection up to the next text or binary message, which is
// valid until the next call. Pings and a close are answered on the way. The error is a
// CloseError where the other end closed the connection, and a Violation where it broke
// the protocol; it has then been told so, and all that is left to do is Close.
func (c *Conn) NextMessage() (Opcode, []byte, error) {
	if c.err != nil {
		return 0, nil, c.err
	}
	c.release() // the last message's memory, before the wait for the next
	op, message, err := c.readMessage()
	if err != nil {
		c.fail(err)
	}
	return op, message, c.err
}

// release lets go of the memory that the last message was inflated in.
func (c *Conn) release() {
	if c.agreed != nil && c.agreed.inflater != nil {
		c.agreed.inflater.release()
	}
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
