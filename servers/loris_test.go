package main

import (
	"io"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pushbench/servers/all"
	"pushbench/servers/feed"
)

// oneByOne is a listener of connections that are pipes of this process, so that
// time in a synctest bubble passes while they wait.
type oneByOne struct {
	conns  chan net.Conn
	closed chan struct{}
}

func (l oneByOne) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}
func (l oneByOne) Close() error   { close(l.closed); return nil }
func (l oneByOne) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)} }

// Who sends a request byte by byte is cut off in time, whatever it asks for and
// however far it has come; each byte does not buy it more.
func TestSlowHandshake(t *testing.T) {
	for name, sends := range map[string]string{
		"nothing":          "",
		"a request line":   "GET /poll?since=0 HTTP/1.1\r\n",
		"half an upgrade":  "GET /ws?since=0 HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n",
		"another's":        "GET /wsbare?since=0 HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n",
		"HTTP/2's preface": "PRI * HTTP/2.0\r\n",
	} {
		for _, pause := range []time.Duration{0, time.Second} { // at once, and then one byte a second
			synctest.Test(t, func(t *testing.T) {
				server := newServer(all.Handler(feed.NewLog(feed.Text, feed.DefaultRing, feed.NewClock())))
				l := oneByOne{conns: make(chan net.Conn), closed: make(chan struct{})}
				ended := make(chan error, 1)
				go func() { ended <- server.Serve(l) }()
				client, conn := net.Pipe()
				l.conns <- conn

				began := time.Now()
				var sender sync.WaitGroup
				sender.Go(func() {
					io.WriteString(client, sends)
					for pause > 0 {
						<-time.After(pause)
						if _, err := io.WriteString(client, "X"); err != nil {
							return
						}
					}
				})
				io.Copy(io.Discard, client) // until the server has had enough
				if took := time.Since(began); took > headTime {
					t.Errorf("%s, then a byte every %v: held for %v, not %v at most", name, pause, took, headTime)
				}
				client.Close()
				sender.Wait()
				server.Close()
				<-ended
			})
		}
	}
}
