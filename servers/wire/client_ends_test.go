package wire

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
)

// A connection ends with the exchange where either side says so.
func TestConnectionPerRequest(t *testing.T) {
	t.Run("client", func(t *testing.T) {
		p := newPeer(t, always(head+"hello"))
		for range 3 {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, URL+"/", nil)
			if err != nil {
				t.Fatal(err)
			}
			req.Close = true
			resp, err := p.client.HTTP().Do(req)
			if err != nil {
				t.Fatal(err)
			}
			if body, err := io.ReadAll(resp.Body); string(body) != "hello" || err != nil {
				t.Fatalf("got %q, %v", body, err)
			}
			resp.Body.Close()
		}
		if p.dialled != 3 || len(p.setups) != 3 {
			t.Errorf("three requests took %d connections, of which %d were told", p.dialled, len(p.setups))
		}
	})
	t.Run("server", func(t *testing.T) {
		p := newPeer(t, once("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello"))
		for range 3 {
			if body, err := read(t, p); body != "hello" || err != nil {
				t.Fatalf("got %q, %v", body, err)
			}
		}
		if p.dialled != 3 {
			t.Errorf("three requests took %d connections", p.dialled)
		}
	})
}

// A body that is not read to its end takes the connection with it, so that what
// is left of it is not taken for the next answer.
func TestUnreadBody(t *testing.T) {
	p := newPeer(t, always(head+"hello"))
	resp, err := get(t, p, t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(resp.Body, make([]byte, 2)); err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if err := resp.Body.Close(); err != nil { // once more does no harm
		t.Error(err)
	}
	if body, err := read(t, p); body != "hello" || err != nil {
		t.Errorf("after it came %q, %v", body, err)
	}
	if p.dialled != 2 {
		t.Errorf("it took %d connections", p.dialled)
	}
}

// An answer that ends too early is an error, wherever it does, and the request
// after it has a new connection.
func TestServerCloses(t *testing.T) {
	const answer = head + "hello"
	for n := range len(answer) {
		answers := []func(net.Conn, *bufio.Reader){once(answer[:n]), always(answer)}
		p := newPeer(t, func(c net.Conn, r *bufio.Reader) {
			serve := answers[0]
			answers = answers[1:]
			serve(c, r)
		})
		_, err := read(t, p)
		switch {
		case err == nil:
			t.Fatalf("the first %d bytes of %q are an answer", n, answer)
		case n == 0 && !strings.Contains(err.Error(), "the server closed the connection before it answered"):
			t.Errorf("no answer ends with %v", err)
		case n >= len(head) && !errors.Is(err, io.ErrUnexpectedEOF):
			t.Errorf("the first %d bytes of an answer end with %v", n, err)
		}
		if body, err := read(t, p); body != "hello" || err != nil {
			t.Fatalf("after the first %d bytes of an answer came %q, %v", n, body, err)
		}
	}
}

// A connection that the server closed between two requests fails the second:
// a silent retry would hide a connection from the count.
func TestServerClosesIdleConnection(t *testing.T) {
	p := newPeer(t, once(head+"hello"))
	if _, err := read(t, p); err != nil {
		t.Fatal(err)
	}
	p.serving.Wait()
	if body, err := read(t, p); err == nil || p.dialled != 1 {
		t.Errorf("the second request got %q on connection %d", body, p.dialled)
	}
	if body, err := read(t, p); body != "hello" || err != nil || p.dialled != 2 {
		t.Errorf("the third request got %q, %v on connection %d", body, err, p.dialled)
	}
}

func TestDialFails(t *testing.T) {
	p := newPeer(t, always(head+"hello"))
	failure := errors.New("no route")
	p.client.Dial = func(context.Context) (net.Conn, error) { return nil, failure }
	if _, err := read(t, p); !errors.Is(err, failure) {
		t.Errorf("the request ended with %v", err)
	}
	if got := p.tally.Counts(); got != (Counts{}) || len(p.setups) != 0 {
		t.Errorf("that was counted: %+v, %v", got, p.setups)
	}
	p.client.Dial = p.dial
	if body, err := read(t, p); body != "hello" || err != nil {
		t.Errorf("then came %q, %v", body, err)
	}
}

// What cannot be an answer is an error; it is not waited for the rest of it.
func TestBadAnswers(t *testing.T) {
	for name, c := range map[string]struct{ answer, error string }{
		"endless line":   {strings.Repeat("x", maxHead+4096), "longer than 1048576 bytes"},
		"endless header": {"HTTP/1.1 200 OK\r\nA: " + strings.Repeat("x", maxHead+4096), "longer than 1048576 bytes"},
		"no HTTP":        {"hello\r\n", "malformed HTTP"},
		"switch":         {"HTTP/1.1 101 Switching Protocols\r\n\r\n", "switched protocols without being asked"},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPeer(t, always(c.answer))
			if _, err := read(t, p); err == nil || !strings.Contains(err.Error(), c.error) {
				t.Errorf("the error is %v, which does not say %q", err, c.error)
			}
		})
	}
}

// A head may be as long as what follows it is not counted for it.
func TestLongBodyIsNoHead(t *testing.T) {
	body := strings.Repeat("x", 3*maxHead)
	p := newPeer(t, always("HTTP/1.1 200 OK\r\nContent-Length: 3145728\r\n\r\n"+body))
	for range 2 {
		if got, err := read(t, p); got != body || err != nil {
			t.Fatalf("got %d bytes, %v", len(got), err)
		}
	}
}

func TestRedirectIsNotFollowed(t *testing.T) {
	p := newPeer(t, always("HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n"))
	resp, err := get(t, p, t.Context())
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusFound || p.dialled != 1 || p.tally.Writes.Load() != 1 {
		t.Errorf("status %d after %d writes on %d connections", resp.StatusCode, p.tally.Writes.Load(), p.dialled)
	}
}
