package conform

import (
	"bytes"
	"fmt"
	"strings"
)

// sizes are where the form of a frame's length changes (§5.2).
var sizes = []int{0, 1, 125, 126, 65535, 65536}

// messages are messages that come back: in frames of every length, in any
// fragments (§5.4), and however the bytes arrive.
var messages = []Check{
	{Rule: "§5.2", Severity: Must, Name: "text of every class of length comes back unchanged", run: func(p *probe) error {
		return p.sizes(func(s *session, n int) error {
			return s.roundTrip(opText, []byte(strings.Repeat("é", n/2)+strings.Repeat("x", n%2)))
		})
	}},
	{Rule: "§5.2", Severity: Must, Name: "binary of every class of length comes back unchanged", run: func(p *probe) error {
		return p.sizes(func(s *session, n int) error { return s.roundTrip(opBinary, noise(n)) })
	}},
	{Rule: "§5.1", Severity: Must, Name: "the server's frames are not masked", run: framesAre("masked")},
	{Rule: "§5.2", Severity: Must, Name: "the server's frames have the shortest length there is", run: framesAre("length")},
	{Rule: "§5.2", Severity: Must, Name: "the server's frames have no reserved bits and no unknown opcodes", run: framesAre("reserved bits", "opcode")},
	{Rule: "§5.4", Severity: Must, Name: "the server's fragments make whole messages, its control frames are short", run: framesAre("not ended", "of nothing", "fragmented")},
	{Rule: "§5.4", Severity: Must, Name: "a message in fragments comes back whole", run: func(p *probe) error {
		return each(p, [][]frame{
			{text("Hel").begun(), continuation("lo")},
			{text("H").begun(), continuation("e").begun(), continuation("ll").begun(), continuation("o")},
			{binaryOf([]byte("Hel")).begun(), continuation("lo")},
		}, p.whole)
	}},
	{Rule: "§5.4", Severity: Must, Name: "fragments may be empty", run: func(p *probe) error {
		return each(p, [][]frame{
			{text("").begun(), continuation("").begun(), continuation("Hello")},
			{text("Hello").begun(), continuation("")},
			{text("").begun(), continuation("")},
		}, p.whole)
	}},
	{Rule: "§5.4", Severity: Must, Name: "a ping between fragments is answered before the message ends", run: func(p *probe) error {
		s, err := p.open()
		if err != nil {
			return err
		}
		s.send(text("Hel").begun(), ping("between"))
		if err := s.pong("between"); err != nil {
			return err
		}
		s.send(continuation("lo"))
		return s.back(opText, []byte("Hello"))
	}},
	{Rule: "§5.4", Severity: Must, Name: "a pong between fragments leaves the message whole", run: func(p *probe) error {
		return p.whole([]frame{text("Hel").begun(), {op: opPong, payload: []byte("between")}, continuation("lo")})
	}},
	{Rule: "§5", Severity: Must, Name: "frames cut in two at any byte are put together", run: func(p *probe) error {
		return each(p, strides(8), func(cut stride) error {
			s, err := p.open()
			if err != nil {
				return err
			}
			frames := []frame{text("Hel").begun(), ping("cut"), continuation("lo"), binaryOf(noise(130))}
			for i, piece := range cut.pieces(bytesOf(frames...)) {
				what := ""
				if i == 0 {
					what = fmt.Sprintf("fragments, a ping and 130 B cut at byte %d and each %d after it", cut.from, cut.by)
				}
				s.write(what, piece)
			}
			if err := s.pong("cut"); err != nil {
				return err
			}
			if err := s.back(opText, []byte("Hello")); err != nil {
				return err
			}
			return s.back(opBinary, frames[3].payload)
		})
	}},
	{Rule: "§5", Severity: Must, Name: "many messages in one write come back in order", run: func(p *probe) error {
		s, err := p.open()
		if err != nil {
			return err
		}
		var frames []frame
		for i := range 100 {
			frames = append(frames, text(fmt.Sprintf("message %d", i)))
		}
		s.write("100 messages in one write", bytesOf(frames...))
		for _, f := range frames {
			if err := s.back(opText, f.payload); err != nil {
				return err
			}
		}
		return nil
	}},
}

// sizes runs a check for every class of length that the server takes.
func (p *probe) sizes(run func(*session, int) error) error {
	return each(p, sizes, func(n int) error {
		if p.Max > 0 && n > p.Max {
			return nil
		}
		s, err := p.open()
		if err != nil {
			return err
		}
		return run(s, n)
	})
}

// roundTrip sends a message in one frame and wants it back.
func (s *session) roundTrip(op byte, payload []byte) error {
	s.send(frame{op: op, payload: payload})
	return s.back(op, payload)
}

// whole sends frames and wants the message that they make.
func (p *probe) whole(frames []frame) error {
	s, err := p.open()
	if err != nil {
		return err
	}
	s.send(frames...)
	var payload []byte
	for _, f := range frames {
		if !isControl(f.op) {
			payload = append(payload, f.payload...)
		}
	}
	return s.back(frames[0].op, payload)
}

// framesAre wants no fault of a kind in the frames of echoes and pongs, whatever
// they say.
func framesAre(faults ...string) func(*probe) error {
	return func(p *probe) error {
		return p.sizes(func(s *session, n int) error {
			s.send(binaryOf(noise(n)), ping("one more frame"))
			for until := p.until(); s.frames < 2; {
				if e, err := s.event(until); err != nil || e.op == opClose {
					return s.wrong("want an echo and a pong")
				}
			}
			s.send(closing(1000, ""))
			s.gone() // whether it goes is another check's: here, every frame on the way is looked at
			for _, fault := range s.faults {
				for _, kind := range faults {
					if strings.Contains(fault, kind) {
						return s.wrong("that is %s", fault)
					}
				}
			}
			return nil
		})
	}
}

// noise is bytes that are no text and do not compress.
func noise(n int) []byte {
	b := make([]byte, n)
	x := uint32(2463534242)
	for i := range b {
		x ^= x << 13
		x ^= x >> 17
		x ^= x << 5
		b[i] = byte(x)
	}
	return b
}

// ramp is bytes that do compress.
func ramp(n int) []byte { return bytes.Repeat([]byte("0123456789abcdef"), n/16+1)[:n] }
