package wire

import "encoding/binary"

// HTTP/2 frames (RFC 9113 §4.1, §6.1, §6.2): a header of nine bytes, then so
// many of payload.
const (
	frameHeader  = 9
	frameData    = 0x0
	frameHeaders = 0x1
	frameGoOn    = 0x9 // CONTINUATION
	flagEnd      = 0x4 // END_HEADERS
	flagPadded   = 0x8
)

// prefaceLen is what a client sends before its first frame (RFC 9113 §3.4).
const prefaceLen = 24

// frames follows one direction of an HTTP/2 connection and tells the bytes of
// messages' content from those of the protocol: all that is not the payload of
// a DATA frame, padding included.
type frames struct {
	skip   int // of the preface
	head   [frameHeader]byte
	have   int
	left   int // of the frame's payload
	pad    int // of left, at its end
	padded bool
	at     int64 // bytes seen
	// headEnd is where the first message's head ended; 0 until it has.
	headEnd int64
}

// see takes what comes next and returns how many of its bytes are the
// protocol's.
func (f *frames) see(p []byte) (protocol int64) {
	for len(p) > 0 {
		n, own := f.step(p)
		f.at += int64(n)
		protocol += int64(own)
		p = p[n:]
		if f.have == frameHeader && f.left == 0 {
			f.end()
		}
	}
	return protocol
}

// step takes as many bytes as belong to one part of a frame, and returns how
// many those were and how many of them are the protocol's.
func (f *frames) step(p []byte) (n, own int) {
	switch {
	case f.skip > 0:
		n = min(f.skip, len(p))
		f.skip -= n
		return n, n
	case f.have < frameHeader:
		n = copy(f.head[f.have:], p)
		f.have += n
		if f.have == frameHeader {
			f.left = int(binary.BigEndian.Uint32(f.head[:4]) >> 8)
			f.padded = f.head[3] == frameData && f.head[4]&flagPadded != 0 && f.left > 0
			f.pad = 0
		}
		return n, n
	case f.padded: // the first byte says how many of padding end the frame
		f.padded = false
		f.pad = int(p[0])
		f.left--
		return 1, 1
	case f.left > f.pad && f.head[3] == frameData:
		n = min(f.left-f.pad, len(p))
		f.left -= n
		return n, 0
	default:
		n = min(f.left, len(p))
		f.left -= n
		return n, n
	}
}

// end closes a frame.
func (f *frames) end() {
	f.have = 0
	kind, flags := f.head[3], f.head[4]
	if f.headEnd == 0 && (kind == frameHeaders || kind == frameGoOn) && flags&flagEnd != 0 {
		f.headEnd = f.at
	}
}
