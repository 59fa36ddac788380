package wire

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"runtime"
	"testing"
	"weak"
)

const switching = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n"

// upgrade asks for another protocol, and returns the connection that speaks it.
func upgrade(t *testing.T, p *peer, ctx context.Context) io.ReadWriteCloser {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, URL+"/", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Connection", "Upgrade")
	req.Header.Set("Upgrade", "echo")
	resp, err := p.client.HTTP().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	conn, ok := resp.Body.(io.ReadWriteCloser)
	if resp.StatusCode != http.StatusSwitchingProtocols || !ok {
		t.Fatalf("status %d with a %T", resp.StatusCode, resp.Body)
	}
	return conn
}

// switches answers an upgrade with the head, and sends first along with it;
// then it echoes.
func switches(first string) func(net.Conn, *bufio.Reader) {
	return func(c net.Conn, r *bufio.Reader) {
		if _, err := http.ReadRequest(r); err != nil {
			return
		}
		if _, err := io.WriteString(c, switching+first); err != nil {
			return
		}
		io.Copy(c, r)
	}
}

// What comes in one segment with the response to an upgrade is the first that
// is read from the upgraded connection, and no byte of the head's.
func TestUpgrade(t *testing.T) {
	for _, first := range []string{"", "f", "a first frame"} {
		p := newPeer(t, switches(first))
		conn := upgrade(t, p, t.Context())
		if got := p.headers.Down.Load(); got != int64(len(switching)) {
			t.Errorf("counted %d bytes of head, not %d", got, len(switching))
		}
		if len(p.setups) != 1 || p.setups[0].Down != int64(len(switching)) || p.setups[0].Up != p.headers.Up.Load() {
			t.Errorf("set up with %+v, not with %d bytes up and %d down", p.setups, p.headers.Up.Load(), len(switching))
		}
		before := p.tally.BytesRead.Load()
		if want := int64(len(switching) + len(first)); before != want {
			t.Errorf("read %d bytes, not %d", before, want)
		}
		if _, err := io.WriteString(conn, "and an echo"); err != nil {
			t.Fatal(err)
		}
		want := first + "and an echo"
		got := make([]byte, len(want))
		if _, err := io.ReadFull(conn, got); err != nil || string(got) != want {
			t.Errorf("read %q, %v; not %q", got, err, want)
		}
		if got := p.tally.BytesRead.Load() - before; got != int64(len("and an echo")) {
			t.Errorf("counted %d bytes of an echo", got)
		}
		if got := p.tally.BytesWritten.Load() - p.headers.Up.Load(); got != int64(len("and an echo")) {
			t.Errorf("wrote %d bytes beside the head", got)
		}
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
		p.serving.Wait()
	}
}

// An upgraded connection is the subscriber's alone, and ends with the context
// of its request.
func TestUpgradedConnectionEndsWithContext(t *testing.T) {
	p := newPeer(t, switches(""))
	ctx, cancel := context.WithCancel(t.Context())
	conn := upgrade(t, p, ctx)
	other := upgrade(t, p, t.Context())
	if p.dialled != 2 {
		t.Errorf("two upgrades took %d connections", p.dialled)
	}
	cancel()
	if n, err := conn.Read(make([]byte, 1)); err == nil {
		t.Errorf("read %d bytes of a connection whose context has ended", n)
	}
	if _, err := io.WriteString(other, "x"); err != nil {
		t.Error(err)
	}
	if _, err := io.ReadFull(other, make([]byte, 1)); err != nil {
		t.Error(err)
	}
	if err := other.Close(); err != nil {
		t.Error(err)
	}
	p.serving.Wait()
}

// After an upgrade nothing is kept of what HTTP needed: thousands of clients stay
// in that state.
func TestUpgradeLetsGo(t *testing.T) {
	for name, secure := range map[string]bool{"in clear": false, "over TLS": true} {
		t.Run(name, func(t *testing.T) {
			config := serverConfig(t)
			if !secure {
				config = nil
			}
			s := serve(t, config, func(w http.ResponseWriter, _ *http.Request) {
				conn, _, err := w.(http.Hijacker).Hijack()
				if err != nil {
					t.Error(err)
					return
				}
				defer conn.Close()
				io.WriteString(conn, switching+"x")
				io.Copy(conn, conn)
			})
			p := &peer{client: s.client(t)}
			if secure {
				p.client.TLS = clientConfig(t)
			}
			var kept weak.Pointer[stack]
			var buffer weak.Pointer[bufio.Reader]
			p.client.Ready = func(Setup) {
				kept, buffer = weak.Make(p.client.stack), weak.Make(p.client.stack.r)
			}
			conn := upgrade(t, p, t.Context())
			defer conn.Close()
			for range 2 { // what came along with the answer, and what did not
				if _, err := io.ReadFull(conn, make([]byte, 1)); err != nil {
					t.Fatal(err)
				}
				if _, err := io.WriteString(conn, "y"); err != nil {
					t.Fatal(err)
				}
			}
			runtime.GC()
			if kept.Value() != nil || buffer.Value() != nil {
				t.Errorf("kept: the stack %v, the read buffer %v", kept.Value() != nil, buffer.Value() != nil)
			}
			runtime.KeepAlive(p)
		})
	}
}
