package wsbare

import (
	"crypto/rand"
	"fmt"
	"time"
)

// control takes a control frame's payload and does what it asks (§5.5).
func (c *Conn) control(h header) error {
	payload, err := c.in.Take(h.length)
	if err != nil {
		return err
	}
	c.meter.FramingDown.Add(int64(h.size + h.length))
	switch h.op {
	case opPing: // §5.5.2: a pong at once, with the same payload
		if err := c.send(opPong, payload); err != nil {
			return fmt.Errorf("answer the server's ping: %w", err)
		}
	case opClose: // §5.5.1: a close in answer, with the same status
		closed, err := parseClose(payload)
		if err != nil {
			return err
		}
		c.send(opClose, payload[:min(2, len(payload))]) // the server may have gone already
		return closed
	}
	return nil // §5.5.3: a pong asks for nothing
}

// send sends a control frame. A client masks every frame with a key that nobody
// can foresee (§5.3), so that no text of its user's choice appears on the
// network, which a cache on the way might take for HTTP (§10.3).
func (c *Conn) send(op Opcode, payload []byte) error {
	var key [4]byte
	rand.Read(key[:])
	frame := make([]byte, 0, 2+len(key)+len(payload))
	frame = append(frame, 0x80|byte(op), 0x80|byte(len(payload))) // FIN, MASK (§5.2)
	frame = append(frame, key[:]...)
	for i, b := range payload {
		frame = append(frame, b^key[i%4])
	}
	// Before it is out, so that once the server has it, it is counted.
	c.meter.FramingUp.Add(int64(len(frame)))
	// A server that reads nothing must not hold us up for ever.
	late := time.AfterFunc(c.patience, func() { c.Close() })
	defer late.Stop()
	_, err := c.socket.Write(frame)
	return err
}
