package ws

import "encoding/binary"

// frames tells frames apart in one direction of a connection, whatever pieces
// their bytes come in (RFC 6455 §5.2). It leaves to the library what is wrong
// with them.
type frames struct {
	head     [14]byte // with the longest length and a mask
	have     int      // bytes of head
	left     uint64   // bytes of the payload that are still to come
	goesOn   bool     // a message has more frames to come (§5.4)
	messages int      // that have begun, and control frames between them
}

// pass takes what comes next.
func (f *frames) pass(b []byte) {
	for len(b) > 0 {
		if f.left > 0 {
			n := min(uint64(len(b)), f.left)
			f.left -= n
			b = b[n:]
			continue
		}
		if f.have == 0 && !f.goesOn {
			f.messages++
		}
		f.head[f.have] = b[0]
		f.have++
		b = b[1:]
		if f.have < 2 || f.have < headerLen(f.head[1]) {
			continue
		}
		if f.head[0]&0x08 == 0 { // not a control frame
			f.goesOn = f.head[0]&0x80 == 0 // without FIN
		}
		f.left = payloadLen(f.head[1:])
		f.have = 0
	}
}

// unfinished is the number of the message, or the control frame between messages,
// of which not all has come; 0 if there is none.
func (f *frames) unfinished() int {
	if f.have > 0 || f.left > 0 || f.goesOn {
		return f.messages
	}
	return 0
}

// headerLen is the length of a frame's header by its second byte.
func headerLen(second byte) int {
	n := 2
	switch second & 0x7f {
	case 126:
		n += 2
	case 127:
		n += 8
	}
	if second&0x80 != 0 { // MASK
		n += 4
	}
	return n
}

// payloadLen reads the length that a header announces from its second byte on.
func payloadLen(b []byte) uint64 {
	switch n := b[0] & 0x7f; n {
	case 126:
		return uint64(binary.BigEndian.Uint16(b[1:]))
	case 127:
		return binary.BigEndian.Uint64(b[1:])
	default:
		return uint64(n)
	}
}
