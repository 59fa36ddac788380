package wire

import (
	"net"
	"sync"
	"syscall"
)

// A server that has an event for thousands of connections must not wait for one of
// them. So on a connection whose Tries is true, writes between Try and Tried do not
// wait, whoever makes them: what the kernel does not take at once is kept, and is the
// rest.
//
//	Try ─▶ Write … Write ─▶ Tried: 0, or the bytes that are kept
//	                          └▶ Drain, or any later Write: the rest goes first, and is waited for
//
// Nobody begins to try while there is a rest, or a writer that waits. So a rest is
// never longer than what one try was given, and what else was written meanwhile.

// outbox is what a connection on which writes are tried has beside others.
type outbox struct {
	try  TryWriter
	turn sync.Mutex // of writers that wait; never of one that tries

	mu      sync.Mutex
	waiting int32 // writers that wait, or are about to
	trying  bool
	closed  bool
	rest    []byte
}

// Tries reports whether writes can be tried on the connection, and prepares it for
// that. It is asked before a second goroutine writes; another may close the connection
// meanwhile. Under TLS writes cannot be tried: a record that is sealed has to go out
// whole, before the next.
func (c *Conn) Tries() bool {
	if c.out.Load() == nil && c.secured == inClear {
		if try := AsTryWriter(c.Conn); try != nil {
			c.out.Store(&outbox{try: try})
		}
	}
	return c.out.Load() != nil
}

// Try begins writes that do not wait. It reports whether it has: not where there is a
// rest, or somebody waits to write.
func (c *Conn) Try() bool {
	o := c.out.Load()
	o.mu.Lock()
	ok := !o.trying && o.waiting == 0 && len(o.rest) == 0
	if ok {
		o.trying = true
	}
	o.mu.Unlock()
	return ok
}

// Tried ends what Try has begun, and returns how many bytes are kept.
func (c *Conn) Tried() (rest int) {
	o := c.out.Load()
	o.mu.Lock()
	o.trying = false
	rest = len(o.rest)
	o.mu.Unlock()
	return rest
}

// Drain waits until the rest is out.
func (c *Conn) Drain() error {
	_, err := c.share(c.out.Load(), nil)
	return err
}

// share writes without waiting while somebody tries, and else in its turn, behind the
// rest.
func (c *Conn) share(o *outbox, p []byte) (n int, err error) {
	o.mu.Lock()
	if o.trying {
		n, err = c.keep(o, p)
		o.mu.Unlock()
		return n, err
	}
	o.waiting++ // so that nobody begins to try
	o.mu.Unlock()
	o.turn.Lock()
	if err = c.drain(o); err == nil && len(p) > 0 {
		n, err = c.Conn.Write(p)
		c.wrote(n)
	}
	o.turn.Unlock()
	o.mu.Lock()
	o.waiting--
	o.mu.Unlock()
	return n, err
}

// keep writes what the kernel takes, and keeps what it does not. The outbox is locked.
func (c *Conn) keep(o *outbox, p []byte) (n int, err error) {
	if o.closed {
		return 0, net.ErrClosed
	}
	if len(o.rest) == 0 && len(p) > 0 {
		n, err = o.try.TryWrite(p)
		c.wrote(n)
		if err != nil {
			return n, err
		}
	}
	if n < len(p) {
		o.rest = append(o.rest, p[n:]...)
		c.tally.Pending.Add(int64(len(p) - n))
	}
	return len(p), nil
}

// drain writes the rest, to which nobody adds meanwhile: it is the caller's turn.
func (c *Conn) drain(o *outbox) error {
	o.mu.Lock()
	rest := o.rest
	o.mu.Unlock()
	if len(rest) == 0 {
		return nil
	}
	n, err := c.Conn.Write(rest)
	c.wrote(n)
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed {
		return net.ErrClosed
	}
	c.tally.Pending.Add(-int64(n))
	if o.rest = rest[n:]; len(o.rest) == 0 {
		o.rest = nil
	}
	return err
}

// drop lets go of the rest, since the connection is closed.
func (c *Conn) drop(o *outbox) {
	o.mu.Lock()
	defer o.mu.Unlock()
	c.tally.Pending.Add(-int64(len(o.rest)))
	o.closed, o.rest = true, nil
}

// TryWriter is a connection on which a write need not wait.
type TryWriter interface {
	// TryWrite writes what can be written at once, and returns how much that was, be
	// it nothing. That it is not all is no error.
	TryWrite(p []byte) (int, error)
}

// AsTryWriter is the connection as one, or nil where it cannot be: a socket can, on a
// Unix, and so can what says so itself.
func AsTryWriter(conn net.Conn) TryWriter {
	if w, ok := conn.(TryWriter); ok {
		return w
	}
	socket, ok := conn.(syscall.Conn)
	if !ok || !triesSockets {
		return nil
	}
	raw, err := socket.SyscallConn()
	if err != nil {
		return nil
	}
	return rawSocket{raw}
}

// rawSocket tries to write to a socket.
type rawSocket struct{ syscall.RawConn }

// TryWrite implements TryWriter. The error of a deadline that has passed is that of any
// write.
func (s rawSocket) TryWrite(p []byte) (int, error) {
	a := attempts.Get().(*attempt)
	a.p = p
	err := s.RawConn.Write(a.run)
	if err == nil {
		err = a.err
	}
	n := a.n
	a.p, a.n, a.err = nil, 0, nil
	attempts.Put(a)
	return n, err
}

// attempt is one call of write(2). It is kept for the next, since the function would be
// made anew for each.
type attempt struct {
	p   []byte
	n   int
	err error
	run func(fd uintptr) (done bool)
}

var attempts = sync.Pool{New: func() any {
	a := new(attempt)
	a.run = func(fd uintptr) bool {
		a.n, a.err = writeOnce(fd, a.p)
		return true // whatever came of it: this does not wait
	}
	return a
}}
