package wsbare

import (
	"errors"
	"fmt"
	"time"
)

// control does what a control frame asks (§5.5).
func (c *Conn) control(h header, payload []byte) error {
	if c.meter != nil {
		c.meter.FramingDown.Add(int64(h.size + h.length))
	}
	switch h.op {
	case opPing: // §5.5.2: a pong at once, with the same payload, unless we are closing
		if err := c.send(opPong, payload); err != nil && !errors.Is(err, errClosing) {
			return fmt.Errorf("answer the %v's ping: %w", c.role.peer(), err)
		}
	case opPong: // §5.5.3: asks for nothing, and may answer a ping of ours
		if c.heartbeat != nil {
			c.heartbeat.answered()
		}
	case opClose: // §5.5.1: a close in answer, with the same status, unless ours is out already
		closed, err := parseClose(payload)
		if err != nil {
			return err
		}
		closed.by = c.role.peer()
		c.send(opClose, payload[:min(2, len(payload))]) // the other end may have gone already
		return closed
	}
	return nil
}

// send sends a control frame.
func (c *Conn) send(op Opcode, payload []byte) error {
	var room [maxHeader + maxControl]byte
	frame := seal(c.role, append(room[:maxHeader], payload...), bitFin|byte(op))
	// One that reads nothing must not hold us up for ever, be it that this frame
	// does not get through or that the one before it does not.
	late := time.AfterFunc(patience, func() { c.Close() })
	defer late.Stop()
	c.writing.Lock()
	defer c.writing.Unlock()
	if c.closing {
		return errClosing
	}
	c.closing = op == opClose
	// Before it is out, so that once the other end has it, it is counted.
	if c.meter != nil {
		c.meter.FramingUp.Add(int64(len(frame)))
	}
	_, err := c.socket.Write(frame)
	return err
}
