package wire

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// overHTTP2 is a client over HTTP/2 in clear, and its server.
func overHTTP2(t *testing.T, h http.HandlerFunc) (*Client, *server) {
	t.Helper()
	s := serve(t, nil, h)
	c := s.client(t)
	c.HTTP2 = true
	return c, s
}

// Requests follow each other on one connection, of which every byte is the
// protocol's or a body's; clients do not share one.
func TestHTTP2KeepAlive(t *testing.T) {
	c, s := overHTTP2(t, hello)
	other := s.client(t)
	other.HTTP2 = true
	for range 3 {
		if resp := mustAsk(t, c); resp.ProtoMajor != 2 {
			t.Fatalf("it speaks %s", resp.Proto)
		}
		mustAsk(t, other)
	}
	if n := s.tally.Conns.Load(); n != 2 {
		t.Errorf("two clients made %d connections", n)
	}
	if up, down := c.Tally.BytesWritten.Load(), c.Tally.BytesRead.Load(); c.Headers.Up.Load() != up || c.Headers.Down.Load() != down-15 {
		t.Errorf("of %d bytes up and %d down, %d and %d are the protocol's", up, down, c.Headers.Up.Load(), c.Headers.Down.Load())
	}
}

// A request's body is its content too.
func TestHTTP2RequestBody(t *testing.T) {
	c, _ := overHTTP2(t, func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body) // a client need not send what is answered already
		hello(w, r)
	})
	mustAsk(t, c, func(r *http.Request) {
		r.Method, r.ContentLength, r.Body = http.MethodPost, 9, io.NopCloser(strings.NewReader("some body"))
	})
	if up, written := c.Headers.Up.Load(), c.Tally.BytesWritten.Load(); written-up != 9 {
		t.Errorf("of %d bytes written %d were the protocol's", written, up)
	}
}

// A connection that the server closed fails the request in hand, or the next
// one: a silent retry would hide a connection from the count.
func TestHTTP2ServerCloses(t *testing.T) {
	t.Run("before it answers", func(t *testing.T) {
		requests := 0
		c, _ := overHTTP2(t, func(w http.ResponseWriter, r *http.Request) {
			if requests++; requests == 1 {
				panic(http.ErrAbortHandler) // which resets the stream
			}
			hello(w, r)
		})
		if _, body, err := ask(c); err == nil {
			t.Errorf("a request that was not answered got %q", body)
		}
		mustAsk(t, c)
		if requests != 2 || c.Tally.Conns.Load() != 2 {
			t.Errorf("two requests were sent as %d, on %d connections", requests, c.Tally.Conns.Load())
		}
	})
	for name, how := range map[string]func(net.Conn){
		"cut":   func(c net.Conn) { c.Close() },
		"reset": func(c net.Conn) { c.(*net.TCPConn).SetLinger(0); c.Close() },
	} {
		t.Run("while it answers, "+name, func(t *testing.T) {
			cut := make(chan struct{}, 1)
			c, s := overHTTP2(t, func(w http.ResponseWriter, r *http.Request) {
				io.WriteString(w, "hel")
				w.(http.Flusher).Flush()
				<-cut
			})
			var socket net.Conn
			c.Dial = func(ctx context.Context) (conn net.Conn, err error) {
				socket, err = s.dial(ctx)
				return socket, err
			}
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, URL+"/", nil)
			if err != nil {
				t.Fatal(err)
			}
			resp, err := c.HTTP().Do(req)
			if err != nil {
				t.Fatal(err)
			}
			how(socket)
			if body, err := io.ReadAll(resp.Body); err == nil {
				t.Errorf("half of an answer is %q", body)
			}
			resp.Body.Close()
			cut <- struct{}{}
			if _, _, err := ask(c); err == nil || !strings.Contains(err.Error(), "the server closed the connection before the request") {
				t.Errorf("the next request ended with %v", err)
			}
			if n := c.Tally.Conns.Load(); n != 1 {
				t.Errorf("until then there were %d connections", n)
			}
		})
	}
}

// The end of its context ends a request and closes the connection, whether it
// waits for the head or for the rest of the body; and an idle one too.
func TestHTTP2ContextEndsRequest(t *testing.T) {
	for name, partial := range map[string]string{"before the answer": "", "within the body": "hel"} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			left := make(chan struct{})
			c, _ := overHTTP2(t, func(w http.ResponseWriter, r *http.Request) {
				defer close(left)
				if partial != "" {
					io.WriteString(w, partial)
					w.(http.Flusher).Flush()
				}
				cancel()
				<-r.Context().Done()
			})
			_, _, err := ask(c, func(r *http.Request) { *r = *r.WithContext(ctx) })
			if err == nil || partial == "" && !errors.Is(err, context.Canceled) {
				t.Errorf("the request ended with %v", err)
			}
			<-left
		})
	}
	t.Run("between requests", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		c, _ := overHTTP2(t, hello)
		mustAsk(t, c, func(r *http.Request) { *r = *r.WithContext(ctx) })
		closed := c.stack.conn
		cancel()
		mustAsk(t, c)
		if n := c.Tally.Conns.Load(); n != 2 {
			t.Errorf("it took %d connections", n)
		}
		if _, err := closed.Read(make([]byte, 1)); !errors.Is(err, net.ErrClosed) {
			t.Errorf("the first ends with %v", err)
		}
	})
}

// A connection per request, where the client asks for it.
func TestHTTP2ConnectionPerRequest(t *testing.T) {
	c, s := overHTTP2(t, hello)
	for range 3 {
		mustAsk(t, c, last)
	}
	if n := s.tally.Conns.Load(); n != 3 {
		t.Errorf("three requests took %d connections", n)
	}
}

// An answer that is left unread costs its stream, not the connection.
func TestHTTP2UnreadBody(t *testing.T) {
	c, _ := overHTTP2(t, hello)
	resp, err := c.HTTP().Get(URL + "/")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	mustAsk(t, c)
	if n := c.Tally.Conns.Load(); n != 1 {
		t.Errorf("it took %d connections", n)
	}
}

// HTTP/2 has no upgrade (RFC 9113 §8.6): a transport that needs one is told so.
func TestHTTP2HasNoUpgrade(t *testing.T) {
	c, s := overHTTP2(t, hello)
	_, _, err := ask(c, func(r *http.Request) {
		r.Header.Set("Connection", "Upgrade")
		r.Header.Set("Upgrade", "websocket")
	})
	if err == nil || !strings.Contains(err.Error(), "HTTP/2 has no upgrade; use HTTP/1.1") {
		t.Errorf("the request ended with %v", err)
	}
	mustAsk(t, c)
	if n := s.tally.Conns.Load(); n != 2 {
		t.Errorf("it made %d connections", n)
	}
}

// What speaks no HTTP/2 gets the client to end with an error, and not to wait.
func TestHTTP2BadServer(t *testing.T) {
	for _, answer := range []string{
		"",
		"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n",
		"SSH-2.0-OpenSSH_9.9\r\n",
		strings.Repeat("\xff", 100),
		"\x00\x00\x05\x00\x00\x00\x00\x00\x01hello", // content before anything else
	} {
		p := newPeer(t, nil)
		p.client.HTTP2 = true
		p.client.Dial = func(context.Context) (net.Conn, error) {
			near, far := net.Pipe()
			p.serving.Go(func() {
				defer far.Close()
				far.Read(make([]byte, 4096)) // the preface
				io.WriteString(far, answer)
			})
			return near, nil
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if _, err := get(t, p, ctx); err == nil || ctx.Err() != nil {
			t.Errorf("%q: the request ended with %v", answer, err)
		}
	}
}
