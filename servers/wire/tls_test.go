package wire

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/pem"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// The first connection of a client makes a full handshake and the next ones
// resume it, which is told apart and costs less; another client begins anew.
func TestFullAndResumedHandshakes(t *testing.T) {
	for _, version2 := range []bool{false, true} {
		s := serve(t, serverConfig(t), hello)
		config := clientConfig(t)
		for range 2 {
			var setups []Setup
			c := s.client(t)
			c.TLS, c.HTTP2, c.Ready = config, version2, func(made Setup) { setups = append(setups, made) }
			before := s.tally.Counts()
			var handshakes []int64
			for range 3 {
				mustAsk(t, c, last)
				now := s.tally.Counts()
				handshakes = append(handshakes, now.Sub(before).Handshakes)
				before = now
			}
			if len(setups) != 3 || setups[0].Resumed || !setups[1].Resumed || !setups[2].Resumed {
				t.Fatalf("the set-ups are %+v: not a full one and two that resume it", setups)
			}
			if handshakes[1] > handshakes[0]-400 || handshakes[1] != handshakes[2] {
				t.Errorf("the server's handshakes took %d bytes: resuming saves it the certificate", handshakes)
			}
		}
		if config.ClientSessionCache != nil || config.NextProtos != nil {
			t.Error("a client has changed the config that it shares")
		}
	}
}

// A client trusts the authority that it was given, and no other.
func TestWrongAuthority(t *testing.T) {
	other, err := NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	s := serve(t, other.ServerConfig(), hello)
	c := s.client(t)
	c.TLS = clientConfig(t)
	_, _, err = ask(c)
	if err == nil || !strings.Contains(err.Error(), "make a TLS handshake: tls: failed to verify certificate: x509: certificate signed by unknown authority") {
		t.Errorf("the error is %v", err)
	}
	var bad *tls.CertificateVerificationError
	if !errors.As(err, &bad) {
		t.Errorf("the error is a %T", err)
	}
}

func TestBadAuthority(t *testing.T) {
	for _, text := range []string{"", "nonsense", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte("nonsense")}))} {
		if _, err := ClientConfig([]byte(text)); err == nil || !strings.Contains(err.Error(), "is no certificate in PEM") {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// Where one end speaks TLS and the other does not, the client ends with an error
// that says so.
func TestOneEndInClear(t *testing.T) {
	for name, c := range map[string]struct {
		server, client, version2 bool
		want                     string
	}{
		"client over TLS":          {false, true, false, "make a TLS handshake: tls: first record does not look like a TLS handshake"},
		"client over TLS, HTTP/2":  {false, true, true, "make a TLS handshake: tls: first record does not look like a TLS handshake"},
		"client in clear":          {true, false, false, ""},
		"client in clear, HTTP/2":  {true, false, true, `Get "`}, // whichever it notices first
		"neither":                  {false, false, false, ""},
		"both, over HTTP/2":        {true, true, true, ""},
		"neither, and over HTTP/2": {false, false, true, ""},
	} {
		t.Run(name, func(t *testing.T) {
			config := serverConfig(t)
			if !c.server {
				config = nil
			}
			client := serve(t, config, hello).client(t)
			client.HTTP2 = c.version2
			if c.client {
				client.TLS = clientConfig(t)
			}
			resp, body, err := ask(client)
			switch {
			case c.want != "":
				if err == nil || !strings.Contains(err.Error(), c.want) {
					t.Errorf("the error is %v, which does not say %q", err, c.want)
				}
			case err != nil:
				t.Error(err)
			case c.server != c.client:
				if resp.StatusCode != http.StatusBadRequest || body != "this server speaks TLS; use https\n" {
					t.Errorf("status %d, %q", resp.StatusCode, body)
				}
			case body != "hello" || (resp.ProtoMajor == 2) != c.version2:
				t.Errorf("got %q over %s", body, resp.Proto)
			}
		})
	}
}

// What is no TLS and no HTTP is hung up on without a word.
func TestNonsenseForTLS(t *testing.T) {
	s := serve(t, serverConfig(t), hello)
	for _, text := range []string{"\x00\x00\x00\x00\x00\x00", "SSH-2.0-OpenSSH_9.9\r\n", "GETTING"} {
		c, err := s.dial(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(c, text); err != nil {
			t.Fatal(err)
		}
		if got, _ := io.ReadAll(c); len(got) > 0 && got[0] != 21 { // an alert
			t.Errorf("%q is answered with %q", text, got)
		}
		c.Close()
	}
	c := s.client(t)
	c.TLS = clientConfig(t)
	mustAsk(t, c) // and it goes on
}

// The version of HTTP is agreed on by ALPN (RFC 9113 §3.2), and a client does not
// take another than it was told to.
func TestALPN(t *testing.T) {
	for name, c := range map[string]struct {
		offers   []string
		version2 bool
		want     string // the error; "" for none
	}{
		"both, asked for 1.1": {[]string{"h2", "http/1.1"}, false, ""},
		"both, asked for 2":   {[]string{"h2", "http/1.1"}, true, ""},
		"1.1, asked for 2":    {[]string{"http/1.1"}, true, "tls: no application protocol"},
		"2, asked for 1.1":    {[]string{"h2"}, false, ""}, // crypto/tls lets it pass, and net/http speaks it
		"none, asked for 1.1": {nil, false, ""},
		"none, asked for 2":   {nil, true, "the server has no HTTP/2 over TLS"},
	} {
		t.Run(name, func(t *testing.T) {
			config := serverConfig(t)
			config.NextProtos = c.offers
			client := serve(t, config, hello).client(t)
			client.TLS, client.HTTP2 = clientConfig(t), c.version2
			resp, _, err := ask(client)
			switch {
			case c.want != "":
				if err == nil || !strings.Contains(err.Error(), c.want) {
					t.Errorf("the error is %v, which does not say %q", err, c.want)
				}
			case err != nil:
				t.Error(err)
			case (resp.ProtoMajor == 2) != c.version2:
				t.Errorf("it speaks %s", resp.Proto)
			}
		})
	}
}

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

// Records are as long as they can be from the first byte on, at both ends, so
// that an event's bytes do not depend on how many came before it.
func TestRecordsDoNotGrow(t *testing.T) {
	const full = 16 << 10
	s := serve(t, serverConfig(t), func(w http.ResponseWriter, r *http.Request) {
		n, err := io.Copy(io.Discard, r.Body)
		if n != 4*full || err != nil {
			t.Errorf("the server read %d bytes, %v", n, err)
		}
		w.Header().Set("Content-Length", "65536")
		w.Write(make([]byte, 4*full)) // beyond net/http's buffer: a write of its own, behind the head's
	})
	c := s.client(t)
	c.TLS = clientConfig(t)
	_, body, err := ask(c, func(r *http.Request) {
		r.Method, r.ContentLength, r.Body = http.MethodPost, 4*full, io.NopCloser(strings.NewReader(strings.Repeat("x", 4*full)))
	})
	if err != nil || len(body) != 4*full {
		t.Fatalf("got %d bytes, %v", len(body), err)
	}
	up, down := c.Tally.Counts(), s.settled(t, c)
	if got := (up.TLS - up.Handshakes) / recordOverhead; got != 5 { // the head takes a little of a fifth
		t.Errorf("the request took %d records", got)
	}
	if got := (down.TLS - down.Handshakes) / recordOverhead; got != 5 && got != 6 {
		t.Errorf("the answer took %d records", got)
	}
}
