package main

import (
	"context"
	"crypto/tls"
	"io"
	"log"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pushbench/servers/all"
	"pushbench/servers/feed"
	"pushbench/servers/wire"
)

// site is the program's server on a listener of connections that are pipes of
// this process, so that time in a synctest bubble passes while they wait.
type site struct {
	t      *testing.T
	log    *feed.Log
	clock  feed.Clock
	tally  wire.Tally
	server *http.Server
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
	served chan struct{}
	trust  *tls.Config // nil: in clear
}

// openSite opens one with a first event, in clear or under TLS.
func openSite(t *testing.T, secure bool) *site {
	t.Helper()
	clock := feed.NewClock()
	s := &site{
		t: t, clock: clock, log: feed.NewLog(feed.Text, feed.DefaultRing, clock),
		conns: make(chan net.Conn), closed: make(chan struct{}), served: make(chan struct{}),
	}
	s.log.Publish(clock.Now(), []byte("first"))
	s.server = feed.NewServer(s.log, all.Handler(s.log), wire.Protocols())
	s.server.ErrorLog = log.New(io.Discard, "", 0)
	counted, authority, err := listener(s, &s.tally, secure)
	if err == nil && secure {
		s.trust, err = wire.ClientConfig(authority)
	}
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(s.served)
		s.server.Serve(counted)
	}()
	return s
}

// close ends it at once.
func (s *site) close() {
	s.log.Close()
	s.server.Close()
	<-s.served
	<-time.After(lingering) // of connections with an answer that ends them
	synctest.Wait()
}

// pipe is a new connection.
func (s *site) pipe() net.Conn {
	near, far := net.Pipe()
	s.conns <- far
	return near
}

// dial is a new connection, whose TLS handshake is done where there is one.
func (s *site) dial() net.Conn {
	conn := s.pipe()
	if s.trust == nil {
		return conn
	}
	secured := tls.Client(conn, s.trust)
	if err := secured.HandshakeContext(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
	return secured
}

// client is a subscriber's.
func (s *site) client(version2 bool) *wire.Client {
	return &wire.Client{
		Dial:  func(context.Context) (net.Conn, error) { return s.pipe(), nil },
		HTTP2: version2, TLS: s.trust, Tally: new(wire.Tally), Headers: new(wire.Headers),
	}
}

func (s *site) Accept() (net.Conn, error) {
	select {
	case c := <-s.conns:
		return c, nil
	case <-s.closed:
		return nil, net.ErrClosed
	}
}

func (s *site) Close() error {
	s.once.Do(func() { close(s.closed) })
	return nil
}

func (s *site) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)} }

// bothWays runs a test in a bubble, in clear and under TLS.
func bothWays(t *testing.T, f func(t *testing.T, secure bool)) {
	t.Helper()
	for name, secure := range map[string]bool{"in clear": false, "over TLS": true} {
		t.Run(name, func(t *testing.T) { synctest.Test(t, func(t *testing.T) { f(t, secure) }) })
	}
}

// readHead reads the head of a 101, and nothing behind it.
func readHead(t *testing.T, conn net.Conn) {
	t.Helper()
	b, got := make([]byte, 1), ""
	for !strings.HasSuffix(got, "\r\n\r\n") {
		if _, err := conn.Read(b); err != nil {
			t.Fatal(err)
		}
		got += string(b)
	}
	if !strings.HasPrefix(got, "HTTP/1.1 101 ") {
		t.Fatalf("the answer is %q", got)
	}
}
