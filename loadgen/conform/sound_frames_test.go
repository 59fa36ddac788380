package conform

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
)

// soundPeer is a connection that is open.
type soundPeer struct {
	*sound
	c       net.Conn
	in      *bufio.Reader
	deflate bool

	op         byte // of the message under way
	compressed bool
	message    []byte
	window     []byte
	held       []frame // pings that a defect keeps back
	pings      int
	pinged     []byte // what the last ping said
}

func (p *soundPeer) run() {
	for {
		f, status, err := p.frame()
		if err != nil {
			return
		}
		if status == 0 {
			status, err = p.take(f)
		}
		if err != nil {
			return
		}
		if status != 0 {
			p.fail(status)
			return
		}
	}
}

// fail closes with a status.
func (p *soundPeer) fail(status int) {
	if p.is("says 1011 whatever is wrong") {
		status = 1011
	}
	if !p.is("goes without a close frame") {
		p.send(closing(status, "broken"))
	}
	if p.is("keeps TCP after it has failed a connection") {
		io.Copy(io.Discard, p.in)
	}
}

// send writes a frame as a server does, or as a defect has it.
func (p *soundPeer) send(f frame) {
	f.unmasked = !p.is("masks its frames")
	switch {
	case p.is("writes long lengths") && f.op == opBinary:
		f.wide = 8
	case p.is("sets RSV3") && f.op == opPong:
		f.rsv = rsv3
	case p.is("sets RSV1 on pongs") && f.op == opPong && p.deflate:
		f.rsv = rsv1
	}
	p.c.Write(f.bytes())
	if p.is("fragments its pongs") && f.op == opPong {
		p.c.Write(frame{op: opPong, more: true, unmasked: true}.bytes())
	}
}

// back returns a message, compressed where that is agreed.
func (p *soundPeer) back(op byte, message []byte) {
	f := frame{op: op, payload: message}
	switch {
	case p.is("returns binary as text") && op == opBinary:
		f.op = opText
	case p.is("garbles its 65535th byte") && len(message) > 65535:
		f.payload = bytes.Clone(message)
		f.payload[65535] ^= 1
	case p.is("cuts text at 65535 bytes") && op == opText:
		f.payload = message[:min(len(message), 65535)]
	case p.is("begins a message twice") && op == opBinary:
		p.send(frame{op: op, more: true})
	}
	if p.has("says something before each echo") || p.has("chatters") {
		p.send(text("you say:"))
	}
	if p.has("passes on what clients say") {
		p.clients.passOn(p, f)
	}
	if p.deflate {
		f.payload, f.rsv = compress(f.payload, maxWindowBits), rsv1
	}
	p.send(f)
}

// frame reads a frame; a status says how it breaks the rules.
func (p *soundPeer) frame() (frame, int, error) {
	if p.is("wants frames whole") && p.in.Buffered() == 0 {
		if _, err := p.in.Peek(1); err != nil {
			return frame{}, 0, err
		}
		if b, _ := p.in.Peek(p.in.Buffered()); len(b) > 1 && len(b) < 6 {
			return frame{}, 1002, nil
		}
	}
	b := make([]byte, 14)
	if _, err := io.ReadFull(p.in, b[:2]); err != nil {
		return frame{}, 0, err
	}
	f := frame{op: b[0] & 15, more: b[0]&0x80 == 0, rsv: b[0] & 0x70, unmasked: b[1]&0x80 == 0}
	n, extra := uint64(b[1]&0x7f), map[byte]int{126: 2, 127: 8}[b[1]&0x7f]
	if extra > 0 {
		if _, err := io.ReadFull(p.in, b[:extra]); err != nil {
			return f, 0, err
		}
		n = 0
		for _, digit := range b[:extra] {
			n = n<<8 | uint64(digit)
		}
	}
	known := f.op <= opBinary || f.op >= opClose && f.op <= opPong
	first := f.op == opText || f.op == opBinary
	switch {
	case f.unmasked && !p.is("takes frames without a mask"):
		return f, 1002, nil
	case f.rsv&rsv1 != 0 && p.deflate && first: // compressed
	case f.rsv&rsv1 != 0 && p.deflate && f.op == opContinuation && p.is("takes RSV1 on continuations"):
	case f.rsv&rsv1 != 0 && p.deflate && isControl(f.op) && p.is("takes RSV1 on control frames"):
	case f.rsv != 0 && p.deflate && p.is("takes RSV2 beside compression"):
	case f.rsv != 0 && !p.is("takes reserved bits"):
		return f, 1002, nil
	}
	switch {
	case f.rsv&(rsv2|rsv3) != 0 && !p.is("takes reserved bits") && !p.is("takes RSV2 beside compression"):
		return f, 1002, nil
	case !known && f.op < 8 && !p.is("takes unknown data frames"), !known && f.op >= 8 && !p.is("takes unknown control frames"):
		return f, 1002, nil
	case isControl(f.op) && n > 125 && !p.is("takes long control frames"), isControl(f.op) && f.more && !p.is("takes fragmented control frames"):
		return f, 1002, nil
	case extra > extended(n) && !p.is("takes long lengths"):
		return f, 1002, nil
	case n>>63 == 1:
		if !p.is("drops the first bit of a length") {
			return f, 1002, nil
		}
		n &^= 1 << 63
	}
	if most := p.most(); n > uint64(most) && !(p.is("waits for what is announced") && n == 1<<62) {
		return f, 1009, nil
	}
	var key [4]byte
	if !f.unmasked {
		if _, err := io.ReadFull(p.in, key[:]); err != nil {
			return f, 0, err
		}
	}
	if n == 1<<62 {
		_, err := io.Copy(io.Discard, p.in)
		return f, 0, fmt.Errorf("waited: %v", err)
	}
	payload := make([]byte, n)
	if _, err := io.ReadFull(p.in, payload); err != nil {
		return f, 0, err
	}
	f.payload = mask(nil, key, payload)
	return f, 0, nil
}

// most is the size of the largest message.
func (p *soundPeer) most() int {
	switch {
	case p.is("takes messages of any size"):
		return 1 << 30
	case p.is("takes smaller messages only"):
		return soundMax - 1
	}
	return soundMax
}
