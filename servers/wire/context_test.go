package wire

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"testing"
)

// gone tells that the peer's end of a connection was closed.
func gone(c net.Conn) { io.Copy(io.Discard, c) }

// The end of its context ends a request, with the context's error, and closes
// the connection, whatever the request waits for.
func TestContextEndsRequest(t *testing.T) {
	for name, partial := range map[string]string{
		"before the answer": "",
		"within the head":   head[:10],
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			p := newPeer(t, func(c net.Conn, r *bufio.Reader) {
				http.ReadRequest(r)
				io.WriteString(c, partial)
				cancel()
				gone(c)
			})
			if _, err := get(t, p, ctx); !errors.Is(err, context.Canceled) {
				t.Errorf("the request ended with %v", err)
			}
			p.serving.Wait()
		})
	}
	t.Run("within the body", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		p := newPeer(t, func(c net.Conn, r *bufio.Reader) {
			http.ReadRequest(r)
			io.WriteString(c, head+"he")
			cancel()
			gone(c)
		})
		resp, err := get(t, p, ctx)
		if err == nil { // it may have ended before the head was read
			_, err = io.ReadAll(resp.Body)
			resp.Body.Close()
		}
		if err == nil {
			t.Error("the answer was whole")
		}
		p.serving.Wait()
	})
	t.Run("before the request", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		p := newPeer(t, func(c net.Conn, r *bufio.Reader) { gone(c) })
		if _, err := get(t, p, ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("the request ended with %v", err)
		}
		p.serving.Wait()
	})
}

// It closes a connection that is idle as well; the next request has another.
func TestContextClosesIdleConnection(t *testing.T) {
	p := newPeer(t, always(head+"hello"))
	ctx, cancel := context.WithCancel(t.Context())
	resp, err := get(t, p, ctx)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(resp.Body); err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	cancel()
	if body, err := read(t, p); body != "hello" || err != nil || p.dialled != 2 {
		t.Errorf("the next request got %q, %v on connection %d", body, err, p.dialled)
	}
	p.client.close()
	p.serving.Wait() // both of them
}

// A context that has had its requests no longer closes what others use.
func TestContextOfEarlierRequest(t *testing.T) {
	p := newPeer(t, always(head+"hello"))
	first, cancel := context.WithCancel(t.Context())
	resp, err := get(t, p, first)
	if err != nil {
		t.Fatal(err)
	}
	io.ReadAll(resp.Body)
	resp.Body.Close()
	resp, err = get(t, p, t.Context())
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	if body, err := io.ReadAll(resp.Body); string(body) != "hello" || err != nil {
		t.Errorf("the second request got %q, %v", body, err)
	}
	resp.Body.Close()
	if body, err := read(t, p); body != "hello" || err != nil || p.dialled != 1 {
		t.Errorf("the third request got %q, %v on connection %d", body, err, p.dialled)
	}
}
