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
	if name, ok := opNames[op]; ok {
		return name
	}
	return fmt.Sprintf("unknown (%#x)", byte(op))
}

var opNames = map[Opcode]string{opContinuation: "continuation", Text: "text", Binary: "binary",
	opClose: "close", opPing: "ping", opPong: "pong"}

// The bits of a frame's first two bytes beside opcode and length (§5.2).
const (
	bitFin  = 0x80 // of the first: the last frame of its message
	bitRSV1 = 0x40 // with permessage-deflate: the message is compressed (RFC 7692 §6)
	bitsRSV = 0x70
	bitMask = 0x80 // of the second: a key follows, and the payload is masked with it
)

const (
	maxControl = 125         // bytes of a control frame's payload (§5.5)
	keyLen     = 4           // bytes of a masking key
	maxHeader  = 10 + keyLen // bytes of a frame's header
)

// header is what a frame begins with (§5.2):
//
//	byte 0   FIN | RSV1 RSV2 RSV3 | opcode
//	byte 1   MASK | length: up to 125, or 126: 2 bytes follow, or 127: 8 bytes follow
//	then     the masking key's 4 bytes, from a client
type header struct {
	fin, compressed bool
	op              Opcode
	size            int // of the header: 2, 4 or 10, and 4 more from a client
	length          int // of the payload
}

// frameSize is the size of the frame that b begins with, as feed.Buffer asks for it.
// What is wrong with the frame is seen as early as its bytes are there, before a
// payload that may never come.
func (c *Conn) frameSize(b []byte) (int, error) {
	h, need, err := c.header(b)
	if err == nil && h.length != unknown {
		err = c.admit(h)
	}
	return need, err
}

// unknown is the length of a payload as long as the header is not there that tells it.
const unknown = -1

// header reads the header that b begins with, and returns the size of the frame, or
// how many bytes will tell more where there are too few.
func (c *Conn) header(b []byte) (h header, need int, err error) {
	if len(b) < 2 {
		return header{length: unknown}, 2, nil
	}
	h = header{length: unknown, fin: b[0]&bitFin != 0, compressed: b[0]&bitRSV1 != 0, op: Opcode(b[0] & 0x0f), size: 2}
	length := uint64(b[1] &^ bitMask)
	deflate := c.agreed != nil && c.agreed.inflater != nil
	switch masked := b[1]&bitMask != 0; {
	case b[0]&bitsRSV&^bitRSV1 != 0, h.compressed && !deflate:
		return h, 0, violation(StatusProtocolError, "%v frame with reserved bits, though no extension gives them a meaning (§5.2)", h.op)
	case h.compressed && h.op != Text && h.op != Binary:
		return h, 0, violation(StatusProtocolError, "%v frame with RSV1, which only the first frame of a message may have (RFC 7692 §6)", h.op)
	case masked && c.role == client:
		return h, 0, violation(StatusProtocolError, "masked %v frame from a server (§5.1)", h.op)
	case !masked && c.role == server:
		return h, 0, violation(StatusProtocolError, "unmasked %v frame from a client (§5.1)", h.op)
	case h.op > Binary && h.op < opClose || h.op > opPong:
		return h, 0, violation(StatusProtocolError, "frame with opcode %#x, which means nothing (§5.2)", byte(h.op))
	case h.op.isControl() && !h.fin:
		return h, 0, violation(StatusProtocolError, "fragmented %v frame (§5.5)", h.op)
	case h.op.isControl() && length > maxControl:
		return h, 0, violation(StatusProtocolError, "%v frame of more than %d bytes (§5.5)", h.op, maxControl)
	case length == 126:
		if h.size = 4; len(b) < h.size {
			return h, h.size, nil
		}
		length = uint64(binary.BigEndian.Uint16(b[2:]))
		if length < 126 {
			return h, 0, violation(StatusProtocolError, "length %d in 2 bytes where none are needed (§5.2)", length)
		}
	case length == 127:
		if h.size = 10; len(b) < h.size {
			return h, h.size, nil
		}
		length = binary.BigEndian.Uint64(b[2:])
		if length < 1<<16 {
			return h, 0, violation(StatusProtocolError, "length %d in 8 bytes where 2 will do (§5.2)", length)
		}
		if length >= 1<<63 {
			return h, 0, violation(StatusProtocolError, "length %#x, whose first bit must be 0 (§5.2)", length)
		}
	}
	if length > uint64(c.limit) {
		return h, 0, violation(StatusTooBig, "frame of %d bytes, more than the %d allowed", length, c.limit)
	}
	h.length = int(length)
	if c.role == server {
		h.size += keyLen
	}
	return h, h.size + h.length, nil
}

// appendHeader adds the header of an unmasked frame, with the length in the
// shortest form (§5.2). The first byte is FIN, RSV1 and opcode.
func appendHeader(dst []byte, first byte, length int) []byte {
	switch {
	case length <= 125:
		return append(dst, first, byte(length))
	case length <= 0xffff:
		return binary.BigEndian.AppendUint16(append(dst, first, 126), uint16(length))
	}
	return binary.BigEndian.AppendUint64(append(dst, first, 127), uint64(length))
}

// seal makes a frame of a buffer whose payload begins at maxHeader: it writes
// the header right in front of it and, for a client, masks it in place. The
// frame is the returned part of the buffer.
func seal(r role, buf []byte, first byte) []byte {
	var room [maxHeader]byte
	header := appendHeader(room[:0], first, len(buf)-maxHeader)
	if r == client {
		key := newMaskingKey()
		header[1] |= bitMask
		header = append(header, key[:]...)
		mask(buf[maxHeader:], key)
	}
	frame := buf[maxHeader-len(header):]
	copy(frame, header)
	return frame
}
