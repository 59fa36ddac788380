package wire

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"sync/atomic"
	"time"
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
//
// A request on a kept-alive connection that the server has closed fails; it is
// not retried in silence.
type Client struct {
	Dial    func(context.Context) (net.Conn, error)
	Tally   *Tally
	Headers *Headers
	Ready   func(Setup) // called as each connection becomes ready; may be nil

	conn   *Conn
	head   *io.LimitedReader // what of conn may still be read for a response's head
	r      *bufio.Reader
	w      *bufio.Writer
	ctx    context.Context // whose end closes conn
	unbind func() bool
}

// maxHead bounds a response's head (bytes), as net/http bounds a request's.
const maxHead = 1 << 20

// Headers counts the bytes of HTTP message heads, from the start line to the
// blank line, by the parser's own position in the stream.
type Headers struct{ Up, Down atomic.Int64 }

// Setup is what it took to make a connection ready: to the end of the head of
// its first response, which for a WebSocket is the upgrade and for a poll the
// first answer.
type Setup struct {
	Took     time.Duration // from before the dial
	Up, Down int64         // bytes
}

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
	start := time.Now()
	if c.conn != nil && c.ctx.Err() != nil {
		c.close() // it ended with the context of the request before
	}
	fresh := c.conn == nil
	if fresh {
		if err := c.open(req.Context()); err != nil {
			return nil, err
		}
	}
	c.bind(req.Context())
	resp, err := c.exchange(req)
	if err != nil {
		c.close()
		if cause := req.Context().Err(); cause != nil {
			err = cause
		}
		return nil, fmt.Errorf("%s %s: %w", req.Method, req.URL.Path, err)
	}
	if fresh && c.Ready != nil {
		c.Ready(Setup{Took: time.Since(start), Up: c.conn.written.Load(), Down: c.consumed()})
	}
	if resp.StatusCode == http.StatusSwitchingProtocols {
		resp.Body = &upgraded{conn: c.conn, r: c.r, unbind: c.unbind}
		c.conn, c.r, c.unbind = nil, nil, nil // it belongs to the upgraded protocol now
		return resp, nil
	}
	resp.Body = &body{ReadCloser: resp.Body, client: c, last: req.Close || resp.Close}
	return resp, nil
}

func (c *Client) open(ctx context.Context) error {
	conn, err := c.Dial(ctx)
	if err != nil {
		return err
	}
	c.conn = NewConn(conn, c.Tally)
	c.head = &io.LimitedReader{R: c.conn}
	c.r = bufio.NewReader(c.head)
	if c.w == nil {
		c.w = bufio.NewWriterSize(nil, 1024)
	}
	c.w.Reset(c.conn)
	return nil
}

// bind lets the end of ctx close the connection. Requests of one subscriber
// share their context, so that this is done once a connection.
func (c *Client) bind(ctx context.Context) {
	if c.unbind != nil && c.ctx == ctx {
		return
	}
	if c.unbind != nil {
		c.unbind()
	}
	conn := c.conn
	c.ctx, c.unbind = ctx, context.AfterFunc(ctx, func() { conn.Close() })
}

func (c *Client) close() {
	if c.unbind != nil {
		c.unbind()
		c.unbind = nil
	}
	if c.conn != nil {
		c.conn.Close()
		c.conn, c.r = nil, nil
	}
}

// consumed is how far the parser has come in what the server sent.
func (c *Client) consumed() int64 { return c.conn.read.Load() - int64(c.r.Buffered()) }

func (c *Client) exchange(req *http.Request) (*http.Response, error) {
	written := c.conn.written.Load()
	if err := req.Write(c.w); err != nil {
		return nil, fmt.Errorf("send the request: %w", err)
	}
	// Before the last of it is out, so that once the server has it, it is counted.
	c.Headers.Up.Add(c.conn.written.Load() + int64(c.w.Buffered()) - written - max(req.ContentLength, 0))
	if err := c.w.Flush(); err != nil {
		return nil, fmt.Errorf("send the request: %w", err)
	}
	before := c.consumed()
	c.head.N = maxHead
	resp, err := http.ReadResponse(c.r, req)
	switch {
	case err != nil && c.head.N == 0:
		return nil, fmt.Errorf("the head of the server's answer is longer than %d bytes", maxHead)
	case errors.Is(err, io.ErrUnexpectedEOF):
		return nil, errors.New("the server closed the connection before it answered")
	case err != nil:
		return nil, err
	case resp.StatusCode == http.StatusSwitchingProtocols && req.Header.Get("Upgrade") == "":
		return nil, errors.New("the server switched protocols without being asked")
	}
	c.head.N = math.MaxInt64
	c.Headers.Down.Add(c.consumed() - before)
	return resp, nil
}

// body hands the connection back when it has been read to its end.
type body struct {
	io.ReadCloser
	client *Client
	last   bool // the connection ends with this response
	done   bool
}

func (b *body) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err == io.EOF {
		b.done = true
	}
	return n, err
}

// Close implements io.Closer. A body that was not read to its end takes the
// connection with it.
func (b *body) Close() error {
	err := b.ReadCloser.Close()
	if b.client != nil && (b.last || !b.done) {
		b.client.close()
	}
	b.client = nil
	return err
}

// upgraded is the connection after a 101 (RFC 9110 §7.8): first what came
// along with the response, then the socket itself.
type upgraded struct {
	conn   *Conn
	r      *bufio.Reader // nil once it is empty
	unbind func() bool
}

func (u *upgraded) Read(p []byte) (int, error) {
	if u.r != nil {
		if u.r.Buffered() > 0 {
			return u.r.Read(p)
		}
		u.r = nil
	}
	return u.conn.Read(p)
}

func (u *upgraded) Write(p []byte) (int, error) { return u.conn.Write(p) }

func (u *upgraded) Close() error {
	u.unbind()
	return u.conn.Close()
}
