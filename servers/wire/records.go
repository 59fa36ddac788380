package wire

import "encoding/binary"

// A TLS 1.3 record has five bytes of header (RFC 8446 §5.1), and encrypted ones
// end in a byte that names their content and a tag of 16 bytes (§5.2, and §5.3
// of RFC 5116 for the AEADs in use).
const (
	recordHeader   = 5
	recordOverhead = recordHeader + 1 + 16
	// alertLen is the content of an alert, which is all TLS's own (RFC 8446 §6).
	// Nothing else that either end of the feed writes at once is as short.
	alertLen = 2
)

// records follows the TLS records that one end writes. The sender counts
// because only it knows where its handshake ended: from outside, the last
// flights of a handshake look like application data, a server's session tickets
// (RFC 8446 §4.6.1) among them.
type records struct {
	done bool // the handshake has returned: what follows is application data
	head [recordHeader]byte
	have int // of head
	left int // of the record behind it
}

// established marks the end of the handshake.
func (r *records) established() { r.done = true }

// see takes what was written next, and tells how many of its bytes are TLS's
// own, and how many of those belong to the handshake. A record's overhead is
// counted when its header has passed.
func (r *records) see(p []byte) (tls, handshake int64) {
	if !r.done {
		return int64(len(p)), int64(len(p))
	}
	for len(p) > 0 {
		if r.left > 0 {
			n := min(r.left, len(p))
			r.left -= n
			p = p[n:]
			continue
		}
		n := copy(r.head[r.have:], p)
		r.have += n
		p = p[n:]
		if r.have == recordHeader {
			r.have = 0
			r.left = int(binary.BigEndian.Uint16(r.head[3:]))
			tls += recordOverhead
			if r.left == recordOverhead-recordHeader+alertLen {
				tls += alertLen
			}
		}
	}
	return tls, 0
}
