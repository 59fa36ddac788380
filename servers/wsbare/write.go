package wsbare

import (
	"errors"
	"sync"
)

// errClosing says that a close frame has been sent, after which nothing else may
// be (§5.5.1).
var errClosing = errors.New("websocket: a close frame has been sent")

// scratch is memory that is needed while a message is made and sent, so that a
// connection at rest has none of it.
type scratch struct{ bytes []byte }

// keepScratch bounds what is kept of it (bytes).
const keepScratch = 2 << 20

var scratches = sync.Pool{New: func() any { return new(scratch) }}

func takeScratch() *scratch { return scratches.Get().(*scratch) }

func (s *scratch) giveBack() {
	if cap(s.bytes) <= keepScratch {
		scratches.Put(s)
	}
}

// begin is the scratch as the buffer that writeBody takes, yet without a body.
func (s *scratch) begin() []byte {
	if cap(s.bytes) < maxHeader {
		s.bytes = make([]byte, 0, 512)
	}
	return s.bytes[:maxHeader]
}

// WriteMessage sends a message in one frame and one write, which is all that
// §5.4 asks of who knows the whole of it. It is compressed where that was agreed
// and it is not below the threshold.
func (c *Conn) WriteMessage(op Opcode, payload []byte) error {
	s := takeScratch()
	defer s.giveBack()
	s.bytes = append(s.begin(), payload...)
	return c.writeBody(op, s.bytes)
}

// writeBody sends a message whose payload begins at maxHeader of the buffer, in
// which it may be changed.
func (c *Conn) writeBody(op Opcode, buf []byte) error {
	c.writing.Lock()
	defer c.writing.Unlock()
	if c.closing {
		return errClosing
	}
	first := bitFin | byte(op)
	// Under the lock, because with takeover messages have to go out in the order
	// in which they are compressed.
	if d := c.deflater(); d != nil && len(buf)-maxHeader >= d.threshold {
		s := takeScratch()
		defer s.giveBack()
		s.bytes = d.append(s.begin(), buf[maxHeader:])
		buf = s.bytes
		first |= bitRSV1
	}
	frame := seal(c.role, buf, first)
	if c.meter != nil {
		c.meter.FramingUp.Add(int64(len(frame) - (len(buf) - maxHeader)))
	}
	_, err := c.socket.Write(frame)
	return err
}

// writeFrame sends a frame that is complete: unmasked, so for a server only. It
// is on the way of every event, and keeps its stack small.
func (c *Conn) writeFrame(frame []byte) (err error) {
	c.writing.Lock()
	if err = errClosing; !c.closing {
		_, err = c.socket.Write(frame)
	}
	c.writing.Unlock()
	return err
}

// deflater is nil where nothing goes out compressed.
func (c *Conn) deflater() *deflater {
	if c.agreed == nil {
		return nil
	}
	return c.agreed.deflater
}
