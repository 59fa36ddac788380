package wire

import (
	"context"
	"io"
	"net"
	"sync"
	"sync/atomic"

	"pushbench/servers/epoll"
)

// Loops are event loops that read what Clients have opened and transports have handed
// on: the connection after a 101, or the rest of a chunked answer, over HTTP/1.1 in
// clear. Each needs no goroutine then, and no memory to read to. What passes is counted
// as before. They are a feed.Loop.
type Loops struct {
	loops []*epoll.Loop
	turn  atomic.Uint32 // whose it is to get the next connection

	mu     sync.Mutex
	scopes map[context.Context]*scope
}

// scope is the connections that end with one context.
type scope struct {
	loops   *Loops
	ctx     context.Context
	members map[*looped]struct{}
	stop    func() bool // of waiting for its end
}

// NewLoops starts n loops, to be closed.
func NewLoops(n int) (*Loops, error) {
	l := &Loops{scopes: make(map[context.Context]*scope)}
	for range n {
		one, err := epoll.New()
		if err != nil {
			l.Close()
			return nil, err
		}
		l.loops = append(l.loops, one)
	}
	return l, nil
}

// Close closes all connections, tells their receivers, and ends the loops. No receiver
// may call it.
func (l *Loops) Close() {
	l.mu.Lock()
	var all []*looped
	for _, s := range l.scopes {
		all = s.appendTo(all)
	}
	l.mu.Unlock()
	closeAll(all)
	for _, one := range l.loops {
		one.Close()
	}
}

// Attach takes over a connection that a response of a Client has brought as its body:
// all that comes on it goes to the receiver, until the connection or ctx ends; done is
// told by what error. It reports false where it cannot, and has done nothing: under TLS,
// over HTTP/2, of an answer that is not chunked, or of a Dial whose connections are no
// sockets.
func (l *Loops) Attach(ctx context.Context, conn io.ReadCloser, to Receiver, done func(error)) bool {
	loop := l.loops[l.turn.Add(1)%uint32(len(l.loops))]
	d := &looped{to: to, done: done}
	d.whole.Lock() // nobody reads or closes it before it is
	defer d.whole.Unlock()
	switch c := conn.(type) {
	case *upgraded:
		c.mu.Lock()
		defer c.mu.Unlock()
		if !d.takeOver(loop, c.Conn, c.unbind, c.r) {
			return false
		}
		c.r, c.unbind = nil, nil
	case *body:
		chunked, ok := c.ReadCloser.(*chunkedBody)
		if !ok || c.stack == nil {
			return false
		}
		d.chunked = &chunkedIn{headers: chunked.stack.headers}
		if !d.takeOver(loop, c.stack.app, c.stack.unbind, c.stack.r) {
			return false
		}
		c.client.stack, c.stack = nil, nil // what HTTP needed for it becomes garbage
	default:
		return false
	}
	l.enter(ctx, d)
	return true
}

// enter has a connection end with ctx.
func (l *Loops) enter(ctx context.Context, d *looped) {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.scopes[ctx]
	if s == nil {
		s = &scope{loops: l, ctx: ctx, members: make(map[*looped]struct{})}
		l.scopes[ctx] = s
		s.stop = context.AfterFunc(ctx, func() { l.end(s) })
	}
	s.members[d] = struct{}{}
	d.scope = s
	if ctx.Err() != nil { // it may have ended before this connection was there
		d.conn.Close()
	}
}

// end closes the connections of a scope whose context has ended.
func (l *Loops) end(s *scope) {
	l.mu.Lock()
	all := s.appendTo(nil)
	l.mu.Unlock()
	closeAll(all)
}

// leave forgets a connection that is closed.
func (l *Loops) leave(d *looped) {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := d.scope
	delete(s.members, d)
	if len(s.members) == 0 {
		s.stop()
		delete(l.scopes, s.ctx)
	}
}

func (s *scope) appendTo(all []*looped) []*looped {
	for d := range s.members {
		all = append(all, d)
	}
	return all
}

func closeAll(all []*looped) {
	for _, d := range all {
		d.awaitWhole()
		d.conn.Close()
	}
}

// replace changes what carries a connection, whose kernel's counts are read by way of
// it.
func (s *Sockets) replace(c *Conn, by net.Conn) {
	if s != nil {
		s.mu.Lock()
		defer s.mu.Unlock()
	}
	c.Conn = by
}
