package wsbare

import (
	"strings"
	"testing"

	"pushbench/servers/feed"
)

// What a message costs beyond the call that reads it from a socket. Text is
// checked to be UTF-8, binary is not.
func BenchmarkNextMessage(b *testing.B) {
	for _, c := range []struct {
		name, payload string
		op            Opcode
	}{
		{"binary", strings.Repeat("x", 200), Binary},
		{"ASCII", strings.Repeat("x", 200), Text},
		{"Greek", strings.Repeat("ξ", 100), Text},
	} {
		b.Run(c.name, func(b *testing.B) {
			const frames = 1000
			stream := []byte(strings.Repeat(frame(true, c.op, c.payload), frames))
			p := new(peer)
			conn := newClient(p, new(feed.Meter))
			b.SetBytes(int64(len(c.payload)))
			for n := 0; b.Loop(); n++ {
				if n%frames == 0 {
					p.says = stream
				}
				if _, _, err := conn.NextMessage(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
