package wsbare

import (
	"encoding/binary"
	"fmt"
	"unicode/utf8"
)

// Status is why a connection was closed (§7.4).
type Status uint16

// The statuses of §7.4.1 that are used here. StatusNone is never sent: it
// stands for a close frame without a status.
const (
	StatusGoingAway     Status = 1001
	StatusProtocolError Status = 1002
	StatusUnsupported   Status = 1003 // a type of message that this end takes none of
	StatusNone          Status = 1005
	StatusBadData       Status = 1007
	StatusPolicy        Status = 1008
	StatusTooBig        Status = 1009
)

// mayBeSent reports whether a close frame may say so: §7.4.1 with what IANA's
// registry has added (1012 to 1014), without the statuses that only stand for
// the lack of one; and §7.4.2.
func (s Status) mayBeSent() bool {
	switch {
	case s == 1004, s == StatusNone, s == 1006:
		return false
	case s >= 1000 && s <= 1014:
		return true
	}
	return s >= 3000 && s <= 4999
}

// CloseError says that the other end has closed the connection.
type CloseError struct {
	Status Status
	Reason string
	by     role
}

func (e *CloseError) Error() string {
	if e.Status == StatusNone {
		return fmt.Sprintf("websocket: the %v closed the connection without a status", e.by)
	}
	return fmt.Sprintf("websocket: the %v closed the connection with status %d: %q", e.by, e.Status, e.Reason)
}

// Violation says how the other end broke the protocol, or a limit, and with what
// status the connection was closed for it.
type Violation struct {
	Status Status
	Reason string
}

func (v *Violation) Error() string {
	return fmt.Sprintf("websocket: closed with status %d: %s", v.Status, v.Reason)
}

func violation(status Status, format string, args ...any) *Violation {
	return &Violation{status, fmt.Sprintf(format, args...)}
}

// parseClose reads the payload of a close frame (§5.5.1): nothing, or a status
// and a reason in UTF-8.
func parseClose(payload []byte) (*CloseError, error) {
	if len(payload) == 0 {
		return &CloseError{Status: StatusNone}, nil
	}
	if len(payload) == 1 {
		return nil, violation(StatusProtocolError, "close frame with half a status (§5.5.1)")
	}
	status, reason := Status(binary.BigEndian.Uint16(payload)), payload[2:]
	if !status.mayBeSent() {
		return nil, violation(StatusProtocolError, "close frame with status %d, which may not be sent (§7.4)", status)
	}
	if !utf8.Valid(reason) {
		return nil, violation(StatusBadData, "close frame whose reason is not UTF-8 (§8.1)")
	}
	return &CloseError{Status: status, Reason: string(reason)}, nil
}

// appendStatus adds the payload of a close frame. A reason that is too long for
// one (§5.5) is cut where a character ends.
func appendStatus(dst []byte, status Status, reason string) []byte {
	const most = maxControl - 2
	if len(reason) > most {
		end := most
		for !utf8.RuneStart(reason[end]) {
			end--
		}
		reason = reason[:end]
	}
	return append(binary.BigEndian.AppendUint16(dst, uint16(status)), reason...)
}
