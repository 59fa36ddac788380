package wire

import (
	"bytes"
	"encoding/binary"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// appendRecord adds an encrypted record with so many bytes of content.
func appendRecord(dst []byte, content int) []byte {
	dst = append(dst, 0x17, 0x03, 0x03) // application data is what all of them look like (RFC 8446 §5.2)
	dst = binary.BigEndian.AppendUint16(dst, uint16(content+recordOverhead-recordHeader))
	return append(dst, make([]byte, content+recordOverhead-recordHeader)...)
}

// splitAt is p in two.
func splitAt(p []byte, n int) [][]byte { return [][]byte{p[:n], p[n:]} }

// follow gives a fresh follower, whose handshake is over, the pieces of a stream.
func follow(pieces [][]byte) (tls, handshake int64) {
	r := new(records)
	r.established()
	for _, p := range pieces {
		own, of := r.see(p)
		tls, handshake = tls+own, handshake+of
	}
	return tls, handshake
}

func TestRecords(t *testing.T) {
	records := func(contents ...int) (stream []byte) {
		for _, n := range contents {
			stream = appendRecord(stream, n)
		}
		return stream
	}
	for _, c := range []struct {
		name   string
		stream []byte
		want   int64
	}{
		{"nothing", nil, 0},
		{"an event", records(82), 22},
		{"an empty record", records(0), 22},
		{"a byte", records(1), 22},
		{"a full record", records(16384), 22},
		{"several", records(100, 16384, 5), 66},
		{"an alert", records(2), 24},
		{"an event and a farewell", records(82, 2), 46},
		{"a record whose rest is still to come", records(82)[:7], 22},
		{"a header whose rest is still to come", records(82)[:4], 0},
	} {
		for n := range len(c.stream) + 1 {
			if tls, handshake := follow(splitAt(c.stream, n)); tls != c.want || handshake != 0 {
				t.Fatalf("%s, split at %d: %d bytes of TLS, %d of them of the handshake; not %d, 0", c.name, n, tls, handshake, c.want)
			}
		}
	}
}

// Until its handshake has returned, all that an end writes is the handshake's.
func TestHandshakeRecords(t *testing.T) {
	r := new(records)
	for _, p := range [][]byte{[]byte("hello"), appendRecord(nil, 1000)} {
		if tls, handshake := r.see(p); tls != int64(len(p)) || handshake != tls {
			t.Errorf("of %d bytes of a handshake %d are TLS's, %d the handshake's", len(p), tls, handshake)
		}
	}
	r.established()
	if tls, handshake := r.see(appendRecord(nil, 82)); tls != recordOverhead || handshake != 0 {
		t.Errorf("after it a record has %d bytes of TLS, %d of the handshake", tls, handshake)
	}
}

// Whatever is sent in whatever pieces, what is not TLS's is the content.
func TestRecordsLeaveTheContent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		content := rapid.OneOf(rapid.IntRange(3, 300), rapid.IntRange(0, 1), rapid.IntRange(3, 1<<14))
		var stream []byte
		sum := int64(0)
		for _, n := range rapid.SliceOfN(content, 0, 20).Draw(t, "contents") {
			stream = appendRecord(stream, n)
			sum += int64(n)
		}
		if tls, _ := follow(cut(t, stream)); int64(len(stream))-tls != sum {
			t.Fatalf("of %d bytes %d are TLS's, which leaves %d, not %d", len(stream), tls, int64(len(stream))-tls, sum)
		}
	})
}

// cut is a stream in pieces, some of which may be empty.
func cut(t *rapid.T, stream []byte) [][]byte {
	var pieces [][]byte
	for len(stream) > 0 {
		n := min(len(stream), rapid.OneOf(rapid.IntRange(0, 12), rapid.IntRange(1, 5000)).Draw(t, "piece"))
		pieces, stream = append(pieces, stream[:n]), stream[n:]
	}
	return pieces
}

// Bytes that are no TLS are followed like any others: the same in any pieces.
func FuzzRecords(f *testing.F) {
	f.Add(appendRecord(appendRecord(nil, 82), 2))
	f.Add([]byte("GET / HTTP/1.1\r\n\r\n"))
	f.Add(bytes.Repeat([]byte{0}, 23))
	f.Fuzz(func(t *testing.T, stream []byte) {
		want, _ := follow([][]byte{stream})
		if got, _ := follow(slices.Collect(slices.Chunk(stream, 1))); got != want {
			t.Errorf("byte by byte it has %d bytes of TLS, not %d", got, want)
		}
	})
}
