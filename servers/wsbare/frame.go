package wsbare

import (
	"encoding/binary"
	"fmt"
)

// Opcode says what a frame is (§5.2).
type Opcode byte

// The opcodes that RFC 6455 defines. Those of 8 and above are control frames.
const (
	opContinuation Opcode = 0x0
	Text           Opcode = 0x1
	Binary         Opcode = 0x2
	opClose        Opcode = 0x8
	opPing         Opcode = 0x9
	opPong         Opcode = 0xA
)

func (op Opcode) isControl() bool { return op >= 8 }

func (op Opcode) String() string {
	switch op {
	case opContinuation:
		return "continuation"
	case Text:
		return "text"
	case Binary:
		return "binary"
	case opClose:
		return "close"
	case opPing:
		return "ping"
	case opPong:
		return "pong"
	}
	return fmt.Sprintf("unknown (%#x)", byte(op))
}

// maxControl bounds the payload of a control frame (bytes, §5.5).
const maxControl = 125

// header is what a server's frame begins with (§5.2):
//
//	byte 0   FIN | RSV1 RSV2 RSV3 | opcode
//	byte 1   MASK | length: up to 125, or 126: 2 bytes follow, or 127: 8 bytes follow
type header struct {
	fin    bool
	op     Opcode
	size   int // of the header: 2, 4 or 10
	length int // of the payload
}

// header takes the next frame's header. What is wrong with it is seen as early
// as its bytes are there, before a payload that may never come.
func (c *Conn) header() (header, error) {
	b, err := c.in.Peek(2)
	if err != nil {
		return header{}, err
	}
	h := header{fin: b[0]&0x80 != 0, op: Opcode(b[0] & 0x0f), size: 2}
	length := uint64(b[1] & 0x7f)
	switch {
	case b[0]&0x70 != 0:
		return h, violation(StatusProtocolError, "%v frame with reserved bits, though no extension gives them a meaning (§5.2)", h.op)
	case b[1]&0x80 != 0:
		return h, violation(StatusProtocolError, "masked %v frame from a server (§5.1)", h.op)
	case h.op > Binary && h.op < opClose || h.op > opPong:
		return h, violation(StatusProtocolError, "frame with opcode %#x, which means nothing (§5.2)", byte(h.op))
	case h.op.isControl() && !h.fin:
		return h, violation(StatusProtocolError, "fragmented %v frame (§5.5)", h.op)
	case h.op.isControl() && length > maxControl:
		return h, violation(StatusProtocolError, "%v frame of more than %d bytes (§5.5)", h.op, maxControl)
	case length == 126:
		h.size = 4
		if b, err = c.in.Peek(h.size); err != nil {
			return h, err
		}
		length = uint64(binary.BigEndian.Uint16(b[2:]))
		if length < 126 {
			return h, violation(StatusProtocolError, "length %d in 2 bytes where none are needed (§5.2)", length)
		}
	case length == 127:
		h.size = 10
		if b, err = c.in.Peek(h.size); err != nil {
			return h, err
		}
		length = binary.BigEndian.Uint64(b[2:])
		if length < 1<<16 {
			return h, violation(StatusProtocolError, "length %d in 8 bytes where 2 will do (§5.2)", length)
		}
		if length >= 1<<63 {
			return h, violation(StatusProtocolError, "length %#x, whose first bit must be 0 (§5.2)", length)
		}
	}
	if length > uint64(c.limit) {
		return h, violation(StatusTooBig, "frame of %d bytes, more than the %d allowed", length, c.limit)
	}
	h.length = int(length)
	_, err = c.in.Take(h.size)
	return h, err
}
