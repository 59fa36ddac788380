package capture

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
)

// upgraded reads what an HTTP/1.1 connection carries after a 101.
func upgraded(protocol string, up, down *reader) error {
	switch strings.ToLower(protocol) {
	case "websocket":
		return errors.Join(up.websocket(), down.websocket())
	case "pushbench-raw":
		up.prefixed()
		down.prefixed()
		return nil
	}
	return fmt.Errorf("connection upgraded to %q, which cannot be read", protocol)
}

// websocket takes frames (RFC 6455 §5.2): control frames are framing whole, of
// others the header.
func (r *reader) websocket() error {
	for {
		header, payload, err := frameHeader(r.rest)
		if header == 0 || err != nil {
			return err
		}
		control := r.rest[0]&0x8 != 0
		r.take(header, &r.split.Framing)
		if control {
			r.take(payload, &r.split.Framing)
		} else {
			r.take(payload, &r.split.Body)
		}
	}
}

// frameHeader is the lengths of a frame's header and payload. The first is 0
// where the header is not whole.
func frameHeader(b []byte) (header, payload int64, err error) {
	if len(b) < 2 {
		return 0, 0, nil
	}
	header, payload = 2, int64(b[1]&0x7f)
	switch payload {
	case 126:
		header = 4
	case 127:
		header = 10
	}
	if int64(len(b)) < header {
		return 0, 0, nil
	}
	switch header {
	case 4:
		payload = int64(binary.BigEndian.Uint16(b[2:]))
	case 10:
		if payload = int64(binary.BigEndian.Uint64(b[2:])); payload < 0 {
			return 0, 0, errors.New("WebSocket frame whose length has its first bit set")
		}
	}
	if b[1]&0x80 != 0 {
		header += 4 // the mask
	}
	if int64(len(b)) < header {
		return 0, 0, nil
	}
	return header, payload, nil
}

// prefixed takes data that comes after its length in 4 bytes, high byte first.
func (r *reader) prefixed() {
	for len(r.rest) >= 4 {
		length := binary.BigEndian.Uint32(r.rest)
		r.take(4, &r.split.Framing)
		r.take(int64(length), &r.split.Body)
	}
}
