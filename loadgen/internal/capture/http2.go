package capture

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
)

// preface is how the client's stream begins (RFC 9113 §3.4).
const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

func isHTTP2(sent []byte) bool { return bytes.HasPrefix(sent, []byte(preface)) }

// Frame types and a flag (RFC 9113 §6).
const (
	frameData         = 0x0
	frameHeaders      = 0x1
	frameSettings     = 0x4
	framePushPromise  = 0x5
	frameContinuation = 0x9

	flagPadded = 0x8
)

func splitHTTP2(up, down *reader) error {
	up.take(int64(len(preface)), &up.split.Framing)
	posted := map[uint32]bool{} // the streams on which the client sent data, and which are no GET
	err := up.frames(func(stream uint32, n int64) {
		posted[stream] = true
		up.take(n, &up.split.Body)
	})
	return errors.Join(err, down.frames(func(stream uint32, n int64) {
		if posted[stream] {
			down.take(n, &down.split.Body)
		} else {
			down.takeContent(n)
		}
	}), down.endContent())
}

// frames takes whole frames (RFC 9113 §4.1), and lets take what of them is data.
// The first has to be SETTINGS.
func (r *reader) frames(take func(stream uint32, n int64)) error {
	const header = 9
	for first := true; len(r.rest) >= header; first = false {
		length := int64(binary.BigEndian.Uint32(r.rest) >> 8)
		kind, flags := r.rest[3], r.rest[4]
		if first && kind != frameSettings {
			return fmt.Errorf("HTTP/2 begins with a frame of type %d, not with SETTINGS", kind)
		}
		if int64(len(r.rest)) < header+length {
			return nil
		}
		switch kind {
		case frameData:
			stream := binary.BigEndian.Uint32(r.rest[5:])
			body, around := length, int64(0)
			if flags&flagPadded != 0 { // a byte says how many follow the data
				if length == 0 || int64(r.rest[header]) >= length {
					return fmt.Errorf("HTTP/2 DATA frame of %d B is all padding and more", length)
				}
				around = 1
				body -= 1 + int64(r.rest[header])
			}
			r.take(header+around, &r.split.Framing)
			take(stream, body)
			r.take(length-around-body, &r.split.Framing)
		case frameHeaders, framePushPromise, frameContinuation:
			r.take(header+length, &r.split.Heads)
		default:
			r.take(header+length, &r.split.Framing)
		}
	}
	return nil
}
