package conform

import (
	"cmp"
	"strconv"
	"strings"
)

// control is ping and pong (§5.5.2, §5.5.3).
var control = []Check{
	{Rule: "§5.5.2", Severity: Must, Name: "a ping is answered with a pong", cases: talk(func(s *session) error {
		s.send(ping("hello"))
		return s.awaits(func(e event) bool { return e.op == opPong }, "want a pong")
	})},
	{Rule: "§5.5.3", Severity: Must, Name: "a pong has its ping's payload: 0, 1 and 125 bytes, any bytes", cases: talks([]string{
		"", "x", strings.Repeat("x", 125), "\x00\xff\xfe" + string(noise(120))}, func(s *session, payload string) error {
		s.send(ping(payload))
		return s.pong(payload)
	})},
	// A pong for each, or for the last of those that have come: the order is
	// theirs, and the last has its answer.
	{Rule: "§5.5.3", Severity: Must, Name: "of 100 pings at once the last is answered, others in order", cases: talk(func(s *session) error {
		const number = "number "
		var frames []frame
		for i := range 100 {
			frames = append(frames, ping(number+strconv.Itoa(i)))
		}
		s.write("100 pings in one write", bytesOf(frames...))
		for last, until := -1, s.until(); last < 99; {
			e, err := s.event(until)
			if err != nil || e.op == opClose {
				return s.wrong("want the pong of the last ping, %q", number+"99")
			}
			digits, ours := strings.CutPrefix(string(e.payload), number)
			if e.op != opPong || !ours { // a pong that answers no ping is legal (§5.5.3)
				continue
			}
			n, err := strconv.Atoi(digits)
			if err != nil || n <= last || n > 99 {
				return s.wrong("want the pong of a ping after %q", number+strconv.Itoa(last))
			}
			last = n
		}
		return nil
	})},
	{Rule: "§5.5.3", Severity: Must, Name: "a pong that nobody asked for is passed over", cases: talk(func(s *session) error {
		s.send(frame{op: opPong}, frame{op: opPong, payload: []byte("unasked")}, ping("after it"))
		return s.pong("after it")
	})},
}

// broken are frames that fail the connection (§7.1.7). The RFC says so of the
// first three and of UTF-8 (§8.1); for the others it says what a client MUST
// NOT send, and a server that goes on reads what nobody can have meant.
var broken = []Check{
	breaks("§5.1", Must, "a frame without a mask",
		one(frame{op: opText, payload: []byte("Hello"), unmasked: true}), one(frame{op: opPing, payload: []byte("Hello"), unmasked: true})),
	breaks("§5.2", Must, "reserved bits that no extension has given a meaning",
		one(text("Hello").with(rsv1)), one(text("Hello").with(rsv2)), one(text("Hello").with(rsv3)), one(text("Hello").with(rsv1|rsv2|rsv3)),
		one(ping("Hello").with(rsv1)), one(ping("Hello").with(rsv3))),
	breaks("§5.2", Must, "opcodes that mean nothing, 0x3 to 0x7", opcodes(0x3, 0x7)...),
	breaks("§5.2", Must, "opcodes that mean nothing, 0xB to 0xF", opcodes(0xB, 0xF)...),
	breaks("§5.5", Must, "a control frame of more than 125 bytes",
		one(ping(strings.Repeat("x", 126))), one(ping(strings.Repeat("x", 65536))), one(closing(1000, strings.Repeat("x", 124)))),
	breaks("§5.5", Must, "a control frame in fragments",
		one(ping("Hel").begun()), one(closing(1000, "").begun()), []frame{ping("Hel").begun(), continuation("lo")}),
	breaks("§5.4", Must, "a continuation of nothing",
		one(continuation("Hello")), one(continuation("Hello").begun())),
	breaks("§5.4", Must, "a message inside of a message that has not ended",
		[]frame{text("Hel").begun(), text("lo")}, []frame{text("Hel").begun(), continuation("l").begun(), binaryOf([]byte("o"))}),
	breaks("§5.2", Should, "a length in more bytes than it takes",
		one(frame{op: opText, payload: []byte("Hello"), wide: 2}), one(frame{op: opText, payload: []byte("Hello"), wide: 8}),
		one(frame{op: opText, payload: ramp(200), wide: 8}), one(frame{op: opPing, payload: []byte("Hello"), wide: 2})),
	breaks("§5.2", Must, "a length whose first bit is 1",
		one(frame{op: opBinary, claim: 1<<63 | 5, payload: []byte("Hello")})),
	{Rule: "§7.1.7", Severity: Should, Name: "a broken protocol is told with status 1002", cases: talks([][]frame{
		one(ping("Hello").with(rsv2)), one(frame{op: 0x3}), one(frame{op: 0xB}), one(ping("Hel").begun()),
		one(ping(strings.Repeat("x", 126))), one(continuation("Hello"))}, told(1002))},
	{Rule: "§7.1.7", Severity: Must, Name: "after a broken rule the TCP connection ends", cases: talk(func(s *session) error {
		status, err := s.failed(frame{op: 0xB})
		if err != nil || status == 0 {
			return err
		}
		s.send(closing(1000, "")) // the server may wait for our half of the handshake
		return s.gone()
	})},
}

func one(f frame) []frame { return []frame{f} }

func opcodes(from, to byte) [][]frame {
	var cases [][]frame
	for op := from; op <= to; op++ {
		cases = append(cases, one(frame{op: op, payload: []byte("Hello")}))
	}
	return cases
}

// breaks is a check that a server fails the connection for every case.
func breaks(rule string, severity Severity, name string, cases ...[]frame) Check {
	return Check{Rule: rule, Severity: severity, Name: name + ": the connection fails", cases: talks(cases, fails)}
}

// fails wants the server to fail the connection for frames.
func fails(s *session, frames []frame) error {
	_, err := s.failed(frames...)
	return err
}

// told is what wants frames to be answered with a close frame of a status.
func told(status int) func(*session, []frame) error {
	return func(s *session, frames []frame) error {
		got, err := s.failed(frames...)
		return cmp.Or(err, s.wants(got == status, "want a close frame with status %d", status))
	}
}
