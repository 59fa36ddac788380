package wsbare

import (
	"bytes"
	"compress/flate"
	"io"
	"slices"
	"sync"
)

// Compression is whether messages are compressed, with permessage-deflate (RFC
// 7692).
type Compression int

// The ways to use it. With takeover a message may refer to what those before it
// said, which is where small messages save anything; each connection then needs
// the memory of a compressor, and what goes to many is compressed for each.
const (
	Uncompressed Compression = iota
	NoTakeover
	Takeover
)

// tail is what every compressed message ends with, and what is left out of it on
// the wire (RFC 7692 §7.2.1): an empty block that is not compressed, with which
// DEFLATE flushes.
const tail = "\x00\x00\xff\xff"

// level is coder/websocket's too, so that servers are compared alike. At this
// one Go's compressor looks for repetitions in messages of 128 bytes and more
// only; shorter ones get Huffman's code, and it forgets what was before them.
const level = flate.BestSpeed

// deflater compresses the messages of one connection.
type deflater struct {
	threshold int  // bytes of the smallest message that is compressed
	takeover  bool // messages may refer to those before them
	own       *compressor
}

// append adds the compressed form of a message to dst (RFC 7692 §7.2.1).
func (d *deflater) append(dst, message []byte) []byte {
	if !d.takeover {
		return appendDeflated(dst, message)
	}
	if d.own == nil {
		d.own = takeCompressor()
	}
	return d.own.append(dst, message)
}

// end gives back what the connection had for itself. Nothing may be compressed
// after it.
func (d *deflater) end() {
	if d.own != nil {
		compressors.Put(d.own)
		d.own = nil
	}
}

// appendDeflated compresses a message by itself.
func appendDeflated(dst, message []byte) []byte {
	c := takeCompressor()
	defer compressors.Put(c)
	return c.append(dst, message)
}

// compressor is a flate.Writer, which takes 1.2 MB, that appends to a slice.
type compressor struct {
	flate *flate.Writer
	out   bytes.Buffer
}

var compressors = sync.Pool{New: func() any {
	c := new(compressor)
	c.flate, _ = flate.NewWriter(&c.out, level) // an error would be the level's
	return c
}}

// takeCompressor returns one that remembers nothing.
func takeCompressor() *compressor {
	c := compressors.Get().(*compressor)
	c.flate.Reset(&c.out)
	return c
}

func (c *compressor) append(dst, message []byte) []byte {
	c.out = *bytes.NewBuffer(dst)
	c.flate.Write(message) // neither fails, since a Buffer's writes do not
	c.flate.Flush()
	out := c.out.Bytes()
	c.out = bytes.Buffer{}
	return out[:len(out)-len(tail)]
}

// inflater is the opposite for the messages that come (RFC 7692 §7.2.2).
type inflater struct {
	takeover bool      // messages may refer to those before them
	window   []byte    // the end of those
	used     *expander // holds the last message; nil once it is released
}

const (
	// windowSize is as far back as DEFLATE can refer (bytes, RFC 1951 §2).
	windowSize = 32 << 10
	// maxEnds bounds how often one message may end its DEFLATE stream and begin
	// another, which costs the receiver a window each time and the sender two
	// bytes.
	maxEnds = 256
	// keepExpander bounds what is kept of a message's memory (bytes).
	keepExpander = 1 << 20
)

// expander is what it takes to inflate a message, and the result.
type expander struct {
	flate  io.Reader
	stream []byte       // the message as a whole DEFLATE stream
	in     bytes.Reader // of stream; it reads single bytes, so that flate takes none beyond a stream's end
	most   io.LimitedReader
	out    bytes.Buffer
}

// ending makes a compressed message a whole DEFLATE stream: the tail that was left
// out, and an empty last block, so that a reader can tell the end from a message
// that was cut.
const ending = tail + "\x01\x00\x00\xff\xff"

var expanders = sync.Pool{New: func() any {
	e := new(expander)
	e.flate = flate.NewReader(&e.in)
	return e
}}

// inflate returns a message that came compressed, valid until release. It stops
// beyond limit bytes, whatever the message would expand to.
func (f *inflater) inflate(payload []byte, limit int) ([]byte, error) {
	e := expanders.Get().(*expander)
	f.used = e
	e.stream = append(append(e.stream[:0], payload...), ending...)
	e.in.Reset(e.stream)
	e.out.Reset()
	if err := e.run(f.window, limit); err != nil {
		return nil, err
	}
	if f.takeover {
		f.window = slide(f.window, e.out.Bytes())
	}
	return e.out.Bytes(), nil
}

// release gives back the last message's memory.
func (f *inflater) release() {
	if f.used == nil {
		return
	}
	if cap(f.used.stream)+f.used.out.Cap() <= keepExpander {
		expanders.Put(f.used)
	}
	f.used = nil
}

// run inflates what is in. A sender may end its stream anywhere in a message and
// go on with another that refers to the same window (RFC 7692 §7.2.3.4).
func (e *expander) run(window []byte, limit int) error {
	for range maxEnds {
		e.flate.(flate.Resetter).Reset(&e.in, window) // returns no error
		if err := e.inflate(limit); err != nil {
			return err
		}
		if e.in.Len() == 0 {
			return nil
		}
		window = slide(slices.Clone(window), e.out.Bytes())
	}
	return violation(StatusPolicy, "compressed message of more than %d streams", maxEnds)
}

// inflate inflates up to the end of a DEFLATE stream.
func (e *expander) inflate(limit int) error {
	e.most = io.LimitedReader{R: e.flate, N: int64(limit + 1 - e.out.Len())}
	_, err := e.out.ReadFrom(&e.most)
	switch {
	case e.out.Len() > limit:
		return violation(StatusTooBig, "compressed message of more than the %d bytes allowed", limit)
	case err != nil:
		return violation(StatusBadData, "message that cannot be inflated: %v", err)
	}
	return nil
}

// slide moves a window on by what follows it. It grows with what there is.
func slide(window, more []byte) []byte {
	more = more[max(0, len(more)-windowSize):]
	if over := len(window) + len(more) - windowSize; over > 0 {
		window = window[:copy(window, window[over:])]
	}
	if need := len(window) + len(more); need > cap(window) {
		window = append(make([]byte, 0, min(windowSize, 2*need)), window...)
	}
	return append(window, more...)
}
