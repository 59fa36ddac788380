package wsbare

import "unicode/utf8"

// message takes the next message (§5.4): one frame, or a first frame and its
// continuations, with control frames anywhere between them.
func (c *Conn) message() (Opcode, []byte, error) {
	var op Opcode // of the message under way; opContinuation if there is none
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
		first := op == opContinuation
		switch {
		case first && h.op == opContinuation:
			return 0, nil, violation(StatusProtocolError, "continuation of a message that has not begun (§5.4)")
		case !first && h.op != opContinuation:
			return 0, nil, violation(StatusProtocolError, "%v frame inside of a message that has not ended (§5.4)", h.op)
		case first:
			op = h.op
			c.parts = c.parts[:0]
		}
		if h.length > c.limit-len(c.parts) {
			return 0, nil, violation(StatusTooBig, "message of more than the %d bytes allowed", c.limit)
		}
		payload, err := c.in.Take(h.length)
		if err != nil {
			return 0, nil, err
		}
		c.meter.FramingDown.Add(int64(h.size))
		if !h.fin || !first { // a message of one frame stays where it is
			c.parts = append(c.parts, payload...)
			payload = c.parts
		}
		if !h.fin {
			continue
		}
		// §8.1. Checked once a message: over ASCII the standard library takes
		// eight bytes at a time.
		if op == Text && !utf8.Valid(payload) {
			return 0, nil, violation(StatusBadData, "text message that is not UTF-8 (§8.1)")
		}
		return op, payload, nil
	}
}
