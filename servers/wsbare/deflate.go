package wsbare

import (
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
	out   []byte
}

var compressors = sync.Pool{New: func() any {
	c := new(compressor)
	c.flate, _ = flate.NewWriter(c, level) // an error would be the level's
	return c
}}

// takeCompressor returns one that remembers nothing.
func takeCompressor() *compressor {
	c := compressors.Get().(*compressor)
	c.flate.Reset(c)
	return c
}

// Write implements io.Writer for the flate.Writer.
func (c *compressor) Write(p []byte) (int, error) {
	c.out = append(c.out, p...)
	return len(p), nil
}

func (c *compressor) append(dst, message []byte) []byte {
	c.out = dst
	c.flate.Write(message) // neither fails, since Write above does not
	c.flate.Flush()
	out := c.out[:len(c.out)-len(tail)]
	c.out = nil
	return out
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
	flate io.Reader
	in    closed
	out   []byte
}

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
	e.in.reset(payload)
	e.out = e.out[:0]
	if err := e.run(f.window, limit); err != nil {
		return nil, err
	}
	if f.takeover {
		f.window = slide(f.window, e.out)
	}
	return e.out, nil
}

// release gives back the last message's memory.
func (f *inflater) release() {
	if f.used == nil {
		return
	}
	f.used.in.reset(nil)
	if cap(f.used.out) > keepExpander {
		f.used.out = nil
	}
	expanders.Put(f.used)
	f.used = nil
}

// run inflates what is in. A sender may end its stream anywhere in a message and
// go on with another that refers to the same window (RFC 7692 §7.2.3.4).
func (e *expander) run(window []byte, limit int) error {
	for range maxEnds {
		e.flate.(flate.Resetter).Reset(&e.in, window) // returns no error
		if err := e.stream(limit); err != nil {
			return err
		}
		if e.in.empty() {
			return nil
		}
		window = slide(slices.Clone(window), e.out)
	}
	return violation(StatusPolicy, "compressed message of more than %d streams", maxEnds)
}

// stream inflates up to the end of a DEFLATE stream.
func (e *expander) stream(limit int) error {
	for {
		if len(e.out) == cap(e.out) {
			e.out = slices.Grow(e.out, max(512, len(e.out)))
		}
		n, err := e.flate.Read(e.out[len(e.out):min(cap(e.out), limit+1)])
		e.out = e.out[:len(e.out)+n]
		switch {
		case len(e.out) > limit:
			return violation(StatusTooBig, "compressed message of more than the %d bytes allowed", limit)
		case err == io.EOF:
			return nil
		case err != nil:
			return violation(StatusBadData, "message that cannot be inflated: %v", err)
		}
	}
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

// closed is a compressed message as a whole DEFLATE stream: with the tail that
// was left out, and with an empty last block after it, so that a reader can tell
// the end from a message that was cut.
type closed struct {
	payload []byte
	ending  string
}

func (c *closed) reset(payload []byte) {
	*c = closed{payload, tail + "\x01\x00\x00\xff\xff"}
}

func (c *closed) empty() bool { return len(c.payload) == 0 && c.ending == "" }

// Read implements io.Reader.
func (c *closed) Read(p []byte) (n int, err error) {
	if c.empty() {
		return 0, io.EOF
	}
	n = copy(p, c.payload)
	c.payload = c.payload[n:]
	m := copy(p[n:], c.ending)
	c.ending = c.ending[m:]
	return n + m, nil
}

// ReadByte implements io.ByteReader, so that nothing is read beyond a stream's
// end.
func (c *closed) ReadByte() (b byte, err error) {
	switch {
	case len(c.payload) > 0:
		b, c.payload = c.payload[0], c.payload[1:]
	case c.ending != "":
		b, c.ending = c.ending[0], c.ending[1:]
	default:
		return 0, io.EOF
	}
	return b, nil
}
