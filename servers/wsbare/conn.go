// Package wsbare is WebSocket (RFC 6455) on the standard library alone, as lean
// as it can be: a connection costs one small buffer and is read by whoever asks
// for its next message, so that a fleet of thousands costs little beside the
// servers that it measures. Its client end is the fleet's for every WebSocket
// server, so that servers are compared under the same client.
//
//	Dial ─▶ Conn.NextMessage ─▶ header ─▶ message, or a control frame answered on the way
//	 §4              §5.4          §5.2                       §5.5, §7
//
// Files follow the RFC: handshake.go is its section 4, frame.go 5.2, message.go
// 5.4 to 5.6 and 8, control.go 5.3 and 5.5, status.go 7. Section numbers in the
// code are the RFC's.
package wsbare

import (
	"errors"
	"fmt"
	"io"
	"time"

	"pushbench/servers/feed"
)

// Conn is the client end of a WebSocket connection. One goroutine may read it;
// any may close it. The first error ends it: every later call returns the same.
type Conn struct {
	socket   io.ReadWriteCloser
	in       *feed.Buffer
	meter    *feed.Meter
	limit    int           // bytes of a message
	patience time.Duration // with a server that does not read what we answer
	parts    []byte        // of a message that comes in several frames
	err      error         // that ended it
}

// MaxMessage bounds a message (bytes): the longest event fits.
const MaxMessage = 128 << 20

func newConn(socket io.ReadWriteCloser, meter *feed.Meter) *Conn {
	return &Conn{
		socket:   socket,
		in:       feed.NewBuffer(socket),
		meter:    meter,
		limit:    MaxMessage,
		patience: 10 * time.Second,
	}
}

// NextMessage returns the next text or binary message, valid until the next
// call. Pings and the server's close are answered on the way. The error is a
// CloseError where the server closed the connection, and a Violation where it
// broke the protocol; the server has then been told so, and all that is left to
// do is Close.
func (c *Conn) NextMessage() (Opcode, []byte, error) {
	if c.err != nil {
		return 0, nil, c.err
	}
	op, payload, err := c.message()
	if err != nil {
		c.fail(err)
	}
	return op, payload, c.err
}

// fail ends the connection. A server that broke the protocol is told how
// (§7.1.7), whether or not that arrives.
func (c *Conn) fail(err error) {
	switch e := err.(type) {
	case *Violation:
		c.send(opClose, appendStatus(nil, e.Status, e.Reason))
		c.err = e
	case *CloseError:
		c.err = e
	default:
		if err == io.EOF {
			err = errors.New("the server left without a close frame")
		}
		c.err = fmt.Errorf("websocket: read a message: %w", err)
	}
}

// Close closes the connection as it is, without the closing handshake of §7.1.2.
func (c *Conn) Close() error { return c.socket.Close() }
