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
		length, payload := f.header()
		if f.have < length {
			continue
		}
		if f.head[0]&0x08 == 0 { // not a control frame
			f.goesOn = f.head[0]&0x80 == 0 // without FIN
		}
		f.have, f.left = 0, payload
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

// header is the length of the header that has begun, by as much as is there, and
// that of the payload which it announces.
func (f *frames) header() (length int, payload uint64) {
	length, payload = 2, uint64(f.head[1]&0x7f)
	switch {
	case f.have < 2:
		return length, 0
	case payload == 126:
		length, payload = 4, uint64(binary.BigEndian.Uint16(f.head[2:]))
	case payload == 127:
		length, payload = 10, binary.BigEndian.Uint64(f.head[2:])
	}
	if f.head[1]&0x80 != 0 { // MASK
		length += 4
	}
	return length, payload
}
