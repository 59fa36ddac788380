package conform

import (
	"bytes"
	"errors"
	"fmt"
)

// limits is how a server protects itself (§10.4).
var limits = []Check{
	// What a server that waits for the rest would do in its time, it does at once
	// when we say that there is no rest. It has nobody to tell, then.
	{Rule: "§10.4", Severity: May, Name: "a frame that announces 2^62 bytes is refused by its header, with a close frame", cases: talk(func(s *session) error {
		s.send(frame{op: opBinary, claim: 1 << 62, payload: ramp(1000)})
		if half, ok := s.socket.(interface{ CloseWrite() error }); ok {
			half.CloseWrite()
		}
		status, err := s.ended()
		return s.wants(err == nil && status != 0, "want a close frame")
	})},
	{Rule: "§10.4", Severity: Should, Name: "a message of -max bytes comes back", needs: needsMax | needsEcho, cases: talk(func(s *session) error {
		return s.roundTrip(s.kind(opBinary), ramp(s.Max))
	})},
	{Rule: "§10.4", Severity: Must, Name: "a frame of more than -max bytes: the connection fails", needs: needsMax, cases: tooBig(fails, false)},
	{Rule: "§10.4", Severity: Must, Name: "fragments of more than -max bytes together: the connection fails", needs: needsMax, cases: tooBig(fails, true)},
	{Rule: "§7.4.1", Severity: Should, Name: "what is too big is told with status 1009", needs: needsMax, cases: tooBig(told(1009), false, true)},
}

// tooBig judges what comes of a message of a byte or two more than the server takes.
func tooBig(judge func(*session, []frame) error, inFragments ...bool) []attempt {
	return talks(inFragments, func(s *session, cut bool) error {
		op, half := s.kind(opBinary), ramp(s.Max/2+1)
		if cut {
			return judge(s, []frame{{op: op, payload: half, more: true}, continuation(string(half))})
		}
		return judge(s, one(frame{op: op, payload: ramp(s.Max + 1)}))
	})
}

// bombSize is what the bomb comes to, from some hundredth of it or less.
const bombSize = 16 << 20

// bombPayload is as compress would make it: of pieces that are all alike.
func bombPayload(windowBits int) []byte {
	piece := append(compress(make([]byte, 1<<windowBits), windowBits), deflateTail...)
	return bytes.TrimSuffix(bytes.Repeat(piece, bombSize>>windowBits), deflateTail)
}

// bomb sends a small message that is large when it is decompressed. A server may
// echo it, if it can, or refuse it; it may not choke.
func bomb(s *session) error {
	payload, op := bombPayload(s.windowBits), s.kind(opBinary)
	s.said = append(s.said, fmt.Sprintf("%d B that decompress to %d MB", len(payload), bombSize>>20))
	s.write("", frame{op: op, payload: payload, rsv: rsv1}.bytes())
	for { // as long as a check may take: there is much to do
		e, err := s.event(s.deadline)
		switch {
		case errors.Is(err, errEnd) || err == nil && e.op == opClose:
			return nil
		case err != nil:
			return s.wrong("want the server to close, or the message back")
		case e.op == op && len(e.payload) == bombSize:
			return nil
		}
	}
}
