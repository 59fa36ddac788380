package ws

import (
	"io"
	"sync"
)

// buffer holds a message while it is put together or taken apart. It is taken
// from buffers and freed, so that a connection at rest has none.
type buffer struct{ bytes []byte }

var buffers = sync.Pool{New: func() any { return new(buffer) }}

// keep bounds what is kept for the next message (bytes): a rare large one should
// not stay in memory for all the small ones that follow.
const keep = 1 << 20

func (b *buffer) free() {
	if cap(b.bytes) > keep {
		return
	}
	b.bytes = b.bytes[:0]
	buffers.Put(b)
}

// fill reads r to its end. It grows with what arrives, whatever was announced.
func (b *buffer) fill(r io.Reader) error {
	b.bytes = b.bytes[:0]
	for {
		if len(b.bytes) == cap(b.bytes) {
			b.bytes = append(b.bytes, 0)[:len(b.bytes)]
		}
		n, err := r.Read(b.bytes[len(b.bytes):cap(b.bytes)])
		b.bytes = b.bytes[:len(b.bytes)+n]
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}
