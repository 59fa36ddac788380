package wsbare

import (
	"io"
	"time"

	"pushbench/servers/feed"
)

// inbox is what NextMessage reads with. A server has thousands of them that wait, so
// it reads to a few bytes, and to more only while a frame has begun: see feed.Buffer.
//
// On a server time runs once a message has begun, within its frames and between them.
type inbox struct {
	came  []byte // read and not yet taken; in small, in the buffer's room, or what came early
	hurry bool   // a deadline is set
	small [smallRead]byte
}

// smallRead holds a close frame, a pong, or a message of the usual size (bytes).
const smallRead = 128

// readMessage reads up to the end of a message.
func (c *Conn) readMessage() (Opcode, []byte, error) {
	if c.in == nil {
		c.in = new(inbox)
	}
	for {
		frame, err := c.readFrame()
		if err != nil {
			return 0, nil, err
		}
		op, message, err := c.frame(frame)
		if err == nil && c.in.hurry && c.underWay() == nil {
			c.in.hurry = false
			c.setReadDeadline(time.Time{})
		}
		if err != nil || op != opContinuation {
			return op, message, err
		}
	}
}

// readFrame returns the next frame, valid until the next call.
func (c *Conn) readFrame() ([]byte, error) {
	for {
		frame, rest, err := c.buffer.Next(c.in.came, c.frameSize)
		if c.in.came = rest; frame != nil || err != nil {
			return frame, err
		}
		n, err := c.read()
		if n > 0 {
			continue // an error that came along comes again
		}
		if err == io.EOF && len(c.buffer.Held()) > 0 {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return nil, err
		}
	}
}

// read reads once, when nothing is left of what came before.
func (c *Conn) read() (n int, err error) {
	begun := len(c.buffer.Held()) > 0
	if (begun || c.underWay() != nil) && !c.in.hurry && c.role == server {
		c.in.hurry = true
		c.setReadDeadline(time.Now().Add(feed.MessageTime))
	}
	to := c.in.small[:]
	if begun {
		to = c.buffer.Space()
	} else {
		c.buffer.Release()
	}
	n, err = c.socket.Read(to)
	c.in.came = to[:n]
	return n, err
}

// await waits for the next message's first bytes. NextMessage would too, from a depth
// of calls for which a goroutine needs twice the stack: one that waits waits here. An
// error comes again.
func (c *Conn) await() {
	if c.err == nil && len(c.in.came) == 0 {
		c.buffer.Release()
		n, _ := c.socket.Read(c.in.small[:])
		c.in.came = c.in.small[:n]
	}
}

// setReadDeadline limits how long reads may take, where the socket is a connection.
func (c *Conn) setReadDeadline(t time.Time) {
	if d, ok := c.socket.(interface{ SetReadDeadline(time.Time) error }); ok {
		d.SetReadDeadline(t) // where it fails, so does the read
	}
}
