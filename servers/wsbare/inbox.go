package wsbare

import (
	"io"
	"sync"
	"time"

	"pushbench/servers/feed"
)

// inbox is the server's input. A server has thousands of them that wait, so what
// it holds while nothing comes is a few bytes, where a feed.Buffer keeps a
// kilobyte for the events that a client is sure to get. More is borrowed for a
// frame that is larger, and given back with it; it grows only as the frame's
// bytes really arrive, whatever length was announced.
//
// Frames are taken whole, so whatever it holds is the beginning of one. It is then
// that time runs, and between the frames of a message.
type inbox struct {
	source io.Reader
	held   []byte // read and not yet taken; in small, in room, or what came early
	room   []byte // nil: not needed
	hurry  bool   // a deadline is set
	within bool   // the message of the frame taken next, or last, goes on behind it
	small  [smallRoom]byte
}

const (
	// smallRoom holds a close frame, a pong, or a message of the usual size
	// (bytes).
	smallRoom = 128
	// roomSize is the first size beyond that (bytes).
	roomSize = 4096
)

var rooms = sync.Pool{New: func() any { return new([roomSize]byte) }}

func newInbox(source io.Reader, early []byte) *inbox {
	return &inbox{source: source, held: early}
}

// await waits for the next frame's first bytes. Peek would too, from a depth of
// calls for which a goroutine needs twice the stack: one that waits waits here.
// An error comes again.
func (b *inbox) await() {
	if len(b.held) == 0 {
		b.release()
		n, _ := b.source.Read(b.small[:])
		b.held = b.small[:n]
	}
}

// Peek implements input.
func (b *inbox) Peek(n int) ([]byte, error) {
	for len(b.held) < n {
		err := b.read(n)
		if len(b.held) >= n {
			break // an error that came along comes again
		}
		if err == io.EOF && len(b.held) > 0 {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return nil, err
		}
	}
	return b.held[:n], nil
}

// Take implements input.
func (b *inbox) Take(n int) ([]byte, error) {
	p, err := b.Peek(n)
	b.held = b.held[len(p):]
	if err == nil && b.hurry && !b.within {
		b.hurry = false
		b.setDeadline(time.Time{})
	}
	return p, err
}

// read reads once, for a frame of which n bytes are asked for.
func (b *inbox) read(n int) error {
	if (len(b.held) > 0 || b.within) && !b.hurry {
		b.hurry = true
		b.setDeadline(time.Now().Add(feed.MessageTime))
	}
	room := b.roomFor(n)
	if len(b.held) > 0 && &b.held[0] != &room[0] {
		copy(room, b.held)
	}
	held := len(b.held)
	m, err := b.source.Read(room[held:])
	b.held = room[:held+m]
	return err
}

// roomFor is where to read to, with room behind what is held already.
func (b *inbox) roomFor(n int) []byte {
	switch {
	case len(b.held) == 0:
		b.release()
		return b.small[:]
	case b.room == nil && n <= smallRoom:
		return b.small[:]
	case b.room == nil:
		b.room = rooms.Get().(*[roomSize]byte)[:]
	}
	for len(b.room) <= len(b.held) {
		b.room = make([]byte, 2*len(b.room))
	}
	return b.room
}

// release gives the room back.
func (b *inbox) release() {
	if len(b.room) == roomSize {
		rooms.Put((*[roomSize]byte)(b.room))
	}
	b.room = nil
}

// setDeadline limits how long reads of the source may take, where it is a
// connection.
func (b *inbox) setDeadline(t time.Time) {
	if d, ok := b.source.(interface{ SetReadDeadline(time.Time) error }); ok {
		d.SetReadDeadline(t) // where it fails, so does the read
	}
}
