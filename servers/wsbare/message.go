package wsbare

import "unicode/utf8"

// fragments are what has come of a message in several frames.
type fragments struct {
	held    []byte
	checked int // bytes of held that are known to be whole characters
}

// keepFragments bounds the memory that is kept for the next such message
// (bytes).
const keepFragments = 64 << 10

// message takes the next message (§5.4): one frame, or a first frame and its
// continuations, with control frames anywhere between them.
func (c *Conn) message() (Opcode, []byte, error) {
	var first header // of the message under way; a continuation's if there is none
	for {
		h, err := c.header()
		if err != nil {
			return 0, nil, err
		}
		if h.op.isControl() {
			if err := c.control(h); err != nil {
				return 0, nil, err
			}
			continue
		}
		begins := first.op == opContinuation
		switch {
		case begins && h.op == opContinuation:
			return 0, nil, violation(StatusProtocolError, "continuation of a message that has not begun (§5.4)")
		case !begins && h.op != opContinuation:
			return 0, nil, violation(StatusProtocolError, "%v frame inside of a message that has not ended (§5.4)", h.op)
		case begins:
			first = h
		}
		if !begins && h.length > int(c.limit)-len(c.fragments.held) {
			return 0, nil, violation(StatusTooBig, "message of more than the %d bytes allowed", c.limit)
		}
		if in, ok := c.in.(*inbox); ok {
			in.within = !h.fin
		}
		payload, err := c.payload(h)
		if err != nil {
			return 0, nil, err
		}
		if c.meter != nil {
			c.meter.FramingDown.Add(int64(h.size))
		}
		if begins && h.fin { // a message of one frame stays where it is
			return c.whole(first, payload, 0)
		}
		if begins {
			c.beginFragments()
		}
		f := c.fragments
		f.held = append(f.held, payload...)
		if first.op == Text && !first.compressed {
			n, ok := wholeRunes(f.held[f.checked:])
			if !ok {
				return 0, nil, notUTF8
			}
			f.checked += n
		}
		if h.fin {
			return c.whole(first, f.held, f.checked)
		}
	}
}

// beginFragments makes room for a message in several frames.
func (c *Conn) beginFragments() {
	if c.fragments == nil {
		c.fragments = new(fragments)
	}
	f := c.fragments
	f.checked = 0
	if f.held = f.held[:0]; cap(f.held) > keepFragments {
		f.held = nil
	}
}

// whole is a message of which all has come: inflated if it was compressed, and
// of UTF-8 if it is text (§8.1), of which so many bytes are known to be already.
func (c *Conn) whole(first header, payload []byte, checked int) (Opcode, []byte, error) {
	if first.compressed {
		plain, err := c.agreed.inflater.inflate(payload, int(c.limit))
		if err != nil {
			return 0, nil, err
		}
		if c.meter != nil {
			c.meter.CompressionDown.Add(int64(len(payload) - len(plain)))
		}
		payload = plain
	}
	// Over ASCII the standard library takes eight bytes at a time.
	if first.op == Text && !utf8.Valid(payload[checked:]) {
		return 0, nil, notUTF8
	}
	return first.op, payload, nil
}

var notUTF8 = violation(StatusBadData, "text message that is not UTF-8 (§8.1)")

// wholeRunes returns how many bytes of text from its beginning are whole
// characters of UTF-8 (§8.1), and false where what follows them cannot become
// one whatever comes next. So text that comes in fragments is refused as soon as
// it is bad, and a character may be cut between two of them.
func wholeRunes(text []byte) (n int, ok bool) {
	n = len(text)
	for back := 1; back <= min(utf8.UTFMax-1, len(text)); back++ {
		at := len(text) - back
		if !utf8.RuneStart(text[at]) {
			continue
		}
		if !utf8.FullRune(text[at:]) { // it may still become one
			n = at
		}
		break
	}
	return n, utf8.Valid(text[:n])
}
