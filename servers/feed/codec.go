package feed

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// Codec writes and reads events. Both forms have a fixed width apart from the
// body, so that what an event costs on the wire does not depend on the hour,
// the uptime or the length of the run, and both delimit themselves, so that a
// response or a message may hold any number of events.
//
//	text    19 digits, blank, 19 digits, blank, 19 digits, blank, body, newline   (61 B + body)
//	binary  seq, due, sent, length as 8-byte big-endian numbers, body             (32 B + body)
//	base64  as text, with a binary body in standard base64                        (61 B + 4/3 body)
//
// The three numbers are Seq, Due and Sent. Due and Sent are below 0 where they are
// earlier than the clock's 0: in binary as two's complement, and in text with a minus
// in place of the first digit, as printf's %019d has it. That leaves 18 digits, so
// that what is earlier than Earliest is written as that.
type Codec string

// The encodings a scenario may ask for.
const (
	Text   Codec = "text"
	Binary Codec = "binary"
	Base64 Codec = "base64"
)

// ParseCodec reads the scenario's encoding.
func ParseCodec(s string) (Codec, error) {
	switch c := Codec(s); c {
	case Text, Binary, Base64:
		return c, nil
	}
	return "", fmt.Errorf("encoding %q is not known; use text, binary or base64", s)
}

// Earliest is the first instant that text can express, 31 years before the clock's 0.
const Earliest = -999_999_999_999_999_999

// Digits is the width of a number in text: that of math.MaxInt64.
const Digits = 19

const (
	textHead    = 3 * (Digits + 1)
	binaryHead  = 4 * 8
	maxBodySize = 64 << 20
)

// ErrShort is returned by Decode when buf ends before the event does.
var ErrShort = errors.New("event is cut short")

// IsText reports whether the encoding is text on the wire (a WebSocket text
// frame, text/plain).
func (c Codec) IsText() bool { return c != Binary }

// Envelope is the number of bytes that an event of this encoding takes beside
// its body. For base64 the inflation of the body counts as envelope.
func (c Codec) Envelope(body int) int {
	switch c {
	case Binary:
		return binaryHead
	case Base64:
		return textHead + 1 + base64.StdEncoding.EncodedLen(body) - body
	}
	return textHead + 1
}

// Append adds the encoding of e to dst.
func (c Codec) Append(dst []byte, e Event) []byte {
	if c == Binary {
		dst = binary.BigEndian.AppendUint64(dst, e.Seq)
		dst = binary.BigEndian.AppendUint64(dst, uint64(e.Due))
		dst = binary.BigEndian.AppendUint64(dst, uint64(e.Sent))
		dst = binary.BigEndian.AppendUint64(dst, uint64(len(e.Body)))
		return append(dst, e.Body...)
	}
	dst = append(AppendNumber(dst, int64(e.Seq)), ' ')
	dst = append(AppendNumber(dst, e.Due), ' ')
	dst = append(AppendNumber(dst, e.Sent), ' ')
	if c == Base64 {
		dst = base64.StdEncoding.AppendEncode(dst, e.Body)
	} else {
		dst = append(dst, e.Body...)
	}
	return append(dst, '\n')
}

// Decode reads the event at the start of buf and returns what follows it. The
// body of a text or binary event aliases buf.
func (c Codec) Decode(buf []byte) (e Event, rest []byte, err error) {
	if c == Binary {
		return decodeBinary(buf)
	}
	if len(buf) < textHead {
		return Event{}, buf, ErrShort
	}
	var n [3]int64
	for i := range n {
		field := buf[i*(Digits+1) : (i+1)*(Digits+1)]
		if n[i], err = parseNumber(field[:Digits]); err != nil {
			return Event{}, buf, err
		}
		if field[Digits] != ' ' {
			return Event{}, buf, fmt.Errorf("event has %q where a blank ends its field %d", field[Digits], i+1)
		}
	}
	body := buf[textHead:]
	end := bytes.IndexByte(body, '\n')
	if end < 0 {
		return Event{}, buf, ErrShort
	}
	e = Event{Seq: uint64(n[0]), Due: n[1], Sent: n[2], Body: body[:end:end]}
	if err := e.check(); err != nil {
		return Event{}, buf, err
	}
	if c == Base64 {
		if e.Body, err = base64.StdEncoding.Strict().DecodeString(string(e.Body)); err != nil {
			return Event{}, buf, fmt.Errorf("body of event %d: %w", e.Seq, err)
		}
		if base64.StdEncoding.EncodedLen(len(e.Body)) != end { // the decoder skips carriage returns
			return Event{}, buf, fmt.Errorf("body of event %d has characters that base64 does not", e.Seq)
		}
	}
	return e, body[end+1:], nil
}

func decodeBinary(buf []byte) (Event, []byte, error) {
	if len(buf) < binaryHead {
		return Event{}, buf, ErrShort
	}
	var n [4]uint64
	for i := range n {
		n[i] = binary.BigEndian.Uint64(buf[8*i:])
	}
	e := Event{Seq: n[0], Due: int64(n[1]), Sent: int64(n[2])}
	if err := e.check(); err != nil {
		return Event{}, buf, err
	}
	if n[3] > maxBodySize {
		return Event{}, buf, fmt.Errorf("event announces a body of %d bytes, more than the %d allowed", n[3], maxBodySize)
	}
	end := binaryHead + int(n[3])
	if len(buf) < end {
		return Event{}, buf, ErrShort
	}
	e.Body = buf[binaryHead:end:end]
	return e, buf[end:], nil
}

// check says what of an event's numbers cannot be: cursors, those of a gap among
// them, begin at 0 and fit an int64.
func (e Event) check() error {
	if e.Seq > math.MaxInt64 {
		return fmt.Errorf("event's number is %d, beyond 0 to %d", int64(e.Seq), int64(math.MaxInt64))
	}
	if g, ok := e.Gap(); ok && (e.Due < 0 || e.Sent < 0) {
		return fmt.Errorf("the numbers of a gap are %d and %d, beyond 0 to %d", int64(g.First), int64(g.Last), int64(math.MaxInt64))
	}
	return nil
}

// DecodeAll emits every event of buf, which must end where an event ends, and
// returns how many there were.
func (c Codec) DecodeAll(buf []byte, emit func(Event)) (int, error) {
	for n := 0; ; n++ {
		if len(buf) == 0 {
			return n, nil
		}
		e, rest, err := c.Decode(buf)
		if err != nil {
			return n, err
		}
		emit(e)
		buf = rest
	}
}

// AppendNumber adds n, zero-padded to 19 characters: the form of every number and
// cursor in text.
func AppendNumber(dst []byte, n int64) []byte {
	var b [Digits]byte
	rest := n
	if n < 0 {
		rest = -max(n, Earliest)
	}
	for i := Digits - 1; i >= 0; i-- {
		b[i] = byte('0' + rest%10)
		rest /= 10
	}
	if n < 0 {
		b[0] = '-'
	}
	return append(dst, b[:]...)
}

func parseNumber(b []byte) (int64, error) {
	first := b[0]
	if first == '-' {
		first = '0'
	}
	// 3 digits, and twice 8.
	high, ok := eightDigits(binary.BigEndian.Uint64([]byte{'0', '0', '0', '0', '0', first, b[1], b[2]}))
	middle, ok2 := eightDigits(binary.BigEndian.Uint64(b[3:]))
	low, ok3 := eightDigits(binary.BigEndian.Uint64(b[11:]))
	if !ok || !ok2 || !ok3 {
		return 0, fmt.Errorf("event has %q where %d digits belong", b, Digits)
	}
	n := (high*1e8+middle)*1e8 + low // 19 digits cannot overflow a uint64
	switch {
	case n > math.MaxInt64:
		return 0, fmt.Errorf("event has %s, beyond an int64", b)
	case b[0] != '-':
		return int64(n), nil
	case n == 0:
		return 0, fmt.Errorf("event has %s, and 0 has no sign", b)
	default:
		return -int64(n), nil
	}
}

// eightDigits is the number that eight characters are, the first in the highest byte,
// all at once: neighbours are joined to pairs, those to fours, and those to eight.
func eightDigits(b uint64) (n uint64, ok bool) {
	const each = 0x0101010101010101
	b ^= '0' * each // a digit is below 10 now, and nothing else is
	if (b|(b+(0x7f-9)*each))&(0x80*each) != 0 {
		return 0, false
	}
	b = (b>>8&0x00ff00ff00ff00ff)*10 + b&0x00ff00ff00ff00ff
	b = (b>>16&0x0000ffff0000ffff)*100 + b&0x0000ffff0000ffff
	return (b>>32)*10000 + b&0xffffffff, true
}
