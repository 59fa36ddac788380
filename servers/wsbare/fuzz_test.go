package wsbare

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// Whatever the other end sends, this one ends with an error; comes to the same
// wherever the bytes are cut up; answers with sound frames; and hands out no
// text that is not UTF-8. What it has not handed out of a stream that broke no
// rule is framing.
func FuzzServer(f *testing.F) { fuzz(f, client, func(stream string) string { return stream }) }

// FuzzClient is the same for the server's end, whose frames come masked.
func FuzzClient(f *testing.F) { fuzz(f, server, masked) }

func fuzz(f *testing.F, r role, seed func(string) string) {
	for _, r := range rules {
		f.Add([]byte(seed(r.stream)), uint8(1))
		f.Add([]byte(seed(r.stream)), uint8(7))
	}
	e := end{role: r, limit: testLimit}
	f.Fuzz(func(t *testing.T, stream []byte, cut uint8) {
		o := e.conclude(t, &peer{says: bytes.Clone(stream)})
		if other := e.conclude(t, &peer{says: stream, cut: func(most int) int { return min(most, 1+int(cut)) }}); !other.equal(o) {
			t.Errorf("by %d bytes at a time it comes to %+v, not %+v", 1+int(cut), other, o)
		}
		handed := int64(0)
		for _, m := range o.messages {
			handed += int64(len(m.payload))
			if m.op != Text && m.op != Binary || len(m.payload) > testLimit || m.op == Text && !utf8.ValidString(m.payload) {
				t.Errorf("handed out a %v message %q", m.op, m.payload)
			}
		}
		if o.down+handed > int64(len(stream)) {
			t.Errorf("of %d bytes %d are framing and %d messages", len(stream), o.down, handed)
		}
		var v *Violation
		var closed *CloseError
		last := answer{}
		for i, a := range o.answers {
			if i < len(o.answers)-1 && a.op != opPong {
				t.Errorf("after the answer %v came another", a)
			}
			last = a
		}
		switch {
		case errors.As(o.err, &v):
			if last.op != opClose || !strings.HasPrefix(last.payload, closing(v.Status, "")) || !v.Status.mayBeSent() {
				t.Errorf("%v was answered with %v", v, last)
			}
		case errors.As(o.err, &closed):
			if last.op != opClose || len(last.payload) > 2 {
				t.Errorf("%v was answered with %v", closed, last)
			}
		case last.op == opClose:
			t.Errorf("closed with %v because of %v", last, o.err)
		}
	})
}

// Messages come out as they went in, however they were cut into frames and
// whatever control frames stand between those; and what is not message is
// counted as framing.
func TestMessagesOfAnyFrames(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var stream string
		var want []message
		var pongs []answer
		handed := 0
		controls := func() {
			for range rapid.IntRange(0, 2).Draw(t, "controls") {
				payload := string(rapid.SliceOfN(rapid.Byte(), 0, maxControl).Draw(t, "payload"))
				if rapid.Bool().Draw(t, "ping") {
					stream += frame(true, opPing, payload)
					pongs = append(pongs, answer{opPong, payload})
				} else {
					stream += frame(true, opPong, payload)
				}
			}
		}
		for range rapid.IntRange(0, 5).Draw(t, "messages") {
			m := message{op: Text, payload: rapid.String().Draw(t, "text")}
			if rapid.Bool().Draw(t, "binary") {
				m = message{Binary, string(rapid.SliceOfN(rapid.Byte(), 0, 3000).Draw(t, "bytes"))}
			}
			want = append(want, m)
			handed += len(m.payload)
			op, rest := m.op, m.payload
			for {
				controls()
				n := rapid.IntRange(0, len(rest)).Draw(t, "fragment")
				last := rapid.Bool().Draw(t, "last")
				if last {
					n = len(rest)
				}
				stream += frame(last, op, rest[:n])
				op, rest = opContinuation, rest[n:]
				if last {
					break
				}
			}
		}
		controls()
		o := conclude(t, &peer{says: []byte(stream), cut: func(most int) int { return rapid.IntRange(1, most).Draw(t, "read") }}, MaxMessage)
		if !slices.Equal(o.messages, want) {
			t.Fatalf("got %v, not %v", o.messages, want)
		}
		if !slices.Equal(o.answers, pongs) {
			t.Fatalf("pings were answered with %v, not %v", o.answers, pongs)
		}
		if int(o.down) != len(stream)-handed {
			t.Fatalf("counted %d bytes of framing, not %d", o.down, len(stream)-handed)
		}
	})
}
