package wire

import (
	"context"
	"crypto/tls"
	"io"
	"log"
	"net"
	"net/http"
	"runtime"
	"sync"
	"testing"
	"time"
)

// authority certifies the servers of these tests.
var authority = sync.OnceValues(NewAuthority)

func serverConfig(t testing.TB) *tls.Config {
	t.Helper()
	a, err := authority()
	if err != nil {
		t.Fatal(err)
	}
	return a.ServerConfig()
}

func clientConfig(t testing.TB) *tls.Config {
	t.Helper()
	a, err := authority()
	if err != nil {
		t.Fatal(err)
	}
	config, err := ClientConfig(a.PEM())
	if err != nil {
		t.Fatal(err)
	}
	return config
}

// server is net/http's, on a loopback port.
type server struct {
	tally Tally
	addr  string
}

// serve serves h over HTTP/1.1 and HTTP/2 until the test ends: under TLS if
// there is a config for it, else in clear.
func serve(t testing.TB, config *tls.Config, h http.HandlerFunc) *server {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &server{addr: l.Addr().String()}
	server := &http.Server{Handler: h, Protocols: Protocols(), ErrorLog: log.New(io.Discard, "", 0)}
	counted := Listener(l, &s.tally)
	if config != nil {
		counted = TLSListener(l, &s.tally, config)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		server.Serve(counted)
	}()
	t.Cleanup(func() {
		server.Close()
		<-ended
	})
	return s
}

// client is one of a server, whose last connection ends with the test.
func (s *server) client(t testing.TB) *Client {
	c := &Client{Dial: s.dial, Tally: new(Tally), Headers: new(Headers)}
	t.Cleanup(c.close)
	return c
}

func (s *server) dial(ctx context.Context) (net.Conn, error) {
	var d net.Dialer
	return d.DialContext(ctx, "tcp", s.addr)
}

// settled is what the server has counted once it has counted all that the client
// has read: a write is counted when it returns, which its reader may see before.
func (s *server) settled(t testing.TB, c *Client) Counts {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); s.tally.BytesWritten.Load() != c.Tally.BytesRead.Load(); runtime.Gosched() {
		if time.Now().After(deadline) {
			t.Fatalf("the server wrote %d bytes, of which the client read %d", s.tally.BytesWritten.Load(), c.Tally.BytesRead.Load())
		}
	}
	return s.tally.Counts()
}

// hello answers with a body of five bytes.
func hello(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "hello") }

// ask sends a request, and reads the answer to its end.
func ask(c *Client, change ...func(*http.Request)) (*http.Response, string, error) {
	req, err := http.NewRequest(http.MethodGet, URL+"/", nil)
	if err != nil {
		return nil, "", err
	}
	for _, f := range change {
		f(req)
	}
	resp, err := c.HTTP().Do(req)
	if err != nil {
		return nil, "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return resp, string(body), err
}

// mustAsk fails the test unless the answer is hello's.
func mustAsk(t testing.TB, c *Client, change ...func(*http.Request)) *http.Response {
	t.Helper()
	resp, body, err := ask(c, change...)
	if err != nil || body != "hello" {
		t.Fatalf("got %q, %v", body, err)
	}
	return resp
}

func last(r *http.Request) { r.Close = true }
