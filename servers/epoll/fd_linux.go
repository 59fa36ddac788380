package epoll

import (
	"io"
	"os"
	"sync"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"
)

// ErrWait is the error of a read or write that would have to wait: the handler is told
// when it need not any more.
const ErrWait = unix.EAGAIN

// FD is a descriptor of a loop's. Its zero value is to be given to Loop.Add.
type FD struct {
	loop    *Loop
	handler Handler
	using   sync.Mutex // held while the number is used in other goroutines, and to close it
	number  int32      // changed by the loop alone; -1: closed
	closing atomic.Bool
	on      Events // the loop's alone: what it is ready for
	queued  bool   // the loop's alone: it has a turn
}

// Room is where to read to, the same for all descriptors of the loop. What a handler
// reads there is its own until it returns.
func (f *FD) Room() []byte { return f.loop.room }

// Read reads once, without waiting: then the error is ErrWait. Only the handler may
// call it, with room for a byte at least.
func (f *FD) Read(p []byte) (int, error) {
	for {
		// What cannot wait need not tell the scheduler that it may.
		n, _, err := unix.RawSyscall(unix.SYS_READ, uintptr(f.number), uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)))
		switch {
		case err == 0 && n > 0:
			return int(n), nil
		case err == 0:
			return 0, io.EOF
		case err == unix.EINTR:
		case err == ErrWait:
			return 0, err
		default:
			return 0, os.NewSyscallError("read", err)
		}
	}
}

// Write writes as much as there is room for. Where that is not all, the error is
// ErrWait, and the handler is told when there is room again. Any goroutine may call it.
func (f *FD) Write(p []byte) (n int, err error) {
	gone := f.Control(func(fd int) {
		for n < len(p) && err == nil {
			var m int
			if m, err = unix.Write(fd, p[n:]); err == unix.EINTR {
				err = nil
			}
			n += max(m, 0)
		}
	})
	switch {
	case gone != nil:
		return 0, gone
	case err == ErrWait:
		return n, err
	}
	return n, os.NewSyscallError("write", err)
}

// Control calls use with the number of the descriptor, which is not closed meanwhile.
func (f *FD) Control(use func(fd int)) error {
	f.using.Lock()
	defer f.using.Unlock()
	if f.number < 0 {
		return ErrClosed
	}
	use(int(f.number))
	return nil
}

// Close has the descriptor closed by its loop. The handler is not called any more, but
// for Closed; a call that is under way goes on. Any goroutine may call it, also again.
func (f *FD) Close() {
	if !f.closing.CompareAndSwap(false, true) {
		return
	}
	l := f.loop
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.over = append(l.over, f); len(l.over) == 1 {
		l.work.Store(true)
		l.rouse()
	}
}

func (f *FD) isClosing() bool { return f.closing.Load() }

// bury closes the descriptor.
func (f *FD) bury() {
	f.using.Lock()
	defer f.using.Unlock()
	fd := int(f.number)
	f.number = -1
	f.loop.control(unix.EPOLL_CTL_DEL, fd, 0) // another process may have it open still
	unix.Close(fd)
}
