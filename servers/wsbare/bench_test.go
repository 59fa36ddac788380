package wsbare

import (
	"strings"
	"testing"

	"pushbench/servers/feed"
)

// What a message costs a client beyond the call that reads it from a socket. Text is
// checked to be UTF-8, binary is not.
func BenchmarkTake(b *testing.B) {
	for _, c := range []struct {
		name, payload string
		op            Opcode
	}{
		{"binary", strings.Repeat("x", 200), Binary},
		{"ASCII", strings.Repeat("x", 200), Text},
		{"Greek", strings.Repeat("ξ", 100), Text},
	} {
		b.Run(c.name, func(b *testing.B) {
			stream := []byte(frame(true, c.op, c.payload))
			conn := newClient(new(peer), new(feed.Meter))
			handle := func(Opcode, []byte) error { return nil }
			b.SetBytes(int64(len(c.payload)))
			b.ReportAllocs()
			for b.Loop() {
				if err := conn.take(stream, handle); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
