package feed

import (
	"errors"
	"io"
)

// Buffer is what a subscriber has read from its connection and not yet taken.
// It is all the memory that a client end needs to cut a stream into frames: a
// thousand subscribers have a thousand of them, so each starts small, and grows
// only as the bytes of a larger frame really arrive, whatever length the server
// has announced. One call to Read fetches as many frames as there are and room
// for.
//
// Both client ends that leave HTTP use it, so that what differs between their
// transports is not how they read.
type Buffer struct {
	source io.Reader
	room   []byte
	held   []byte // the part of room that was read and not yet taken
}

// bufferSize is a Buffer's size to begin with (bytes): several events of the
// usual sizes. It is a size class of Go's allocator, and not that of 1 KB: HTTP's
// buffers come in powers of two, and where they have been garbage before it they
// would leave holes that cost another 250 B a subscriber.
const bufferSize = 896

// NewBuffer makes a buffer of what source has to say.
func NewBuffer(source io.Reader) *Buffer { return &Buffer{source: source} }

// Peek returns the next n bytes, which stay valid until the next call, and does
// not take them. Where the source ends before there are n it returns io.EOF if
// there is none at all, else io.ErrUnexpectedEOF.
func (b *Buffer) Peek(n int) ([]byte, error) {
	for empty := 0; len(b.held) < n; {
		m, err := b.read()
		if len(b.held) >= n {
			break // an error that came along comes again
		}
		if errors.Is(err, io.EOF) && len(b.held) > 0 {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return nil, err
		}
		if m > 0 {
			empty = 0
		} else if empty++; empty == maxEmptyReads {
			return nil, io.ErrNoProgress
		}
	}
	return b.held[:n], nil
}

// maxEmptyReads is how often in a row a source may return nothing at all.
const maxEmptyReads = 100

// Take returns the next n bytes as Peek does, and takes them.
func (b *Buffer) Take(n int) ([]byte, error) {
	p, err := b.Peek(n)
	b.held = b.held[len(p):]
	return p, err
}

// read reads once, into all the room there is behind what is held.
func (b *Buffer) read() (int, error) {
	switch {
	case b.room == nil:
		b.room = make([]byte, bufferSize)
	case len(b.held) == len(b.room):
		b.room = make([]byte, 2*len(b.room))
	}
	n := copy(b.room, b.held) // the head of a frame at most, or what grows
	m, err := b.source.Read(b.room[n:])
	b.held = b.room[:n+m]
	return m, err
}
