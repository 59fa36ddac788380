package wire

import "net"

// secured is how far TLS on a connection is.
type secured uint8

const (
	inClear     secured = iota // there is none
	handshaking                // all that is written is the handshake's
	established                // the handshake has returned
)

// recordOverhead is what a record of TLS 1.3 has beside its content: a header of
// five bytes (RFC 8446 §5.1), a byte that names the content and a tag of 16 bytes
// (§5.2, and §5.3 of RFC 5116 for the AEADs in use).
const recordOverhead = 5 + 1 + 16

// writtenByTLS counts what TLS has written to the socket: all of it, and counted
// takes off what it was given. So nothing depends on what a record looks like: a
// WebSocket's ping is as long as an alert, and both are sealed alike.
func (c *Conn) writtenByTLS(n int) {
	switch c.secured {
	case handshaking:
		c.tally.Handshakes.Add(int64(n))
		fallthrough
	case established:
		c.tally.TLS.Add(int64(n))
	}
}

// counted counts what passes above TLS.
type counted struct {
	net.Conn // a *tls.Conn, whose state http.Server must not see: see TLSListener
	flow     flow
	socket   *Conn
	curt     bool // it leaves without a farewell
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if n > 0 {
		c.flow.read.Add(int64(n))
		c.flow.reads.Add(1)
	}
	return n, err
}

// Write counts before the bytes are out: who sees them sees what they consist of.
func (c *counted) Write(p []byte) (int, error) {
	own := &c.socket.tally.TLS
	own.Add(-int64(len(p)))
	n, err := c.Conn.Write(p)
	n = max(n, 0)
	if n < len(p) {
		own.Add(int64(len(p) - n))
	}
	c.flow.written.Add(int64(n))
	return n, err
}

// CloseWrite says TLS's farewell (RFC 8446 §6.1).
func (c *counted) CloseWrite() error { return closeWrite(c.Conn) }

// Close says it too, at a server. A client leaves it out: sending it would wait
// for a write under way, and what closing sends is counted by nobody.
func (c *counted) Close() error {
	if c.curt {
		return c.socket.Close()
	}
	return c.Conn.Close()
}
