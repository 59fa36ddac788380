package feed

import (
	"math/bits"
	"sync"
)

// Buffer holds the beginning of a frame until the rest of it comes. It is all the
// memory that an end of a connection needs to cut what it reads into frames. A
// thousand connections have a thousand of them, nearly all of which hold nothing:
// a frame that came whole is taken where it was read. The room for one that did not
// is borrowed, and given back with it; it grows only as the frame's bytes really
// arrive, whatever length was announced.
//
// Every end of a connection that has left HTTP uses it, so that what differs between
// their transports is not how they read.
type Buffer struct {
	room *[]byte // nil: none is borrowed
	held int     // bytes of room that are the beginning of a frame
}

// Next is the frame that begins with what is held and goes on with p, and what of p
// follows it. The frame is valid until the next call, and lies in p where nothing was
// held. Without a frame all of p is held, or there is an error of size.
//
// size says how long the frame is that b begins with. Where b is too short to tell, it
// says how many bytes will tell more.
func (b *Buffer) Next(p []byte, size func(b []byte) (int, error)) (frame, rest []byte, err error) {
	if b.held == 0 {
		if len(p) == 0 {
			return nil, nil, nil
		}
		n, err := size(p)
		if err != nil {
			return nil, p, err
		}
		if n <= len(p) {
			return p[:n:n], p[n:], nil
		}
		b.hold(p)
		return nil, nil, nil
	}
	for {
		held := b.Held()
		n, err := size(held)
		if err != nil {
			return nil, p, err
		}
		if n <= len(held) {
			b.held = 0
			return held, p, nil
		}
		if len(p) == 0 {
			return nil, nil, nil
		}
		m := min(n-len(held), len(p)) // no byte of what follows the frame
		b.hold(p[:m])
		p = p[m:]
	}
}

// Held is what there is of a frame that is not whole.
func (b *Buffer) Held() []byte {
	if b.held == 0 {
		return nil
	}
	return (*b.room)[:b.held]
}

// Space is where to read the rest of a frame to, whose beginning is held. Next finds
// it there without copying it.
func (b *Buffer) Space() []byte {
	b.grow(b.held + 1)
	return (*b.room)[b.held:]
}

// Release gives the room back, unless it is needed. No frame may be in use.
func (b *Buffer) Release() {
	if b.room != nil && b.held == 0 {
		giveBack(b.room)
		b.room = nil
	}
}

// hold adds to what is held. What is added may lie in the room itself.
func (b *Buffer) hold(p []byte) {
	b.grow(b.held + len(p))
	b.held += copy((*b.room)[b.held:], p)
}

// grow makes room for n bytes.
func (b *Buffer) grow(n int) {
	if b.room != nil && len(*b.room) >= n {
		return
	}
	before := b.room
	b.room = borrow(n)
	if before != nil {
		copy(*b.room, (*before)[:b.held])
		giveBack(before)
	}
}

// leastRoom is the smallest room there is (bytes). Each size is twice the one before.
const leastRoom = 4 << 10

// rooms are those that nobody needs just now, by size up to MaxRoom.
var rooms [10]sync.Pool

// roomSize is the size of a room of at least n bytes, and its place among rooms.
func roomSize(n int) (size, place int) {
	place = bits.Len(uint(max(n-1, 0) / leastRoom))
	return leastRoom << place, place
}

// borrow is a room of at least n bytes.
func borrow(n int) *[]byte {
	size, place := roomSize(n)
	if place < len(rooms) {
		if room, ok := rooms[place].Get().(*[]byte); ok {
			return room
		}
	}
	room := make([]byte, size)
	return &room
}

func giveBack(room *[]byte) {
	if _, place := roomSize(len(*room)); place < len(rooms) {
		rooms[place].Put(room)
	}
}
