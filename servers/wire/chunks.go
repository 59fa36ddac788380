package wire

import (
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
)

// chunkPart is where in a chunked body (RFC 9112 §7.1) its reader is:
//
//	5;name=value␍␊    size in hexadecimal digits, extensions
//	hello␍␊           so many bytes of content
//	0␍␊               the last chunk
//	Name: value␍␊     trailer fields, usually none
//	␍␊
type chunkPart uint8

const (
	chunkSize      chunkPart = iota // at a digit of the size, or just behind it
	chunkPadding                    // at a blank behind the size
	chunkExtension                  // behind the semicolon
	chunkSizeLF                     // at the line feed of the size's line
	chunkContent
	chunkContentCR // at the end of the content
	chunkContentLF
	chunkTrailer     // at the beginning of a trailer's line
	chunkTrailerLine // within it
	chunkTrailerLF
	chunkLastLF // at the line feed that ends it all
	chunkEnd
)

const (
	maxSizeDigits = 16      // of a chunk; leading zeros are digits too
	maxChunkLine  = 4 << 10 // bytes of a size's line
	maxTrailer    = 64 << 10
)

// chunks follows a chunked body and tells its content from its framing, which
// is all else: size lines, line ends, the last chunk and the trailer, whose
// fields are discarded, as they may be (RFC 9110 §6.5.1). It keeps no bytes.
type chunks struct {
	part   chunkPart
	digits uint8
	left   int64 // of the chunk's content; its size, as far as it was read
	line   int   // bytes of the size's line, or of the whole trailer, so far
}

// take takes what comes next. It moves the content to the front of p, over the
// framing, and returns how many bytes there were of either. Nothing may follow
// the body's end.
func (c *chunks) take(p []byte) (content, framing int, err error) {
	for len(p)-framing > content {
		next := p[content+framing:]
		if c.part == chunkContent {
			n := int(min(c.left, int64(len(next))))
			copy(p[content:], next[:n])
			content += n
			if c.left -= int64(n); c.left == 0 {
				c.part = chunkContentCR
			}
			continue
		}
		if err := c.step(next[0]); err != nil {
			return content, framing, err
		}
		framing++
	}
	return content, framing, nil
}

// marks are the bytes that have to come at some parts, and the part after each.
var marks = [...]struct {
	byte byte
	next chunkPart
	does string
}{
	chunkSizeLF:    {'\n', chunkContent, "ends the line of a chunk's size"},
	chunkContentCR: {'\r', chunkContentLF, "ends a chunk"},
	chunkContentLF: {'\n', chunkSize, "ends a chunk"},
	chunkTrailerLF: {'\n', chunkTrailer, "ends a line of the trailer"},
	chunkLastLF:    {'\n', chunkEnd, "ends the chunked body"},
}

// step takes a byte of the framing.
func (c *chunks) step(b byte) error {
	switch c.part {
	case chunkSize, chunkPadding, chunkExtension:
		return c.sizeLine(b)
	case chunkTrailer, chunkTrailerLine:
		return c.trailer(b)
	case chunkEnd:
		return errMore
	}
	mark := &marks[c.part]
	if b != mark.byte {
		return fmt.Errorf("chunked body: %q where %q %s", b, mark.byte, mark.does)
	}
	c.part = mark.next
	if c.part == chunkContent {
		c.digits, c.line = 0, 0
		if c.left == 0 {
			c.part = chunkTrailer
		}
	}
	return nil
}

var errMore = errors.New("the server sent more after the end of its answer")

// sizeLine takes a byte of a size's line. A bare line feed does not end it: who
// takes it for an end and who does not see two different bodies (RFC 9112 §11.2).
func (c *chunks) sizeLine(b byte) error {
	if c.line++; c.line > maxChunkLine {
		return fmt.Errorf("chunked body: the line of a chunk's size is longer than %d bytes", maxChunkLine)
	}
	digit, isDigit := hexDigit(b)
	switch {
	case c.part == chunkSize && isDigit:
		if c.digits++; c.digits > maxSizeDigits || c.left > math.MaxInt64>>4 {
			return fmt.Errorf("chunked body: a chunk's size is beyond %d bytes, or has more than %d digits", int64(math.MaxInt64), maxSizeDigits)
		}
		c.left = c.left<<4 | digit
	case c.digits == 0:
		return fmt.Errorf("chunked body: %q where a chunk's size begins; it is hexadecimal digits", b)
	case b == '\r':
		c.part = chunkSizeLF
	case b == '\n':
		return errors.New("chunked body: a line feed without a carriage return in the line of a chunk's size")
	case c.part == chunkExtension:
	case b == ';':
		c.part = chunkExtension
	case b == ' ' || b == '\t': // some senders fill up a fixed width with blanks
		c.part = chunkPadding
	default:
		return fmt.Errorf("chunked body: %q in a chunk's size; it is hexadecimal digits", b)
	}
	return nil
}

func hexDigit(b byte) (value int64, ok bool) {
	i := strings.IndexByte("0123456789abcdefABCDEF", b)
	if i >= 16 {
		i -= 6
	}
	return int64(i), i >= 0
}

// trailer takes a byte behind the last chunk's line.
func (c *chunks) trailer(b byte) error {
	if c.line++; c.line > maxTrailer {
		return fmt.Errorf("chunked body: its trailer is longer than %d bytes", maxTrailer)
	}
	switch {
	case b == '\n':
		return errors.New("chunked body: a line feed without a carriage return in the trailer")
	case b != '\r':
		c.part = chunkTrailerLine
	case c.part == chunkTrailer: // an empty line
		c.part = chunkLastLF
	default:
		c.part = chunkTrailerLF
	}
	return nil
}

// chunkedBody is the content of a chunked answer. It reads from the connection
// into its reader's own memory and takes the framing out there. So a subscriber
// who waits in an answer without end holds no buffer but its own, and what was
// read of framing is counted, also where it is ahead of the content.
type chunkedBody struct {
	stack  *stack
	chunks chunks
	err    error // sticky
}

func (b *chunkedBody) Read(p []byte) (int, error) {
	for b.err == nil && len(p) > 0 {
		m, err := b.stack.Read(p)
		n, framing, bad := b.chunks.take(p[:m])
		b.stack.headers.Down.Add(int64(framing))
		switch {
		case bad != nil:
			err = bad
		case b.chunks.part == chunkEnd && b.stack.buffered() > 0:
			err = errMore
		case b.chunks.part == chunkEnd:
			err = io.EOF
		case err == io.EOF:
			err = io.ErrUnexpectedEOF
		}
		if b.err = err; n > 0 || m == 0 {
			return n, err
		}
	}
	return 0, b.err
}

// Close implements io.Closer. What to do with the connection is for body to
// know.
func (b *chunkedBody) Close() error { return nil }
