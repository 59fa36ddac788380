package wire

import (
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
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

// step takes a byte of the framing.
func (c *chunks) step(b byte) error {
	switch c.part {
	case chunkSize, chunkPadding, chunkExtension:
		return c.sizeLine(b)
	case chunkSizeLF:
		c.part = chunkContent
		if c.left == 0 {
			c.part = chunkTrailer
		}
		c.digits, c.line = 0, 0
		return must(b, '\n', "ends the line of a chunk's size")
	case chunkContentCR:
		c.part = chunkContentLF
		return must(b, '\r', "ends a chunk")
	case chunkContentLF:
		c.part = chunkSize
		return must(b, '\n', "ends a chunk")
	case chunkTrailer, chunkTrailerLine, chunkTrailerLF:
		return c.trailer(b)
	case chunkLastLF:
		c.part = chunkEnd
		return must(b, '\n', "ends the chunked body")
	}
	return errMore
}

var errMore = errors.New("the server sent more after the end of its answer")

// must is the error of another byte than the one that has to come.
func must(b, want byte, does string) error {
	if b == want {
		return nil
	}
	return fmt.Errorf("chunked body: %q where %q %s", b, want, does)
}

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
	switch {
	case '0' <= b && b <= '9':
		return int64(b - '0'), true
	case 'a' <= b && b <= 'f':
		return int64(b-'a') + 10, true
	case 'A' <= b && b <= 'F':
		return int64(b-'A') + 10, true
	}
	return 0, false
}

// trailer takes a byte behind the last chunk's line.
func (c *chunks) trailer(b byte) error {
	if c.line++; c.line > maxTrailer {
		return fmt.Errorf("chunked body: its trailer is longer than %d bytes", maxTrailer)
	}
	switch {
	case c.part == chunkTrailerLF:
		c.part = chunkTrailer
		return must(b, '\n', "ends a line of the trailer")
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

// isChunked reports whether an answer has a body and it is chunked.
func isChunked(resp *http.Response) bool {
	return len(resp.TransferEncoding) > 0 && resp.Body != http.NoBody // chunked is the only coding that net/http lets through
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
