package wire

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"pushbench/servers/epoll"
)

// looped is a connection that a loop reads. It is what carries the Conn that counts it,
// in place of package net's, whose poller would be woken by each event as well.
//
// Of thousands of connections none is in the processor's cache when its turn comes. So
// what a read needs stands together. The Conn's own counts, which only its set-up needs,
// are not kept up.
type looped struct {
	fd      epoll.FD
	to      Receiver // nil: it was not taken over
	tally   *Tally
	chunked *chunkedIn
	begun   bool                 // the loop has called
	bad     bool                 // Take has failed
	rest    atomic.Pointer[rest] // of what was written; nil: it is out

	conn    *Conn
	done    func(error)
	early   []byte // came along with the head; nil once it is taken
	err     error  // that ended it, of reading or of Take
	scope   *scope
	whole   sync.Mutex // held until all of this is set
	writing sync.Mutex // held while rest changes
}

// chunkedIn is a chunked answer under way.
type chunkedIn struct {
	chunks  chunks
	headers *Headers
}

// rest is what has been written and is not out yet.
type rest struct {
	bytes []byte
	late  *time.Timer // closes the connection
}

const (
	// mostRest bounds what waits to go out (bytes): far more control frames than
	// anybody sends who reads.
	mostRest = 64 << 10
	// restTime is how long the other end may take to read that.
	restTime = 10 * time.Second
)

// takeOver has the loop read a connection, unless that ends just now. Its descriptor is
// a second one of the same socket: the first is package net's to close.
func (d *looped) takeOver(loop *epoll.Loop, app net.Conn, unbind func() bool, head *bufio.Reader) bool {
	c, ok := app.(*Conn)
	if !ok || unbind == nil {
		return false
	}
	number, ok := duplicate(c.Conn)
	if !ok {
		return false
	}
	d.conn, d.tally = c, c.tally
	if loop.Add(&d.fd, number, d) != nil {
		unix.Close(number)
		return false
	}
	if !unbind() {
		d.to = nil
		d.fd.Close()
		return false
	}
	if head != nil {
		early, _ := head.Peek(head.Buffered())
		d.early = bytes.Clone(early)
	}
	before := c.Conn
	c.sockets.replace(c, d)
	before.Close()
	return true
}

// duplicate is a second descriptor of a connection's socket.
func duplicate(c net.Conn) (number int, ok bool) {
	s, ok := c.(syscall.Conn)
	if !ok {
		return 0, false
	}
	raw, err := s.SyscallConn()
	if err != nil {
		return 0, false
	}
	var failed error
	err = raw.Control(func(fd uintptr) { number, failed = unix.FcntlInt(fd, unix.F_DUPFD_CLOEXEC, 0) })
	return number, err == nil && failed == nil
}

// awaitWhole returns when all is set that Attach sets.
func (d *looped) awaitWhole() {
	d.whole.Lock()
	defer d.whole.Unlock()
}

// Ready implements epoll.Handler: it reads once.
func (d *looped) Ready(on epoll.Events) (again bool) {
	if !d.begun {
		d.begun = true
		d.awaitWhole()
		if d.to == nil {
			return false
		}
		if early := d.early; early != nil {
			d.early = nil
			if !d.pass(early) {
				return false
			}
		}
	}
	if on&epoll.Writable != 0 && d.rest.Load() != nil {
		d.flush()
	}
	if on&epoll.Readable == 0 {
		return false
	}
	p := d.fd.Room()
	n, err := d.fd.Read(p)
	if n > 0 {
		d.tally.Reads.Add(1)
		d.tally.BytesRead.Add(int64(n))
		return d.pass(p[:n]) && (n == len(p) || on&epoll.Gone != 0)
	}
	if err != epoll.ErrWait {
		d.end(err)
	}
	return false
}

// pass hands on what has come, and reports whether more may.
func (d *looped) pass(p []byte) bool {
	var end error
	if d.chunked != nil {
		p, end = d.chunked.take(p)
	}
	if len(p) > 0 {
		if err := d.to.Take(p); err != nil {
			end, d.bad = err, true
		}
	}
	if end != nil {
		d.end(end)
	}
	return end == nil
}

// take takes the framing out of what has come. The error is io.EOF at the answer's end.
func (c *chunkedIn) take(p []byte) (content []byte, err error) {
	n, framing, err := c.chunks.take(p)
	c.headers.Down.Add(int64(framing))
	if err == nil && c.chunks.part == chunkEnd {
		err = io.EOF
	}
	return p[:n], err
}

// end ends the connection from within the loop.
func (d *looped) end(err error) {
	if err == io.EOF && !d.bad && d.chunked != nil && d.chunked.chunks.part != chunkEnd {
		err = io.ErrUnexpectedEOF
	}
	d.err = err
	d.conn.Close()
}

// Closed implements epoll.Handler.
func (d *looped) Closed() {
	d.awaitWhole()
	if d.to == nil {
		return
	}
	d.scope.loops.leave(d)
	d.writing.Lock()
	rest := d.rest.Load()
	stuck := rest != nil && rest.stop()
	d.writing.Unlock()
	switch {
	case d.err != nil:
	case stuck:
		d.err = fmt.Errorf("the server has not read what it was sent within %v", restTime)
	default:
		d.err = net.ErrClosed
	}
	if !d.bad {
		d.err = d.to.End(d.err)
	}
	d.done(d.err)
}

// stop stops waiting for the rest to go out, and reports whether that took too long.
func (r *rest) stop() (late bool) { return !r.late.Stop() }

// Write implements net.Conn. It waits for nobody: what there is no room for goes out
// when there is.
func (d *looped) Write(p []byte) (n int, err error) {
	d.writing.Lock()
	defer d.writing.Unlock()
	r := d.rest.Load()
	if r == nil {
		n, err = d.fd.Write(p)
		if err != epoll.ErrWait {
			return n, err
		}
		r = &rest{late: time.AfterFunc(restTime, func() { d.conn.Close() })}
		d.rest.Store(r)
	}
	if len(r.bytes)+len(p)-n > mostRest {
		return n, fmt.Errorf("%d bytes wait already until the server reads", len(r.bytes))
	}
	r.bytes = append(r.bytes, p[n:]...)
	return len(p), nil
}

// flush writes the rest.
func (d *looped) flush() {
	d.writing.Lock()
	defer d.writing.Unlock()
	r := d.rest.Load()
	n, err := d.fd.Write(r.bytes)
	r.bytes = r.bytes[n:]
	if err == epoll.ErrWait { // an error that is another reading has too
		return
	}
	r.stop()
	d.rest.Store(nil)
}

// Close implements net.Conn. The loop closes the descriptor soon.
func (d *looped) Close() error {
	d.fd.Close()
	return nil
}

// Read implements net.Conn.
func (d *looped) Read([]byte) (int, error) { return 0, errLooped }

var errLooped = errors.New("an event loop reads the connection")

// What else a net.Conn has, nobody needs who leaves it to a loop.
func (d *looped) LocalAddr() net.Addr              { return nil }
func (d *looped) RemoteAddr() net.Addr             { return nil }
func (d *looped) SetDeadline(time.Time) error      { return errLooped }
func (d *looped) SetReadDeadline(time.Time) error  { return errLooped }
func (d *looped) SetWriteDeadline(time.Time) error { return errLooped }

// SyscallConn implements syscall.Conn.
func (d *looped) SyscallConn() (syscall.RawConn, error) { return rawLooped{d}, nil }

// rawLooped is a looped connection as the kernel is asked about it.
type rawLooped struct{ d *looped }

func (r rawLooped) Control(use func(fd uintptr)) error {
	return r.d.fd.Control(func(fd int) { use(uintptr(fd)) })
}

func (rawLooped) Read(func(uintptr) bool) error  { return errLooped }
func (rawLooped) Write(func(uintptr) bool) error { return errLooped }
