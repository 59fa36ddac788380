package wire

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
)

// peer is the far end of a Client's connections, each of which is a pipe: what
// the client reads at once is what was written at once.
type peer struct {
	client  *Client
	tally   Tally
	headers Headers
	setups  []Setup

	dialled int
	serve   func(c net.Conn, r *bufio.Reader)
	serving sync.WaitGroup
}

// newPeer makes a client whose connections are served by serve, which reads
// requests and writes answers to the byte.
func newPeer(t *testing.T, serve func(c net.Conn, r *bufio.Reader)) *peer {
	p := &peer{serve: serve}
	p.client = &Client{
		Dial:    p.dial,
		Tally:   &p.tally,
		Headers: &p.headers,
		Ready:   func(s Setup) { p.setups = append(p.setups, s) },
	}
	t.Cleanup(func() {
		p.client.close()
		p.serving.Wait()
	})
	return p
}

func (p *peer) dial(context.Context) (net.Conn, error) {
	near, far := net.Pipe()
	p.dialled++
	p.serving.Go(func() {
		defer far.Close()
		p.serve(far, bufio.NewReader(far))
	})
	return near, nil
}

// always answers every request of a connection with the same bytes.
func always(answer string) func(net.Conn, *bufio.Reader) {
	return func(c net.Conn, r *bufio.Reader) {
		for {
			req, err := http.ReadRequest(r)
			if err != nil {
				return
			}
			io.Copy(io.Discard, req.Body)
			if _, err := io.WriteString(c, answer); err != nil || req.Close {
				return
			}
		}
	}
}

// once answers the first request and closes the connection.
func once(answer string) func(net.Conn, *bufio.Reader) {
	return func(c net.Conn, r *bufio.Reader) {
		if _, err := http.ReadRequest(r); err == nil {
			io.WriteString(c, answer)
		}
	}
}

func get(t *testing.T, p *peer, ctx context.Context) (*http.Response, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, URL+"/poll?since=0", nil)
	if err != nil {
		t.Fatal(err)
	}
	return p.client.HTTP().Do(req)
}

// read gets an answer and reads it to its end.
func read(t *testing.T, p *peer) (string, error) {
	t.Helper()
	resp, err := get(t, p, t.Context())
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return string(body), err
}

const (
	head    = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"
	request = "GET /poll?since=0 HTTP/1.1\r\nHost: feed.test\r\nUser-Agent: Go-http-client/1.1\r\n\r\n"
)

// Requests follow each other on one connection, of which every byte is
// counted: heads apart from bodies, and the set-up up to the first head's end.
func TestKeepAlive(t *testing.T) {
	p := newPeer(t, always(head+"hello"))
	for range 3 {
		if body, err := read(t, p); body != "hello" || err != nil {
			t.Fatalf("got %q, %v", body, err)
		}
	}
	if got, want := p.tally.Counts(), (Counts{Conns: 1, BytesRead: 3 * int64(len(head)+5), BytesWritten: 3 * int64(len(request)), Reads: 3, Writes: 3}); got != want {
		t.Errorf("counted %+v, not %+v", got, want)
	}
	if up, down := p.headers.Up.Load(), p.headers.Down.Load(); up != 3*int64(len(request)) || down != 3*int64(len(head)) {
		t.Errorf("counted %d bytes of heads up and %d down, not %d and %d", up, down, 3*len(request), 3*len(head))
	}
	if len(p.setups) != 1 || p.setups[0].Up != int64(len(request)) || p.setups[0].Down != int64(len(head)) || p.setups[0].Took <= 0 {
		t.Errorf("set up with %+v, not once with %d bytes up and %d down", p.setups, len(request), len(head))
	}
}

// A head counts the same however it comes, and so does a chunked body's framing.
func TestHeadersAreCountedInPieces(t *testing.T) {
	const chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
	for name, c := range map[string]struct {
		head, body string
		framing    int
	}{
		"length":     {head, "hello", 0},
		"chunked":    {chunked, "2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n", 5 + 5 + 5},
		"no content": {"HTTP/1.1 204 No Content\r\n\r\n", "", 0},
		"until end":  {"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", "hello", 0},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPeer(t, func(conn net.Conn, r *bufio.Reader) {
				if _, err := http.ReadRequest(r); err != nil {
					return
				}
				for _, b := range []byte(c.head + c.body) {
					if _, err := conn.Write([]byte{b}); err != nil {
						return
					}
				}
			})
			body, err := read(t, p)
			if err != nil || c.body != "" && body != "hello" {
				t.Errorf("got %q, %v", body, err)
			}
			if got, want := p.headers.Down.Load(), int64(len(c.head)+c.framing); got != want {
				t.Errorf("counted %d bytes of head and framing, not %d", got, want)
			}
			if got := p.tally.BytesRead.Load(); got != int64(len(c.head)+len(c.body)) {
				t.Errorf("counted %d bytes, not %d", got, len(c.head)+len(c.body))
			}
		})
	}
}

// A request's body is no part of its head.
func TestRequestBodyIsNoHeader(t *testing.T) {
	p := newPeer(t, always(head+"hello"))
	resp, err := p.client.HTTP().Post(URL+"/", "text/plain", strings.NewReader("some body"))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if up, written := p.headers.Up.Load(), p.tally.BytesWritten.Load(); written-up != int64(len("some body")) {
		t.Errorf("of %d bytes written %d were heads", written, up)
	}
}

// A request goes out in one write, however long its head is: in two it would take
// a segment more, and over TLS a record.
func TestRequestIsOneWrite(t *testing.T) {
	p := newPeer(t, always(head+"hello"))
	p.client.Profile = profile(t, "browser+cookie=64KB")
	for n := range int64(3) {
		if body, err := read(t, p); body != "hello" || err != nil {
			t.Fatalf("got %q, %v", body, err)
		}
		if got := p.tally.Writes.Load(); got != n+1 {
			t.Errorf("%d requests took %d writes", n+1, got)
		}
	}
	if up, written := p.headers.Up.Load(), p.tally.BytesWritten.Load(); up != written || written < 3*64<<10 {
		t.Errorf("of %d bytes written %d were heads", written, up)
	}
}

func profile(t *testing.T, name string) *Profile {
	t.Helper()
	p, err := ParseProfile(name)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// A request's body is closed even where there was no connection to send it on.
func TestBodyIsClosed(t *testing.T) {
	p := newPeer(t, always(head+"hello"))
	p.client.Dial = func(context.Context) (net.Conn, error) { return nil, errors.New("no route") }
	b := &closing{Reader: strings.NewReader("some body")}
	req, err := http.NewRequest(http.MethodPost, URL+"/", b)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.client.RoundTrip(req); err == nil || !b.closed {
		t.Errorf("the request ended with %v, its body closed: %v", err, b.closed)
	}
}

type closing struct {
	io.Reader
	closed bool
}

func (c *closing) Close() error {
	c.closed = true
	return nil
}

// A body that is closed late, after its context has ended and another request is
// under way, leaves that one's connection alone.
func TestBodyClosedLate(t *testing.T) {
	p := newPeer(t, always(head+"hello"))
	ctx, cancel := context.WithCancel(t.Context())
	first, err := get(t, p, ctx)
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	second, err := get(t, p, t.Context())
	if err != nil {
		t.Fatal(err)
	}
	first.Body.Close()
	if body, err := io.ReadAll(second.Body); string(body) != "hello" || err != nil {
		t.Errorf("the second request got %q, %v", body, err)
	}
	second.Body.Close()
	if body, err := read(t, p); body != "hello" || err != nil || p.dialled != 2 {
		t.Errorf("the third request got %q, %v on connection %d", body, err, p.dialled)
	}
}

// An answer without content leaves nothing to be read.
func TestNoContentNeedsNoReading(t *testing.T) {
	p := newPeer(t, always("HTTP/1.1 204 No Content\r\n\r\n"))
	for range 2 {
		resp, err := get(t, p, t.Context())
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
	}
	if p.dialled != 1 {
		t.Errorf("it took %d connections", p.dialled)
	}
}
