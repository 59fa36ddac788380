package wsbare

import (
	"encoding/binary"
	"io"
	"math/rand/v2"
	"slices"
	"sync/atomic"

	"pushbench/servers/feed"
)

// peer is the other end, which has said all it has to say, and keeps what it is
// sent.
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

// end is which end of a connection is under test, and what it has agreed to.
type end struct {
	role    role
	limit   int
	deflate *inflater
}

// on makes that end of a connection to p.
func (e end) on(p *peer, meter *feed.Meter) *Conn {
	c := newClient(p, meter)
	if e.role == server {
		c = newServer(p, nil, e.limit)
		c.meter = meter
	}
	c.limit = int32(e.limit)
	if e.deflate != nil {
		c.agreed = &agreement{inflater: &inflater{takeover: e.deflate.takeover}}
	}
	return c
}

// outcome is all that a connection comes to.
type outcome struct {
	messages    []message
	err         error
	answers     []answer // frames that this end sent
	down, up    int64    // framing
	compression int64
}

func (o outcome) equal(other outcome) bool {
	return slices.Equal(o.messages, other.messages) && slices.Equal(o.answers, other.answers) &&
		o.err.Error() == other.err.Error() && o.down == other.down && o.up == other.up && o.compression == other.compression
}

// conclude reads a client's connection to its end.
func conclude(t failer, p *peer, limit int) outcome {
	t.Helper()
	return end{limit: limit}.conclude(t, p)
}

// conclude reads a connection to its end, by NextMessage and by take: that comes to the
// same.
func (e end) conclude(t failer, p *peer) outcome {
	t.Helper()
	same := &peer{says: slices.Clone(p.says), cut: p.cut}
	o := e.run(t, p, (*Conn).readAll)
	if taken := e.run(t, same, (*Conn).takeAll); !taken.equal(o) {
		t.Errorf("by take it comes to %+v, not %+v", taken, o)
	}
	return o
}

// readAll reads messages to the end by NextMessage.
func (c *Conn) readAll(handle func(Opcode, []byte) error) error {
	for {
		op, payload, err := c.NextMessage()
		if err != nil {
			return err
		}
		handle(op, payload)
	}
}

// takeAll does so as a loop does, whose memory is another connection's at once.
func (c *Conn) takeAll(handle func(Opcode, []byte) error) error {
	p := make([]byte, 1000)
	for {
		n, err := c.socket.Read(p)
		if err != nil {
			return c.end(err)
		}
		if err := c.take(p[:n], handle); err != nil {
			return err
		}
		for i := range p {
			p[i] = 0xaa
		}
	}
}

// run is what a connection comes to that is read in one of both ways.
func (e end) run(t failer, p *peer, read func(*Conn, func(Opcode, []byte) error) error) outcome {
	t.Helper()
	meter := new(feed.Meter)
	c := e.on(p, meter)
	var o outcome
	o.err = read(c, func(op Opcode, payload []byte) error {
		o.messages = append(o.messages, message{op, string(payload)})
		return nil
	})
	if _, _, again := c.NextMessage(); again != o.err {
		t.Errorf("after the error %v comes %v", o.err, again)
	}
	if again := c.take([]byte("\x81\x00"), nil); again != o.err {
		t.Errorf("after the error %v take returns %v", o.err, again)
	}
	o.answers = parseFrames(t, p.heard, e.role)
	o.down, o.up, o.compression = meter.FramingDown.Load(), meter.FramingUp.Load(), meter.CompressionDown.Load()
	if o.up != int64(len(p.heard)) {
		t.Errorf("%d bytes of framing counted upwards, and %d sent", o.up, len(p.heard))
	}
	return o
}

// answer is a control frame that an end sent, unmasked.
type answer struct {
	op      Opcode
	payload string
}

// parseFrames reads frames as the other end has to: masked from a client and not
// from a server, whole, control frames only.
func parseFrames(t failer, b []byte, from role) []answer {
	t.Helper()
	var answers []answer
	for len(b) > 0 {
		size := 2
		if from == client {
			size += keyLen
		}
		if len(b) < size || b[0]&0xf0 != 0x80 || b[1]&0x80 != 0 != (from == client) {
			t.Fatalf("the %v sent %x, which begins no frame of its own", from, b)
		}
		op, length, key, rest := Opcode(b[0]&0x0f), int(b[1]&0x7f), b[2:size], b[size:]
		if !op.isControl() || length > maxControl || length > len(rest) {
			t.Fatalf("the %v sent a %v frame of %d bytes, of which %d are there", from, op, length, len(rest))
		}
		payload := slices.Clone(rest[:length])
		for i := range payload {
			if from == client {
				payload[i] ^= key[i%keyLen]
			}
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

// masked is a stream of a server's frames as a client would send it: every frame
// masked, whatever else is wrong with it or missing.
func masked(stream string) string {
	rng := rand.New(rand.NewPCG(1, 1))
	var out []byte
	for b := []byte(stream); len(b) > 0; {
		if len(b) == 1 {
			return string(append(out, b...))
		}
		size, length := 2, uint64(b[1]&0x7f)
		switch length {
		case 126:
			if size = 4; len(b) >= size {
				length = uint64(binary.BigEndian.Uint16(b[2:]))
			}
		case 127:
			if size = 10; len(b) >= size {
				length = binary.BigEndian.Uint64(b[2:])
			}
		}
		if len(b) < size {
			return string(append(append(out, b[0], b[1]|0x80), b[2:]...))
		}
		var key [keyLen]byte
		binary.BigEndian.PutUint32(key[:], rng.Uint32())
		out = append(append(append(out, b[0], b[1]|0x80), b[2:size]...), key[:]...)
		b = b[size:]
		n := min(length, uint64(len(b)))
		for i, x := range b[:n] {
			out = append(out, x^key[i%keyLen])
		}
		b = b[n:]
	}
	return string(out)
}

// closing is the payload of a close frame.
func closing(status Status, reason string) string {
	return string(binary.BigEndian.AppendUint16(nil, uint16(status))) + reason
}
