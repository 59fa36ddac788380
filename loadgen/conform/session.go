package conform

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"time"
	"unicode/utf8"
)

// session is a WebSocket connection that is open.
type session struct {
	*conn
	answer         *response
	inflate        *inflater // nil without permessage-deflate
	clientTakeover bool      // our messages may refer to those before (RFC 7692 §7.1.1.2)
	windowBits     int       // how far they may refer (RFC 7692 §7.1.2.2)

	op         byte // of the message that is coming in; opContinuation: none
	compressed bool
	parts      []byte
	faults     []string       // what is wrong with the server's frames
	badClose   string         // what is wrong with its close frame's payload
	unasked    map[string]int // what the server says of its own accord, and how often it still may
	ours       [][]byte       // messages that we sent, and their fragments
	closing    bool           // we have sent a close frame
}

// event is a control frame or a whole message.
type event struct {
	op      byte
	payload []byte
}

// key tells an event from others.
func (e event) key() string { return string(e.op) + string(e.payload) }

// status is that of a close frame, 1005 if it has none (§7.1.5).
func (e event) status() int {
	if len(e.payload) < 2 {
		return 1005
	}
	return int(binary.BigEndian.Uint16(e.payload))
}

// send writes frames in one go.
func (s *session) send(frames ...frame) {
	var message []byte
	for _, f := range frames {
		s.said = append(s.said, f.String())
		s.closing = s.closing || f.op == opClose
		if !isControl(f.op) && len(f.payload) > 0 {
			message = append(message, f.payload...)
			s.ours = append(s.ours, f.payload, message)
		}
	}
	s.write("", bytesOf(frames...))
}

// isOurs reports whether a message is what we sent, and the server does not say
// of its own accord.
func (s *session) isOurs(e event) bool {
	return !isControl(e.op) && s.probe.unasked[e.key()] == 0 && slices.ContainsFunc(s.ours, func(sent []byte) bool { return bytes.Equal(sent, e.payload) })
}

func (s *session) fault(format string, args ...any) {
	if text := fmt.Sprintf(format, args...); !slices.Contains(s.faults, text) {
		s.faults = append(s.faults, text)
	}
}

// event takes the next control frame or message, past those that the server says
// on every connection of its own accord: what it says then is an answer to us, or
// known as none by its content. Faults of the frames are noted and do not end the
// connection. A ping is answered, since a server may wait for that (§5.5.2).
func (s *session) event(until time.Time) (event, error) {
	for {
		e, whole, err := s.frame(until)
		if err == nil && time.Now().After(until) {
			err = errNoEnd // a server that always has a frame ready would keep us for ever
		}
		if err != nil {
			s.heardError(err)
			return e, err
		}
		if !whole {
			continue
		}
		s.heard(nameOf(e.op) + " " + describe(e.op, e.payload))
		if e.op == opPing && !s.closing {
			s.write("", frame{op: opPong, payload: e.payload}.bytes())
		}
		if len(s.unasked) == 0 || s.unasked[e.key()] == 0 {
			return e, nil
		}
		s.unasked[e.key()]--
	}
}

// frame takes a frame, and says whether it makes an event whole.
func (s *session) frame(until time.Time) (event, bool, error) {
	var p parsed
	var size int
	var err error
	if _, ended := s.await(until, func(in []byte) bool {
		p, size, err = parseFrame(in, maxBuffered/2)
		return size > 0 || err != nil
	}); ended != nil {
		return event{}, false, ended
	}
	if err != nil {
		return event{}, false, err
	}
	s.drop(size)
	for _, fault := range p.faults {
		s.fault("%s", fault)
	}
	first := p.op != opContinuation && !isControl(p.op)
	if p.rsv&^rsv1 != 0 || p.rsv != 0 && (s.inflate == nil || !first) {
		s.fault("reserved bits %#x on a %s frame (§5.2, RFC 7692 §6.1)", p.rsv, nameOf(p.op))
	}
	if isControl(p.op) {
		e := event{p.op, p.payload}
		if e.op == opClose {
			s.badClose = closeFault(e)
		}
		return e, true, nil
	}
	switch {
	case first && s.op != opContinuation:
		s.fault("a %s frame inside of a message that has not ended (§5.4)", nameOf(p.op))
	case !first && s.op == opContinuation:
		s.fault("a continuation of nothing (§5.4)")
	}
	if first {
		s.op, s.parts, s.compressed = p.op, nil, p.rsv&rsv1 != 0
	}
	if s.parts = append(s.parts, p.payload...); len(s.parts) > maxBuffered/2 {
		return event{}, false, errFlood
	}
	if p.more {
		return event{}, false, nil
	}
	e := event{s.op, s.parts}
	s.op, s.parts = opContinuation, nil
	if s.compressed && s.inflate != nil {
		if e.payload, err = s.inflate.message(e.payload); err != nil {
			return e, false, err
		}
	}
	if e.op == opText && !utf8.Valid(e.payload) {
		s.fault("a text message that is not UTF-8 (§8.1)")
	}
	return e, true, nil
}

// closeFault is what is wrong with a close frame's payload (§5.5.1), "" if nothing.
func closeFault(e event) string {
	switch {
	case len(e.payload) == 0:
	case len(e.payload) == 1:
		return "half a status (§5.5.1)"
	case !mayBeSent(e.status()):
		return "a status that may not be sent (§7.4)"
	case !utf8.Valid(e.payload[2:]):
		return "a reason that is not UTF-8 (§5.5.1)"
	}
	return ""
}

// mayBeSent reports whether a close frame may have a status: §7.4.1 and what
// IANA's registry has added to it, and §7.4.2.
func mayBeSent(status int) bool {
	switch status {
	case 1004, 1005, 1006:
		return false
	}
	return status >= 1000 && status <= 1014 || status >= 3000 && status <= 4999
}

// awaits waits for an event, past all others. The format says what is wanted.
func (s *session) awaits(is func(event) bool, format string, args ...any) error {
	for until := s.until(); ; {
		e, err := s.event(until)
		switch {
		case err != nil || e.op == opClose:
			return s.wrong(format, args...)
		case is(e):
			return nil
		}
	}
}

// pong waits for the pong of a payload.
func (s *session) pong(payload string) error {
	return s.awaits(func(e event) bool { return e.op == opPong && string(e.payload) == payload },
		"want a pong %s (§5.5.2)", describe(opPong, []byte(payload)))
}

// back waits for the echo of a message: it is known by its content, since a
// server may greet, or say something else of its own accord.
func (s *session) back(op byte, payload []byte) error {
	if !s.Echoes[op] {
		return notApplicable("the server does not echo " + nameOf(op))
	}
	return s.awaits(func(e event) bool { return e.op == op && bytes.Equal(e.payload, payload) },
		"want the %s message %s back unchanged", nameOf(op), describe(op, payload))
}

// kind is that of a message for which either would do: the other one where only
// that comes back.
func (o *offers) kind(op byte) byte {
	if other := opText + opBinary - op; o.Echoes[other] && !o.Echoes[op] {
		return other
	}
	return op
}

// still is what a ping says that must not be answered any more.
const still = "still there?"

// failed sends frames of which the last breaks a rule, with a ping behind them
// so that a server that goes on does not keep us waiting. The server must fail
// the connection (§7.1.7). Its status is returned, 0 if it has just gone.
func (s *session) failed(frames ...frame) (int, error) {
	return s.ended(append(slices.Clone(frames), ping(still))...)
}

// ended is failed without a ping, for servers that may wait for more.
func (s *session) ended(frames ...frame) (int, error) {
	s.send(frames...)
	for until := s.until(); ; {
		e, err := s.event(until)
		switch {
		case errors.Is(err, errEnd):
			return 0, nil
		case err != nil:
			return 0, s.wrong("want the server to close")
		case e.op == opClose:
			return e.status(), nil
		case e.op == opPong && string(e.payload) == still:
			return 0, s.wrong("want the server to close, not to go on")
		case s.isOurs(e):
			return 0, s.wrong("want the server to close, not to take that for a message")
		}
	}
}

// gone wants the server to end the TCP connection, after a close frame at most.
func (s *session) gone() error {
	for until := s.until(); ; {
		e, err := s.event(until)
		switch {
		case errors.Is(err, errEnd):
			return nil
		case err != nil:
			return s.wrong("want the server to end the TCP connection")
		case e.op == opPong && string(e.payload) == still:
			return s.wrong("want no pong any more")
		}
	}
}
