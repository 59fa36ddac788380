package wire

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// pipeListener accepts pipes, or fails with the errors that it is given.
type pipeListener struct {
	dialled chan net.Conn
	fails   chan error
	closed  chan struct{}
}

func newPipeListener() *pipeListener {
	return &pipeListener{make(chan net.Conn), make(chan error), make(chan struct{})}
}

func (l *pipeListener) dial() net.Conn {
	near, far := net.Pipe()
	l.dialled <- far
	return near
}

// dialTLS dials, and goes on reading once the handshake is done: a pipe holds
// nothing, and the server's session tickets come behind it.
func (l *pipeListener) dialTLS(config *tls.Config) (ended <-chan error) {
	c, end := tls.Client(l.dial(), config), make(chan error, 1)
	go func() {
		defer c.NetConn().Close()
		err := c.Handshake()
		if err == nil {
			_, err = io.Copy(io.Discard, c)
		}
		end <- err
	}()
	return end
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.dialled:
		return c, nil
	case err := <-l.fails:
		return nil, err
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error {
	close(l.closed)
	return nil
}

func (l *pipeListener) Addr() net.Addr { return &net.UnixAddr{Name: "pipe"} }

// bothEnds are the TLS of a server and of its clients, by an authority of this
// instant: the clock of a synctest bubble stands long before any other's.
func bothEnds(t *testing.T) (server, client *tls.Config) {
	t.Helper()
	a, err := NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	client, err = ClientConfig(a.PEM())
	if err != nil {
		t.Fatal(err)
	}
	return a.ServerConfig(), client
}

// A handshake that does not come to its end is given up, by either end, and
// nobody waits for it meanwhile.
func TestHandshakeThatNeverComes(t *testing.T) {
	t.Run("server", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			serverSide, clientSide := bothEnds(t)
			inner := newPipeListener()
			l := TLSListener(inner, new(Tally), serverSide)
			defer l.Close()
			start := time.Now()
			silent := inner.dial()
			inner.dialTLS(clientSide)
			c, err := l.Accept()
			if err != nil || time.Since(start) > 0 {
				t.Fatalf("the next connection was accepted after %v, with %v", time.Since(start), err)
			}
			defer c.Close()
			if _, err := silent.Read(make([]byte, 1)); err != io.EOF || time.Since(start) != handshakeTimeout {
				t.Errorf("the silent one was closed after %v, with %v", time.Since(start), err)
			}
		})
	})
	t.Run("client", func(t *testing.T) {
		for _, patience := range []time.Duration{time.Hour, time.Second} {
			synctest.Test(t, func(t *testing.T) {
				p := newPeer(t, func(c net.Conn, _ *bufio.Reader) { gone(c) })
				_, p.client.TLS = bothEnds(t)
				ctx, cancel := context.WithTimeout(t.Context(), patience)
				defer cancel()
				start := time.Now()
				_, err := get(t, p, ctx)
				took := time.Since(start)
				if patience < handshakeTimeout {
					if !errors.Is(err, context.DeadlineExceeded) || took != patience {
						t.Errorf("after %v: %v", took, err)
					}
				} else if err == nil || !strings.Contains(err.Error(), "the peer has not finished it within 10s") || took != handshakeTimeout {
					t.Errorf("after %v: %v", took, err)
				}
			})
		}
	})
}

// A listener that is closed ends the handshakes under way, and what nobody has
// accepted.
func TestCloseEndsHandshakes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		serverSide, clientSide := bothEnds(t)
		inner := newPipeListener()
		l := TLSListener(inner, new(Tally), serverSide)
		silent, unwanted := inner.dial(), inner.dialTLS(clientSide)
		synctest.Wait() // until its handshake is done
		start := time.Now()
		if err := l.Close(); err != nil {
			t.Error(err)
		}
		if n, err := silent.Read(make([]byte, 1)); err != io.EOF {
			t.Errorf("read %d bytes, %v of a connection whose listener is closed", n, err)
		}
		if err := <-unwanted; err != nil { // it was whole until then
			t.Errorf("a connection that nobody accepted ended with %v", err)
		}
		if took := time.Since(start); took > 0 {
			t.Errorf("it took %v", took)
		}
		for range 2 {
			if _, err := l.Accept(); !errors.Is(err, net.ErrClosed) {
				t.Errorf("a closed listener accepts with %v", err)
			}
		}
	})
}

// An error of Accept, as when descriptors have run out for a while, is its
// caller's, and not the end.
func TestAcceptFails(t *testing.T) {
	serverSide, clientSide := serverConfig(t), clientConfig(t)
	inner, failure := newPipeListener(), errors.New("too many open files")
	l := TLSListener(inner, new(Tally), serverSide)
	defer l.Close()
	for range 2 {
		inner.fails <- failure
		if _, err := l.Accept(); err != failure {
			t.Fatalf("it failed with %v", err)
		}
	}
	ended := inner.dialTLS(clientSide)
	c, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	c.Close()
	<-ended
}
