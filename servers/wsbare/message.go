package wsbare

import "unicode/utf8"

// fragments are what has come of a message in several frames.
type fragments struct {
	first   header // with the opcode of a continuation while no message is under way
	held    []byte
	checked int // bytes of held that are known to be whole characters
}

// keepFragments bounds the memory that is kept for the next such message
// (bytes).
const keepFragments = 64 << 10

// underWay is the message of which more frames have to come; nil: there is none.
func (c *Conn) underWay() *fragments {
	if c.fragments == nil || c.fragments.first.op == opContinuation {
		return nil
	}
	return c.fragments
}

// admit holds a frame's header to the message that is under way (§5.4): that is one
// frame, or a first frame and its continuations, with control frames anywhere between
// them.
func (c *Conn) admit(h header) error {
	f := c.underWay()
	switch {
	case h.op.isControl():
	case f == nil && h.op == opContinuation:
		return violation(StatusProtocolError, "continuation of a message that has not begun (§5.4)")
	case f != nil && h.op != opContinuation:
		return violation(StatusProtocolError, "%v frame inside of a message that has not ended (§5.4)", h.op)
	case f != nil && h.length > int(c.limit)-len(f.held):
		return violation(StatusTooBig, "message of more than the %d bytes allowed", c.limit)
	}
	return nil
}

// frame takes a whole frame, whose header was found good, and unmasks its payload in
// place (§5.3). It returns the message that ends with it; the opcode of a continuation
// says that none does.
func (c *Conn) frame(b []byte) (Opcode, []byte, error) {
	h, _, err := c.header(b)
	if err != nil {
		return 0, nil, err
	}
	payload := b[h.size:]
	if c.role == server {
		mask(payload, [keyLen]byte(b[h.size-keyLen:]))
	}
	if h.op.isControl() {
		return opContinuation, nil, c.control(h, payload)
	}
	if c.meter != nil {
		c.meter.FramingDown.Add(int64(h.size))
	}
	f := c.underWay()
	switch {
	case f == nil && h.fin: // a message of one frame stays where it is
		return c.whole(h, payload, 0)
	case f == nil:
		f = c.beginFragments(h)
	}
	f.held = append(f.held, payload...)
	if f.first.op == Text && !f.first.compressed {
		n, ok := wholeRunes(f.held[f.checked:])
		if !ok {
			return 0, nil, notUTF8
		}
		f.checked += n
	}
	if !h.fin {
		return opContinuation, nil, nil
	}
	first := f.first
	f.first = header{}
	return c.whole(first, f.held, f.checked)
}

// beginFragments makes room for a message in several frames.
func (c *Conn) beginFragments(first header) *fragments {
	if c.fragments == nil {
		c.fragments = new(fragments)
	}
	f := c.fragments
	f.first, f.checked = first, 0
	if f.held = f.held[:0]; cap(f.held) > keepFragments {
		f.held = nil
	}
	return f
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
