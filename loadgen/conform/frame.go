package conform

import (
	"bytes"
	"cmp"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"strings"
)

// What a frame is (§5.2).
const (
	opContinuation byte = 0x0
	opText         byte = 0x1
	opBinary       byte = 0x2
	opClose        byte = 0x8
	opPing         byte = 0x9
	opPong         byte = 0xA
)

const (
	rsv1 byte = 0x40
	rsv2 byte = 0x20
	rsv3 byte = 0x10
)

// frame is a frame to be sent, which may break the rules, or one that came.
type frame struct {
	op       byte
	more     bool // FIN is 0
	rsv      byte
	unmasked bool
	wide     int    // bytes of the extended length, where more than it takes: 2 or 8
	claim    uint64 // the length to announce, where not the payload's
	payload  []byte
}

func text(s string) frame         { return frame{op: opText, payload: []byte(s)} }
func binaryOf(b []byte) frame     { return frame{op: opBinary, payload: b} }
func ping(s string) frame         { return frame{op: opPing, payload: []byte(s)} }
func continuation(s string) frame { return frame{op: opContinuation, payload: []byte(s)} }

// closing is a close frame with a status and a reason (§5.5.1).
func closing(status int, reason string) frame {
	return frame{op: opClose, payload: append(binary.BigEndian.AppendUint16(nil, uint16(status)), reason...)}
}

// begun is a frame without FIN.
func (f frame) begun() frame { f.more = true; return f }

// with is a frame with reserved bits.
func (f frame) with(rsv byte) frame { f.rsv = rsv; return f }

func isControl(op byte) bool { return op >= 8 }

// extended is how many bytes a length takes behind the first two (§5.2).
func extended(length uint64) int {
	switch {
	case length <= 125:
		return 0
	case length <= 0xffff:
		return 2
	}
	return 8
}

func (f frame) bytes() []byte {
	b := []byte{f.op | f.rsv, 0}
	if !f.more {
		b[0] |= 0x80
	}
	length := f.claim
	if length == 0 {
		length = uint64(len(f.payload))
	}
	switch max(f.wide, extended(length)) {
	case 0:
		b[1] = byte(length)
	case 2:
		b[1] = 126
		b = binary.BigEndian.AppendUint16(b, uint16(length))
	case 8:
		b[1] = 127
		b = binary.BigEndian.AppendUint64(b, length)
	}
	if f.unmasked {
		return append(b, f.payload...)
	}
	b[1] |= 0x80
	var key [4]byte
	rand.Read(key[:])
	b = append(b, key[:]...)
	return mask(b, key, f.payload)
}

// mask appends a payload under its key (§5.3).
func mask(dst []byte, key [4]byte, payload []byte) []byte {
	for i, b := range payload {
		dst = append(dst, b^key[i%4])
	}
	return dst
}

// bytesOf is frames one after the other.
func bytesOf(frames ...frame) []byte {
	var all [][]byte
	for _, f := range frames {
		all = append(all, f.bytes())
	}
	return bytes.Join(all, nil)
}

// opNames are those that mean something.
var opNames = map[byte]string{opContinuation: "continuation", opText: "text", opBinary: "binary",
	opClose: "close", opPing: "ping", opPong: "pong"}

func nameOf(op byte) string { return cmp.Or(opNames[op], fmt.Sprintf("opcode %#x", op)) }

// String describes a frame in a few words.
func (f frame) String() string {
	text := nameOf(f.op) + " " + describe(f.op, f.payload)
	if f.claim > 0 {
		text = fmt.Sprintf("%s that announces %d B", nameOf(f.op), f.claim)
	}
	var notes []string
	if f.more {
		notes = append(notes, "no FIN")
	}
	for i, bit := range []byte{rsv1, rsv2, rsv3} {
		if f.rsv&bit != 0 {
			notes = append(notes, fmt.Sprintf("RSV%d", i+1))
		}
	}
	if f.unmasked {
		notes = append(notes, "unmasked")
	}
	if f.wide > 0 {
		notes = append(notes, fmt.Sprintf("length in %d bytes", f.wide))
	}
	if len(notes) > 0 {
		text += " (" + strings.Join(notes, ", ") + ")"
	}
	return text
}

// describe is a payload in a few words.
func describe(op byte, payload []byte) string {
	switch n := len(payload); {
	case op == opClose && n > 2:
		return fmt.Sprintf("%d %q", binary.BigEndian.Uint16(payload), shorten(string(payload[2:]), 30))
	case op == opClose && n == 2:
		return fmt.Sprint(binary.BigEndian.Uint16(payload))
	case op != opClose && n > 0 && n <= 16:
		return fmt.Sprintf("%q", payload)
	}
	return fmt.Sprintf("of %d B", len(payload))
}

// parsed is a frame that came, with what is wrong with it.
type parsed struct {
	frame
	faults []string
}

// parseFrame reads a server's frame however it is written. It returns the bytes
// that the frame takes, 0 as long as not all of it is there, and no frame of
// more than most bytes.
func parseFrame(b []byte, most int) (parsed, int, error) {
	if len(b) < 2 {
		return parsed{}, 0, nil
	}
	p := parsed{frame: frame{op: b[0] & 0x0f, more: b[0]&0x80 == 0, rsv: b[0] & 0x70, unmasked: b[1]&0x80 == 0}}
	size, length := 2, uint64(b[1]&0x7f)
	switch length {
	case 126:
		if size = 4; len(b) < size {
			return p, 0, nil
		}
		length, p.wide = uint64(binary.BigEndian.Uint16(b[2:])), 2
	case 127:
		if size = 10; len(b) < size {
			return p, 0, nil
		}
		length, p.wide = binary.BigEndian.Uint64(b[2:]), 8
	}
	if length > uint64(most) {
		return p, 0, fmt.Errorf("a frame of %d bytes", length)
	}
	fault := func(broken bool, format string, args ...any) {
		if broken {
			p.faults = append(p.faults, fmt.Sprintf(format, args...))
		}
	}
	fault(!p.unmasked, "a masked %s frame (§5.1)", nameOf(p.op))
	fault(p.wide > extended(length), "length %d in %d bytes (§5.2)", length, p.wide)
	fault(opNames[p.op] == "", "opcode %#x (§5.2)", p.op)
	fault(isControl(p.op) && (p.more || length > 125), "a %s frame that is fragmented or longer than 125 bytes (§5.5)", nameOf(p.op))
	var key [4]byte
	if !p.unmasked {
		if len(b) < size+4 {
			return p, 0, nil
		}
		size += copy(key[:], b[size:])
	}
	end := size + int(length)
	if len(b) < end {
		return p, 0, nil
	}
	if p.payload = b[size:end:end]; !p.unmasked {
		p.payload = mask(nil, key, p.payload)
	}
	return p, end, nil
}
