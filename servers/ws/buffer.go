package ws

import (
	"bytes"
	"sync"
)

// buffers hold messages while they are put together or taken apart. A connection at
// rest has none.
var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// keep bounds what is kept for the next message (bytes): a rare large one should
// not stay in memory for all the small ones that follow.
const keep = 1 << 20

// free gives a buffer back.
func free(b *bytes.Buffer) {
	if b.Cap() <= keep {
		b.Reset()
		buffers.Put(b)
	}
}
