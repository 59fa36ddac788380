package wsbare

import (
	"errors"
	"io"
	"time"
)

// lingering is how long a server goes on reading after it has told a client off,
// before it closes the socket.
const lingering = 200 * time.Millisecond

// goAway ends a server's connection as §7.1.1 has it: a close frame goes and the
// client's comes, and then whoever reads the connection closes the socket, and
// says by left that it has. A client that takes its time is not waited for.
func (c *Conn) goAway(why error, left <-chan struct{}) {
	late := time.AfterFunc(patience, func() { c.Close() })
	defer late.Stop()
	c.send(opClose, appendStatus(nil, StatusGoingAway, why.Error()))
	<-left
}

// leave closes a server's connection for good after an error of NextMessage, or
// with a Violation of the server's own making, which the client is told.
//
// To close a socket with bytes in it that nobody has read resets the connection,
// and the reset may overtake the close frame (§7.1.1): the client would never
// learn why. So where there is something to learn, what it still sends is read
// and dropped, until it leaves, which it does when it has read the reason, or
// for a moment.
func (c *Conn) leave(err error) {
	defer c.giveUp()
	defer c.Close() // first, so that no write is stuck
	var told *Violation
	if !errors.As(err, &told) {
		return
	}
	if c.err == nil { // NextMessage has not told it
		c.fail(err)
	}
	late := time.AfterFunc(lingering, func() { c.Close() })
	defer late.Stop()
	if half, ok := c.socket.(interface{ CloseWrite() error }); ok {
		half.CloseWrite()
	}
	io.Copy(io.Discard, c.socket)
}

// giveUp lets go of what the connection had for writing.
func (c *Conn) giveUp() {
	c.writing.Lock()
	defer c.writing.Unlock()
	c.closing = true
	if d := c.deflater(); d != nil {
		d.end()
	}
}
