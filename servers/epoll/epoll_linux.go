package epoll

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// Events are what a descriptor is ready for.
type Events uint8

const (
	Readable Events = 1 << iota // there is something to read, or its end
	Writable                    // there is room for more, as at the beginning
	Gone                        // the peer has gone, or sends no more; how, reading tells
)

// Handler is told of a descriptor, in the loop's goroutine and one call at a time.
type Handler interface {
	// Ready is called when the descriptor has become ready. It may read or write once
	// or a few times, so that the others have their turn. It returns true where it may
	// have left something to read, and is called again after them; it must as long as
	// the peer is Gone and no read has told how.
	Ready(Events) (again bool)
	// Closed is the last call. The descriptor is closed.
	Closed()
}

// Loop waits for its descriptors and calls their handlers, in a goroutine of its own.
type Loop struct {
	poll, wake int    // descriptors: epoll's, and that of an event that wakes the loop
	room       []byte // see FD.Room
	ended      chan struct{}
	work       atomic.Bool // there is something to close

	mu      sync.Mutex
	fds     []*FD // by number; nil: not of this loop
	open    int   // of them
	over    []*FD // that are to be closed
	closing bool
}

const (
	batch    = 256 // descriptors that a turn takes from the kernel
	roomSize = 64 << 10
)

// ErrClosed is the error of a loop or a descriptor that is closed.
var ErrClosed = os.ErrClosed

// New starts a loop.
func New() (*Loop, error) {
	poll, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("open an event loop: %w", os.NewSyscallError("epoll_create1", err))
	}
	wake, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err != nil {
		unix.Close(poll)
		return nil, fmt.Errorf("open an event loop: %w", os.NewSyscallError("eventfd", err))
	}
	l := &Loop{poll: poll, wake: wake, room: make([]byte, roomSize), ended: make(chan struct{})}
	// Edge-triggered, each write wakes, and nobody has to read the count.
	if err := l.control(unix.EPOLL_CTL_ADD, wake, unix.EPOLLIN|unix.EPOLLET); err != nil {
		unix.Close(poll)
		unix.Close(wake)
		return nil, fmt.Errorf("open an event loop: %w", err)
	}
	go l.run()
	return l, nil
}

func (l *Loop) control(op, fd int, events uint32) error {
	err := unix.EpollCtl(l.poll, op, fd, &unix.EpollEvent{Events: events, Fd: int32(fd)})
	return os.NewSyscallError("epoll_ctl", err)
}

// Add hands a descriptor over, which must not block, and has its handler told at once
// what it is ready for. f becomes the handler's means to use it. Where there is an
// error the descriptor remains the caller's.
func (l *Loop) Add(f *FD, fd int, h Handler) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closing {
		return fmt.Errorf("add a descriptor to an event loop: %w", ErrClosed)
	}
	f.loop, f.handler, f.number = l, h, int32(fd)
	// Edge-triggered, a descriptor that stays ready is not looked at again by each
	// wait; and room to write needs no asking for.
	if err := l.control(unix.EPOLL_CTL_ADD, fd, unix.EPOLLIN|unix.EPOLLOUT|unix.EPOLLRDHUP|unix.EPOLLET); err != nil {
		if errors.Is(err, unix.ENOSPC) {
			err = fmt.Errorf("%w; raise fs.epoll.max_user_watches", err)
		}
		return fmt.Errorf("add a descriptor to an event loop: %w", err)
	}
	for len(l.fds) <= fd {
		l.fds = append(l.fds, nil)
	}
	l.fds[fd] = f
	l.open++
	return nil
}

// Close closes the loop's descriptors, tells their handlers, and returns when all of
// that is done. No handler may call it.
func (l *Loop) Close() {
	l.mu.Lock()
	if !l.closing {
		l.closing = true
		l.work.Store(true)
		l.rouse()
	}
	fds := slices.Clone(l.fds)
	l.mu.Unlock()
	for _, f := range fds {
		if f != nil {
			f.Close()
		}
	}
	<-l.ended
}

// rouse wakes the loop. It is called with the loop locked, and before the loop ends.
func (l *Loop) rouse() {
	one := [8]byte{1}
	unix.Write(l.wake, one[:]) // it fails only at a count of 2⁶⁴−1
}

// run is the loop.
func (l *Loop) run() {
	defer close(l.ended)
	events := make([]unix.EpollEvent, batch)
	var turn, next []*FD
	for {
		wait := -1
		if len(next) > 0 {
			wait = 0
		}
		n, err := unix.EpollWait(l.poll, events, wait)
		if err != nil && err != unix.EINTR {
			panic(os.NewSyscallError("epoll_wait", err)) // the descriptor is not the loop's any more
		}
		turn, next = l.collect(events[:max(n, 0)], next), turn[:0]
		for _, f := range turn {
			f.queued = false
			if f.isClosing() {
				continue
			}
			on := f.on
			f.on = 0
			if f.handler.Ready(on) {
				f.on, f.queued = on&^Writable|Readable, true
				next = append(next, f)
			}
		}
		if l.work.Load() && l.bury() {
			return
		}
	}
}

// collect adds the descriptors that have become ready to those of which something is
// left. Each is there once.
func (l *Loop) collect(events []unix.EpollEvent, turn []*FD) []*FD {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := range events {
		e := &events[i]
		if int(e.Fd) >= len(l.fds) || l.fds[e.Fd] == nil {
			continue // it was woken
		}
		f := l.fds[e.Fd]
		if e.Events&unix.EPOLLOUT != 0 {
			f.on |= Writable
		}
		if e.Events&unix.EPOLLIN != 0 {
			f.on |= Readable
		}
		if e.Events&(unix.EPOLLRDHUP|unix.EPOLLHUP|unix.EPOLLERR) != 0 {
			f.on |= Readable | Gone
		}
		if !f.queued {
			f.queued = true
			turn = append(turn, f)
		}
	}
	return turn
}

// bury closes what is to be closed, and the loop if that was the last of it: then it
// returns true.
func (l *Loop) bury() (ended bool) {
	for {
		l.mu.Lock()
		over := l.over
		l.over = nil
		l.work.Store(l.closing) // until the last is closed
		for _, f := range over {
			l.fds[f.number] = nil // first: the number may be another's at once
			l.open--
		}
		if len(over) == 0 {
			if ended = l.closing && l.open == 0; ended {
				unix.Close(l.poll)
				unix.Close(l.wake)
			}
			l.mu.Unlock()
			return ended
		}
		l.mu.Unlock()
		for _, f := range over {
			f.bury()
			f.handler.Closed()
		}
	}
}
