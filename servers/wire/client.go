package wire

import (
	"bufio"
	"cmp"
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
)

// Host is the name that every client sends as Host, whatever address and port
// it dials, so that a request's size does not depend on them.
const Host = "feed.test"

// URL is the address to give to a transport's client end along with a Client's
// http.Client.
const URL = "http://" + Host

// Client is the HTTP end of one subscriber: an http.RoundTripper with one
// connection and one request at a time, as one browser tab has. Beside
// counting, it is there because net/http's own client costs several times what
// the server spends on a poll, so that the generator would saturate first.
// HTTP/2 is net/http's own.
//
// A request on a kept-alive connection that the server has closed fails; it is
// not retried in silence.
type Client struct {
	Dial    func(context.Context) (net.Conn, error)
	TLS     *tls.Config // of ClientConfig; nil: in clear
	HTTP2   bool
	Profile *Profile // header fields of requests; may be nil
	Tally   *Tally
	Headers *Headers
	Sockets *Sockets    // reads the kernel's counts of the connections; may be nil
	Ready   func(Setup) // called as each connection becomes ready; may be nil

	stack  *stack      // on the connection that is open; nil: none is
	secure *tls.Config // TLS with this client's own sessions; nil before its first connection
}

// Headers counts the bytes of HTTP's own: of message heads, from the start line
// to the blank line, by the parser's own position in the stream, and of what a
// chunked body has around its content; over HTTP/2 of all that is not the content
// of a message.
type Headers struct{ Up, Down atomic.Int64 }

// HTTP is the client as transports take it. Redirects are not followed: no
// server of the feed sends one.
func (c *Client) HTTP() *http.Client {
	return &http.Client{Transport: c, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse
	}}
}

// RoundTrip implements http.RoundTripper. The response's body must be read to
// its end and closed before the next request. The end of the request's context
// closes the connection, also after an upgrade.
func (c *Client) RoundTrip(req *http.Request) (*http.Response, error) {
	if c.stack != nil && c.stack.ctx.Err() != nil {
		c.close() // it ended with the context of the request before
	}
	fresh := c.stack == nil
	if fresh {
		if err := c.open(req.Context()); err != nil {
			if req.Body != nil {
				req.Body.Close() // as a RoundTripper must
			}
			return nil, err
		}
	}
	s := c.stack
	s.bind(req.Context())
	resp, err := s.exchange(c.Profile.dress(req))
	if err != nil {
		c.close()
		return nil, cmp.Or(req.Context().Err(), err)
	}
	if fresh && c.Ready != nil {
		c.Ready(s.setup())
	}
	if resp.StatusCode == http.StatusSwitchingProtocols {
		// The connection belongs to the upgraded protocol now. All that HTTP needed
		// for it becomes garbage: thousands of clients stay in this state.
		resp.Body = &upgraded{Conn: s.app, r: s.r, unbind: s.unbind}
		c.stack = nil
		return resp, nil
	}
	resp.Body = &body{
		ReadCloser: resp.Body,
		client:     c,
		stack:      s,
		done:       resp.Body == http.NoBody || s.h2 != nil,
		last:       req.Close || resp.Close,
	}
	return resp, nil
}

func (c *Client) close() {
	if c.stack != nil {
		c.stack.close()
		c.stack = nil
	}
}

// body hands the connection back when it has been read to its end.
type body struct {
	io.ReadCloser
	client *Client
	stack  *stack // nil once it is closed
	done   bool   // nothing of it is left on the connection
	last   bool   // the connection ends with this response
}

func (b *body) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err == io.EOF {
		b.done = true
	}
	return n, err
}

// Close implements io.Closer. A body that was not read to its end takes the
// connection with it; over HTTP/2, its stream.
func (b *body) Close() error {
	err := b.ReadCloser.Close()
	s := b.stack
	b.stack = nil
	if s == nil || s != b.client.stack {
		return err
	}
	if b.last && b.done {
		s.seeOff()
	}
	if b.last || !b.done {
		b.client.close()
	}
	return err
}

// upgraded is the connection after a 101 (RFC 9110 §7.8): first what came
// along with the response, then the socket itself.
type upgraded struct {
	net.Conn
	r *bufio.Reader // nil once it is empty

	mu     sync.Mutex  // held while the connection is closed, or handed to a loop
	unbind func() bool // nil: a loop has the connection
}

func (u *upgraded) Read(p []byte) (int, error) {
	if u.r != nil {
		if u.r.Buffered() > 0 {
			return u.r.Read(p)
		}
		u.r = nil
	}
	return u.Conn.Read(p)
}

func (u *upgraded) Close() error {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.unbind != nil {
		u.unbind()
	}
	return u.Conn.Close()
}
