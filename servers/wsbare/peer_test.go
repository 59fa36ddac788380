package wsbare

import (
	"encoding/binary"
	"io"
	"slices"
	"sync/atomic"

	"pushbench/servers/feed"
)

// peer is a server that has said all it has to say, and keeps what it is sent.
type peer struct {
	says   []byte
	cut    func(most int) int // how much of it comes with the next read; nil: all there is
	heard  []byte
	closed atomic.Bool
}

func (p *peer) Read(b []byte) (int, error) {
	if len(p.says) == 0 {
		return 0, io.EOF
	}
	n := min(len(b), len(p.says))
	if p.cut != nil {
		n = p.cut(n)
	}
	n = copy(b[:n], p.says)
	p.says = p.says[n:]
	return n, nil
}

func (p *peer) Write(b []byte) (int, error) {
	p.heard = append(p.heard, b...)
	return len(b), nil
}

func (p *peer) Close() error { p.closed.Store(true); return nil }

// message is what NextMessage returned, kept.
type message struct {
	op      Opcode
	payload string
}

// failer is what fails: a test, or rapid's.
type failer interface {
	Helper()
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
}

// outcome is all that a connection comes to.
type outcome struct {
	messages []message
	err      error
	answers  []answer // frames that the client sent
	down, up int64    // framing
}

func (o outcome) equal(other outcome) bool {
	return slices.Equal(o.messages, other.messages) && slices.Equal(o.answers, other.answers) &&
		o.err.Error() == other.err.Error() && o.down == other.down && o.up == other.up
}

// conclude reads a connection to its end.
func conclude(t failer, p *peer, limit int) outcome {
	t.Helper()
	meter := new(feed.Meter)
	c := newConn(p, meter)
	c.limit = limit
	var o outcome
	for {
		op, payload, err := c.NextMessage()
		if err != nil {
			o.err = err
			break
		}
		o.messages = append(o.messages, message{op, string(payload)})
	}
	if _, _, again := c.NextMessage(); again != o.err {
		t.Errorf("after the error %v comes %v", o.err, again)
	}
	o.answers = parseAnswers(t, p.heard)
	o.down, o.up = meter.FramingDown.Load(), meter.FramingUp.Load()
	if o.up != int64(len(p.heard)) {
		t.Errorf("%d bytes of framing counted upwards, and %d sent", o.up, len(p.heard))
	}
	return o
}

// answer is a frame that the client sent, unmasked.
type answer struct {
	op      Opcode
	payload string
}

// parseAnswers reads frames as a server has to: masked, whole, control frames
// only.
func parseAnswers(t failer, b []byte) []answer {
	t.Helper()
	var answers []answer
	for len(b) > 0 {
		if len(b) < 6 || b[0]&0xf0 != 0x80 || b[1]&0x80 == 0 {
			t.Fatalf("the client sent %x, which begins no masked frame", b)
		}
		op, length, key, rest := Opcode(b[0]&0x0f), int(b[1]&0x7f), b[2:6], b[6:]
		if !op.isControl() || length > maxControl || length > len(rest) {
			t.Fatalf("the client sent a %v frame of %d bytes, of which %d are there", op, length, len(rest))
		}
		payload := make([]byte, length)
		for i := range payload {
			payload[i] = rest[i] ^ key[i%4]
		}
		answers = append(answers, answer{op, string(payload)})
		b = rest[length:]
	}
	return answers
}

// frame is a server's, in the shortest form (§5.2).
func frame(fin bool, op Opcode, payload string) string {
	b := []byte{byte(op), 0}
	if fin {
		b[0] |= 0x80
	}
	switch {
	case len(payload) <= 125:
		b[1] = byte(len(payload))
	case len(payload) <= 0xffff:
		b[1] = 126
		b = binary.BigEndian.AppendUint16(b, uint16(len(payload)))
	default:
		b[1] = 127
		b = binary.BigEndian.AppendUint64(b, uint64(len(payload)))
	}
	return string(b) + payload
}

// closing is the payload of a close frame.
func closing(status Status, reason string) string {
	return string(binary.BigEndian.AppendUint16(nil, uint16(status))) + reason
}
