package wire

import (
	"errors"
	"net"
	"sync/atomic"
)

// Conn counts into a Tally what passes the connection it wraps.
type Conn struct {
	net.Conn
	tally *Tally
	flow  flow
	// secured is how far TLS on this connection is.
	secured secured
	closed  atomic.Bool
	// asked is set between a write and the read that follows it, turns counts
	// such reads: the round trips that this end has waited for.
	asked atomic.Bool
	turns atomic.Int64
	// sockets, if set, reads the kernel's own counts before the connection is gone.
	sockets *Sockets
	// out is what writes that are tried need; nil: none are.
	out atomic.Pointer[outbox]
}

// flow is what has passed one connection at one layer of it.
type flow struct{ read, written, reads atomic.Int64 }

// NewConn wraps a connection that was just opened.
func NewConn(c net.Conn, t *Tally) *Conn {
	t.Conns.Add(1)
	return &Conn{Conn: c, tally: t}
}

// Read implements net.Conn. Bytes that come with an error count too.
func (c *Conn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if n > 0 {
		c.tally.Reads.Add(1)
		c.tally.BytesRead.Add(int64(n))
		c.flow.read.Add(int64(n))
		c.flow.reads.Add(1)
		if c.asked.Load() {
			c.asked.Store(false)
			c.turns.Add(1)
		}
	}
	return n, err
}

// Write implements net.Conn. Bytes that went out before an error count too.
func (c *Conn) Write(p []byte) (int, error) {
	c.asked.Store(true)
	if o := c.out.Load(); o != nil {
		return c.share(o, p)
	}
	n, err := c.Conn.Write(p)
	c.wrote(n)
	return n, err
}

// wrote counts what one call has written to the socket.
func (c *Conn) wrote(n int) {
	if n > 0 {
		c.flow.written.Add(int64(n))
		c.writtenByTLS(n)
		c.tally.Writes.Add(1)
		c.tally.BytesWritten.Add(int64(n)) // last: who sees it sees what it consists of
	}
}

// Close implements net.Conn. Only the first counts.
func (c *Conn) Close() error {
	if c.sockets != nil {
		c.sockets.leave(c)
	}
	if c.closed.CompareAndSwap(false, true) {
		c.tally.closed()
		if o := c.out.Load(); o != nil {
			c.drop(o)
		}
	}
	return c.Conn.Close()
}

// CloseWrite ends what this end sends, where the connection can be ended one way.
func (c *Conn) CloseWrite() error { return closeWrite(c.Conn) }

func closeWrite(c net.Conn) error {
	if half, ok := c.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return errors.ErrUnsupported
}

type listener struct {
	net.Listener
	tally *Tally
}

// Listener counts every connection that l accepts.
func Listener(l net.Listener, t *Tally) net.Listener { return listener{l, t} }

func (l listener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return NewConn(c, l.tally), nil
}
