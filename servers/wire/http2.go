package wire

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
)

// transport2 is HTTP/2 for all clients. Each brings a connection of its own,
// and so a compression context of its own (RFC 7541 §2.2), as browsers have.
// The connection may speak TLS without net/http knowing: what requests say of
// the scheme is one byte either way (RFC 7541 appendix A).
var transport2 = &http.Transport{
	Protocols:          cleartextHTTP2(),
	DisableCompression: true, // requests over HTTP/1.1 ask for none either
	DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		conn, ok := ctx.Value(openConn{}).(net.Conn)
		if !ok {
			return nil, errors.New("no connection was opened for HTTP/2")
		}
		return conn, nil
	},
}

func cleartextHTTP2() *http.Protocols {
	p := new(http.Protocols)
	p.SetUnencryptedHTTP2(true)
	return p
}

// Protocols are what a server speaks on the connections that Listener and
// TLSListener count: HTTP/1.1 and HTTP/2, of which the client chooses. What
// http.Server calls unencrypted may be under TLS here: see TLSListener.
func Protocols() *http.Protocols {
	p := cleartextHTTP2()
	p.SetHTTP1(true)
	return p
}

type openConn struct{} // key of a context's value

// begin2 begins HTTP/2 on the connection that is open.
func (s *stack) begin2(ctx context.Context) error {
	s.frames = &frameConn{Conn: s.app, headers: s.headers}
	s.frames.up.skip = prefaceLen
	var err error
	s.h2, err = transport2.NewClientConn(context.WithValue(ctx, openConn{}, net.Conn(s.frames)), "http", Host+":80")
	if err != nil {
		return fmt.Errorf("begin HTTP/2: %w", err)
	}
	return nil
}

// exchange2 is exchange over HTTP/2. The body is its stream's, and does not read
// from the connection itself.
func (s *stack) exchange2(req *http.Request) (*http.Response, error) {
	if req.Header.Get("Upgrade") != "" {
		return nil, errors.New("HTTP/2 has no upgrade; use HTTP/1.1") // RFC 9113 §8.6
	}
	if s.h2.Err() != nil {
		return nil, errors.New("the server closed the connection before the request")
	}
	return s.h2.RoundTrip(req)
}

// frameConn counts the frames that pass it. One goroutine reads at a time, and
// one writes.
type frameConn struct {
	net.Conn
	headers  *Headers
	up, down frames
	// headEnd is how many bytes, in how many reads, came until the first
	// response's head was there. Neither changes once the response is.
	headEnd, headReads int64
	reads              int64
}

func (c *frameConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if n > 0 {
		c.reads++
		c.headers.Down.Add(c.down.see(p[:n]))
		if c.headEnd == 0 && c.down.headEnd > 0 {
			c.headEnd, c.headReads = c.down.headEnd, c.reads
		}
	}
	return n, err
}

// Write counts before the bytes are out, so that once the server has them, they
// are counted.
func (c *frameConn) Write(p []byte) (int, error) {
	c.headers.Up.Add(c.up.see(p))
	return c.Conn.Write(p)
}
