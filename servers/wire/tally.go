// Package wire counts what passes a connection, at both of its ends: it wraps
// net.Listener on the server's side and is an http.RoundTripper on the
// subscriber's, so that no transport knows it is being counted.
package wire

import (
	"net"
	"sync/atomic"
)

// Tally counts the bytes and calls of any number of connections, at the
// boundary between the program and its TCP socket.
type Tally struct {
	Conns                   atomic.Int64 // opened
	BytesRead, BytesWritten atomic.Int64
	Reads, Writes           atomic.Int64 // calls that moved at least a byte
}

// Counts is a reading of a Tally.
type Counts struct {
	Conns        int64 `json:"conns"`
	BytesRead    int64 `json:"read"`
	BytesWritten int64 `json:"written"`
	Reads        int64 `json:"reads"`
	Writes       int64 `json:"writes"`
}

// Counts reads the tally. While bytes are in flight the two ends of a
// connection differ; at rest they agree to the byte.
func (t *Tally) Counts() Counts {
	return Counts{
		Conns:        t.Conns.Load(),
		BytesRead:    t.BytesRead.Load(),
		BytesWritten: t.BytesWritten.Load(),
		Reads:        t.Reads.Load(),
		Writes:       t.Writes.Load(),
	}
}

// Sub is what was counted since an earlier reading.
func (c Counts) Sub(earlier Counts) Counts {
	return Counts{
		Conns:        c.Conns - earlier.Conns,
		BytesRead:    c.BytesRead - earlier.BytesRead,
		BytesWritten: c.BytesWritten - earlier.BytesWritten,
		Reads:        c.Reads - earlier.Reads,
		Writes:       c.Writes - earlier.Writes,
	}
}

// Conn counts into a Tally what passes the connection it wraps.
type Conn struct {
	net.Conn
	tally         *Tally
	read, written atomic.Int64 // this connection alone
}

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
		c.read.Add(int64(n))
	}
	return n, err
}

// Write implements net.Conn. Bytes that went out before an error count too.
func (c *Conn) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	if n > 0 {
		c.tally.Writes.Add(1)
		c.tally.BytesWritten.Add(int64(n))
		c.written.Add(int64(n))
	}
	return n, err
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
