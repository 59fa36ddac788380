package feedtest

import (
	"net"

	"pushbench/servers/wire"
)

// Point is a place in the course of a subscription where a test may step in:
// look, publish, or hold things up by not returning.
type Point int

// The points, in the order in which a request and its answer pass them.
const (
	ClientWrites   Point = iota // about to write to its socket
	ClientHasWrote              // has written
	ServerHasRead
	ServeBegins // the transport's handler is about to be called
	ServerWrites
	ServerHasWrote
	ServeEnds // the handler has returned
	ClientHasRead
	Emitted // Emit was called with an event
	ClientReads
	ServerReads
	points
)

var pointNames = [points]string{
	"the client writes", "the client has written", "the server has read", "serve begins",
	"the server writes", "the server has written", "serve ends", "the client has read",
	"an event was emitted", "the client reads", "the server reads",
}

func (p Point) String() string { return pointNames[p] }

// hookedConn calls hook at the points of one end of a connection.
type hookedConn struct {
	net.Conn
	hook                          func(Point)
	reads, hasRead, writes, wrote Point
}

func clientConn(c net.Conn, hook func(Point)) net.Conn {
	return &hookedConn{c, hook, ClientReads, ClientHasRead, ClientWrites, ClientHasWrote}
}

func (c *hookedConn) Read(p []byte) (int, error) {
	c.hook(c.reads)
	n, err := c.Conn.Read(p)
	c.hook(c.hasRead)
	return n, err
}

func (c *hookedConn) Write(p []byte) (int, error) {
	c.hook(c.writes)
	n, err := c.Conn.Write(p)
	c.hook(c.wrote)
	return n, err
}

// tries is a hookedConn of a connection on which writes can be tried.
type tries struct {
	*hookedConn
	try  wire.TryWriter
	room func() int // bytes that it takes; nil: all
}

// TryWrite implements wire.TryWriter.
func (c tries) TryWrite(p []byte) (int, error) {
	c.hook(c.writes)
	if c.room != nil {
		p = p[:min(len(p), c.room())]
	}
	n, err := c.try.TryWrite(p)
	c.hook(c.wrote)
	return n, err
}

type hookedListener struct {
	net.Listener
	hook func(Point)
	room func() int
}

func (l hookedListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	hooked := &hookedConn{c, l.hook, ServerReads, ServerHasRead, ServerWrites, ServerHasWrote}
	if try := wire.AsTryWriter(c); try != nil {
		return tries{hooked, try, l.room}, nil
	}
	return hooked, nil
}
