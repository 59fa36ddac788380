package conform

import (
	"bytes"
	"compress/flate"
	"errors"
	"io"
	"unicode/utf8"
)

var errClosed = errors.New("closed")

// take does what a frame asks, and returns a status where it breaks the rules.
func (p *soundPeer) take(f frame) (int, error) {
	if f.op > opPong || f.op > opBinary && f.op < opClose {
		return 0, nil // a defect lets it through
	}
	switch {
	case !isControl(f.op) && p.has("knows no messages"):
		return 1003, nil
	case f.op != opClose && p.has("has no patience"):
		return 1008, nil
	case isControl(f.op):
		return p.control(f)
	}
	first := f.op != opContinuation
	switch {
	case first && p.op != 0 && !p.is("takes a message inside of another"),
		!first && p.op == 0 && !p.is("takes continuations of nothing"):
		return 1002, nil
	case f.more && p.is("knows no fragments"), len(f.payload) == 0 && (f.more || !first) && p.is("knows no empty fragments"):
		return 1003, nil
	case p.deflate && f.rsv&rsv1 == 0 && first && p.is("wants every message compressed"):
		return 1002, nil
	}
	if first {
		p.op, p.message, p.compressed = f.op, nil, f.rsv&rsv1 != 0
	}
	p.message = append(p.message, f.payload...)
	if len(p.message) > p.most() && !p.is("counts single frames only") {
		return 1009, nil
	}
	text := p.op == opText && !p.is("takes any bytes for text")
	if text && !p.compressed {
		if p.is("looks at fragments one by one") && !utf8.Valid(f.payload) ||
			!p.is("looks at text when it is whole") && !validSoFar(p.message) {
			return 1007, nil
		}
	}
	if f.more {
		return 0, nil
	}
	op, message := p.op, p.message
	p.op = 0
	if p.compressed {
		var status int
		if message, status = p.inflate(message); status != 0 {
			return status, nil
		}
		if message == nil {
			return 0, nil
		}
	}
	switch {
	case text && !utf8.Valid(message) && !(p.compressed && p.is("does not look at compressed text")),
		op == opBinary && !utf8.Valid(message) && p.is("wants binary to be text"):
		return 1007, nil
	case op == opText && p.is("knows three bytes to a character") && bytes.ContainsFunc(message, func(r rune) bool { return r > 0xffff }):
		return 1007, nil
	}
	if p.has("takes text alone") && op == opBinary || p.has("takes binary alone") && op == opText {
		return 1003, nil
	}
	p.back(op, message)
	if p.is("takes one message of a read") {
		p.in.Discard(p.in.Buffered())
	}
	for _, ping := range p.held {
		p.send(ping)
	}
	p.held = nil
	return 0, nil
}

// validSoFar reports whether bytes may be the beginning of UTF-8.
func validSoFar(b []byte) bool {
	for i := len(b) - 1; i >= 0 && i >= len(b)-3; i-- { // the last character may be cut
		if utf8.RuneStart(b[i]) && !utf8.FullRune(b[i:]) {
			b = b[:i]
		}
	}
	return utf8.Valid(b)
}

// inflate decompresses a message, which is nil if a defect passes it over.
func (p *soundPeer) inflate(payload []byte) ([]byte, int) {
	switch {
	case p.is("does not decompress"):
		return payload, 0
	case len(payload) == 1 && p.is("knows no empty compressed message"):
		return nil, 1002
	case p.is("decompresses first frames only") && len(payload) == 7:
		return nil, 1002
	}
	window := p.window
	if p.is("forgets its window") {
		window = nil
	}
	r := flate.NewReaderDict(io.MultiReader(bytes.NewReader(payload), bytes.NewReader(deflateTail), bytes.NewReader([]byte{1, 0, 0, 0xff, 0xff})), window)
	message, err := io.ReadAll(io.LimitReader(r, soundMax+1))
	switch {
	case err != nil && p.is("passes over what does not decompress"):
		return nil, 0
	case err != nil:
		return nil, 1002
	case len(message) > soundMax && p.is("chokes on a bomb"):
		io.Copy(io.Discard, p.in)
		return nil, 0
	case len(message) > soundMax:
		return nil, 1009
	}
	p.window = append(p.window, message...)
	p.window = p.window[max(0, len(p.window)-32<<10):]
	return append([]byte{}, message...), 0
}

func (p *soundPeer) control(f frame) (int, error) {
	switch f.op {
	case opPing:
		return p.ping(f)
	case opPong:
		if p.is("wants no pong") {
			return 1002, nil
		}
		if p.op != 0 && p.is("ends a message at a pong") {
			p.op = 0
		}
		return 0, nil
	}
	status := 0
	switch {
	case len(f.payload) == 1:
		if p.is("passes over half a status") {
			return 0, nil
		}
		if !p.is("takes half a status for none") {
			return 1002, nil
		}
	case len(f.payload) > 1:
		status = (event{f.op, f.payload}).status()
		reason := f.payload[2:]
		legal := mayBeSent(status)
		switch {
		case status < 1000 && p.is("repeats a status below 1000"),
			(status == 1005 || status == 1006 || status == 1015) && p.is("repeats a status that may not be sent"),
			!legal && status > 1006 && status != 1015 && p.is("takes statuses that nobody has given a meaning"):
			legal = true
		case status >= 3000 && p.is("drops those with a status of their own"):
			return 0, errClosed
		}
		if !legal {
			return 1002, nil
		}
		if !utf8.Valid(reason) && !p.is("takes any reason") {
			return 1007, nil
		}
		if len(reason) > 10 && p.is("drops those with a long reason") {
			return 0, errClosed
		}
	}
	return 0, p.leave(status)
}

func (p *soundPeer) ping(f frame) (int, error) {
	pong := frame{op: opPong, payload: f.payload}
	last := p.pinged
	p.pinged = f.payload
	switch p.pings++; {
	case p.is("does not answer pings"):
		return 0, nil
	case p.is("answers the first of many pings") && p.pings > 1:
		return 0, nil
	case p.is("answers pings in any order") && p.pings == 3:
		p.send(pong)
		pong.payload = last
	case p.is("answers with an empty pong"):
		pong.payload = nil
	case p.is("keeps pings until the message ends") && p.op != 0:
		p.held = append(p.held, pong)
		return 0, nil
	}
	p.send(pong)
	return 0, nil
}

// leave answers a close.
func (p *soundPeer) leave(status int) error {
	answer := frame{op: opClose}
	if status != 0 && !p.is("answers a close without its status") {
		answer = closing(status, "")
	}
	if !p.is("answers a close with the end alone") {
		p.send(answer)
	}
	if p.is("goes on after a close") {
		return nil
	}
	if p.is("keeps TCP after a close") {
		io.Copy(io.Discard, p.in)
	}
	return errClosed
}
