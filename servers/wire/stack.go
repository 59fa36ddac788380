package wire

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"time"
)

// stack is a client's end of one connection, layer upon layer.
type stack struct {
	conn  *Conn
	app   net.Conn // conn, or TLS on it
	flow  *flow    // of app
	start time.Time
	made  Setup // what is known before the first request: TCP, TLS, and the turns of its handshake

	headers *Headers
	out     bytes.Buffer      // a request, to be written at once
	head    *io.LimitedReader // what of app may still be read for a response's head
	r       *bufio.Reader     // of head; nil while it has nothing to hold
	h2      *http.ClientConn  // instead of the three; nil: HTTP/1.1
	frames  *frameConn        // of h2

	ctx    context.Context // whose end closes conn
	unbind func() bool
}

// maxHead bounds a response's head (bytes), as net/http bounds a request's.
const maxHead = 1 << 20

// open dials, and sets up the layers that come before the first request.
func (c *Client) open(ctx context.Context) error {
	start := time.Now()
	conn, err := c.Dial(ctx)
	if err != nil {
		return err
	}
	s := &stack{conn: NewConn(conn, c.Tally), headers: c.Headers, start: start}
	s.made.TCP = time.Since(start)
	if c.Sockets != nil {
		c.Sockets.enter(s.conn)
	}
	s.app, s.flow = s.conn, &s.conn.flow
	if c.TLS != nil {
		err = s.secure(ctx, c.tlsConfig())
	}
	if err == nil && c.HTTP2 {
		err = s.begin2(ctx)
	}
	if err != nil {
		s.close()
		return err
	}
	if !c.HTTP2 {
		s.head = &io.LimitedReader{R: s.app}
	}
	c.stack = s
	return nil
}

// bind lets the end of ctx close the connection. Requests of one subscriber
// share their context, so that this is done once a connection.
func (s *stack) bind(ctx context.Context) {
	if s.unbind != nil && s.ctx == ctx {
		return
	}
	if s.unbind != nil {
		s.unbind()
	}
	conn := s.conn // not s.app: closing TLS would wait for a write under way
	s.ctx, s.unbind = ctx, context.AfterFunc(ctx, func() { conn.Close() })
}

func (s *stack) close() {
	if s.unbind != nil {
		s.unbind()
	}
	if s.h2 != nil {
		s.h2.Close()
	}
	s.conn.Close()
}

// exchange sends a request and returns the response once its head is there.
func (s *stack) exchange(req *http.Request) (*http.Response, error) {
	if s.h2 != nil {
		return s.exchange2(req)
	}
	// At once: in two writes it would take a segment more, and a TLS record.
	s.out.Reset()
	if err := req.Write(&s.out); err != nil {
		return nil, fmt.Errorf("write the request: %w", err)
	}
	// Before it is out, so that once the server has it, it is counted.
	s.headers.Up.Add(int64(s.out.Len()) - max(req.ContentLength, 0))
	if _, err := s.app.Write(s.out.Bytes()); err != nil {
		return nil, fmt.Errorf("send the request: %w", err)
	}
	if s.r == nil {
		s.r = bufio.NewReader(s.head)
	}
	before := s.consumed()
	s.head.N = maxHead
	resp, err := http.ReadResponse(s.r, req)
	switch {
	case err != nil && s.head.N == 0:
		return nil, fmt.Errorf("the head of the server's answer is longer than %d bytes", maxHead)
	case errors.Is(err, io.ErrUnexpectedEOF):
		return nil, errors.New("the server closed the connection before it answered")
	case err != nil:
		return nil, fmt.Errorf("read the head of the server's answer: %w", err)
	case resp.StatusCode == http.StatusSwitchingProtocols && req.Header.Get("Upgrade") == "":
		return nil, errors.New("the server switched protocols without being asked")
	}
	s.head.N = math.MaxInt64
	s.headers.Down.Add(s.consumed() - before)
	// Chunked is the only coding that net/http lets through.
	if len(resp.TransferEncoding) > 0 && resp.Body != http.NoBody {
		resp.Body = &chunkedBody{stack: s}
	}
	return resp, nil
}

// consumed is how far the parser has come in what the server sent.
func (s *stack) consumed() int64 { return s.flow.read.Load() - int64(s.buffered()) }

// buffered is how much was read ahead of the parser.
func (s *stack) buffered() int {
	if s.r == nil {
		return 0
	}
	return s.r.Buffered()
}

// Read implements io.Reader for what follows a head: first what came along with
// it, then the connection itself. By then nobody needs what heads do, and it may
// be hours until the next one.
func (s *stack) Read(p []byte) (int, error) {
	if s.buffered() > 0 {
		return s.r.Read(p)
	}
	s.r, s.out = nil, bytes.Buffer{}
	return s.app.Read(p)
}

// seeOffTime is how long a server may take to close a connection that it has
// said it would close.
const seeOffTime = time.Second

// seeOff reads until the server has closed the connection, so that its farewell
// under TLS is counted at both ends, and the port is the server's to wait with.
func (s *stack) seeOff() {
	if s.h2 != nil {
		return // each message says where it ends, and either side may close then
	}
	s.conn.SetReadDeadline(time.Now().Add(seeOffTime))
	io.Copy(io.Discard, s)      // whatever ends it, the connection is closed next
	io.Copy(io.Discard, s.conn) // TLS says its farewell before TCP does
}
