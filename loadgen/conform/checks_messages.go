package conform

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"sync"
)

// sizes are where the form of a frame's length changes (§5.2).
var sizes = []int{0, 1, 125, 126, 65535, 65536}

// messages are messages that come back: in frames of every length, in any
// fragments (§5.4), and however the bytes arrive.
var messages = []Check{
	{Rule: "§5.2", Severity: Must, Name: "text of every class of length comes back unchanged", cases: ofSizes(func(s *session, n int) error {
		return s.roundTrip(opText, []byte(strings.Repeat("é", n/2)+strings.Repeat("x", n%2)))
	})},
	{Rule: "§5.2", Severity: Must, Name: "binary of every class of length comes back unchanged", cases: ofSizes(func(s *session, n int) error {
		return s.roundTrip(opBinary, noise(n))
	})},
	{Rule: "§5.1", Severity: Must, Name: "the server's frames are not masked", cases: framesAre("masked")},
	{Rule: "§5.2", Severity: Must, Name: "the server's frames have the shortest length there is", cases: framesAre("length")},
	{Rule: "§5.2", Severity: Must, Name: "the server's frames have no reserved bits and no unknown opcodes", cases: framesAre("reserved bits", "opcode")},
	{Rule: "§5.4", Severity: Must, Name: "the server's fragments make whole messages, its control frames are short", cases: framesAre("not ended", "of nothing", "fragmented")},
	{Rule: "§5.4", Severity: Must, Name: "a message in fragments comes back whole", cases: talks([][]frame{
		{text("Hel").begun(), continuation("lo")},
		{text("H").begun(), continuation("e").begun(), continuation("ll").begun(), continuation("o")},
		{binaryOf([]byte("Hel")).begun(), continuation("lo")},
	}, (*session).whole)},
	{Rule: "§5.4", Severity: Must, Name: "fragments may be empty", cases: talks([][]frame{
		{text("").begun(), continuation("").begun(), continuation("Hello")},
		{text("Hello").begun(), continuation("")},
		{text("").begun(), continuation("")},
	}, (*session).wholeOfEither)},
	{Rule: "§5.4", Severity: Must, Name: "a ping between fragments is answered before the message ends", cases: talk(func(s *session) error {
		op := s.kind(opText)
		s.send(frame{op: op, payload: []byte("Hel"), more: true}, ping("between"))
		if err := s.pong("between"); err != nil {
			return err
		}
		s.send(continuation("lo"))
		return s.back(op, []byte("Hello"))
	})},
	{Rule: "§5.4", Severity: Must, Name: "a pong between fragments leaves the message whole", cases: talk(func(s *session) error {
		return s.wholeOfEither([]frame{text("Hel").begun(), {op: opPong, payload: []byte("between")}, continuation("lo")})
	})},
	{Rule: "§5", Severity: Must, Name: "frames cut in two at any byte are put together", cases: talks(strides(8), func(s *session, cut stride) error {
		hello, filled := frame{op: s.kind(opText), payload: []byte("Hel"), more: true}, s.filled(130)
		for i, piece := range cut.pieces(bytesOf(hello, ping("cut"), continuation("lo"), filled)) {
			what := ""
			if i == 0 {
				what = fmt.Sprintf("fragments, a ping and 130 B cut at byte %d and each %d after it", cut.from, cut.by)
			}
			s.write(what, piece)
		}
		if err := s.pong("cut"); err != nil {
			return err
		}
		if err := s.back(hello.op, []byte("Hello")); err != nil {
			return err
		}
		return s.back(filled.op, filled.payload)
	})},
	{Rule: "§5", Severity: Must, Name: "many messages in one write come back in order", cases: talk(func(s *session) error {
		var frames []frame
		for i := range 100 {
			frames = append(frames, frame{op: s.kind(opText), payload: fmt.Appendf(nil, "message %d", i)})
		}
		s.write("100 messages in one write", bytesOf(frames...))
		for _, f := range frames {
			if err := s.back(f.op, f.payload); err != nil {
				return err
			}
		}
		return nil
	})},
}

// ofSizes is a case for every class of length that the server takes.
func ofSizes(run func(*session, int) error) []attempt {
	return talks(sizes, func(s *session, n int) error {
		if s.Max > 0 && n > s.Max {
			return nil
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
func (s *session) whole(frames []frame) error {
	s.send(frames...)
	var payload []byte
	for _, f := range frames {
		if !isControl(f.op) {
			payload = append(payload, f.payload...)
		}
	}
	return s.back(frames[0].op, payload)
}

// wholeOfEither is whole for a message of whichever kind comes back.
func (s *session) wholeOfEither(frames []frame) error { return s.whole(s.ofEither(frames)) }

// ofEither are the frames of a message, of whichever kind comes back.
func (s *session) ofEither(frames []frame) []frame {
	frames = slices.Clone(frames)
	frames[0].op = s.kind(frames[0].op)
	return frames
}

// filled is a message that does not compress, as long as it need not be text.
func (p *probe) filled(n int) frame {
	if p.kind(opBinary) == opText {
		return frame{op: opText, payload: ramp(n)}
	}
	return binaryOf(noise(n))
}

// framesAre wants no fault of a kind in the frames of echoes and pongs, whatever
// they say.
func framesAre(faults ...string) []attempt {
	return ofSizes(func(s *session, n int) error {
		s.send(s.filled(n), ping("one more frame"))
		echo, pong := false, false
		if err := s.awaits(func(e event) bool {
			echo, pong = echo || !isControl(e.op), pong || e.op == opPong
			return echo && pong
		}, "want an echo and a pong"); err != nil {
			return err
		}
		s.send(closing(1000, ""))
		s.gone() // whether it goes is another check's: here, every frame on the way is looked at
		return s.noFault(faults...)
	})
}

// noFault wants no fault of a kind in the frames that have come.
func (s *session) noFault(kinds ...string) error {
	for _, fault := range s.faults {
		if slices.ContainsFunc(kinds, func(kind string) bool { return strings.Contains(fault, kind) }) {
			return s.wrong("that is %s", fault)
		}
	}
	return nil
}

// noise is bytes that are no text and do not compress.
func noise(n int) []byte { return allNoise()[:n:n] }

var allNoise = sync.OnceValue(func() []byte {
	b := make([]byte, 1<<16)
	x := uint32(2463534242)
	for i := range b {
		x ^= x << 13
		x ^= x >> 17
		x ^= x << 5
		b[i] = byte(x)
	}
	return b
})

// ramp is bytes that do compress.
func ramp(n int) []byte { return bytes.Repeat([]byte("0123456789abcdef"), n/16+1)[:n] }
