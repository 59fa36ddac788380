package wsbare

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// Eight bytes at a time come to what one at a time does, at any length.
func TestMask(t *testing.T) {
	for length := range 70 {
		key := newMaskingKey()
		plain := bytes.Repeat([]byte{0xa5, 0, 0xff}, 24)[:length]
		got := bytes.Clone(plain)
		mask(got, key)
		for i := range plain {
			if got[i] != plain[i]^key[i%4] {
				t.Fatalf("byte %d of %d is %x", i, length, got[i])
			}
		}
		if mask(got, key); !bytes.Equal(got, plain) {
			t.Errorf("masked twice, %d bytes are others", length)
		}
	}
}

// Frames of every length of header come out of either end as §5.2 has them, and
// into the other as they went in.
func TestFramesFromEndToEnd(t *testing.T) {
	for _, c := range []struct{ length, header int }{{0, 2}, {1, 2}, {125, 2}, {126, 4}, {65_535, 4}, {65_536, 10}, {1 << 20, 10}} {
		for _, from := range []role{client, server} {
			payload := strings.Repeat("x", c.length)
			p := new(peer)
			if err := (end{role: from, limit: MaxMessage}).on(p, nil).WriteMessage(Binary, []byte(payload)); err != nil {
				t.Fatal(err)
			}
			header := c.header
			if from == client {
				header += keyLen
			}
			if got := len(p.heard) - c.length; got != header {
				t.Errorf("the header of a %v's %d bytes has %d, not %d", from, c.length, got, header)
			}
			o := end{role: from.peer(), limit: MaxMessage}.conclude(t, &peer{says: p.heard})
			if len(o.messages) != 1 || o.messages[0] != (message{Binary, payload}) || o.down != int64(header) {
				t.Errorf("a %v's %d bytes came to %d messages, %d bytes of framing and %v", from, c.length, len(o.messages), o.down, o.err)
			}
		}
	}
}

// Text cut anywhere is taken for the beginning of text, and bad text for bad as
// soon as it is (§8.1).
func TestWholeRunes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := []byte(rapid.String().Draw(t, "text"))
		at := rapid.IntRange(0, len(text)).Draw(t, "cut")
		n, ok := wholeRunes(text[:at])
		if !ok || n > at || at-n >= utf8.UTFMax || !utf8.Valid(text[:n]) || at == len(text) && n != at {
			t.Fatalf("of %q cut after %d bytes %d are whole, %t", text, at, n, ok)
		}
	})
	for _, bad := range []string{"\xff", "\xc0", "\xed\xa0", "\xf4\x90", "\xf5", "\x80", "a\xe2\x28", "\xe2\x82\xacx\xbf", "\xf0\x80"} {
		if n, ok := wholeRunes([]byte(bad)); ok {
			t.Errorf("of %q %d bytes are taken for text", bad, n)
		}
	}
	// So a fragment that cannot become text ends the connection before the rest
	// has come.
	o := end{role: server, limit: testLimit}.conclude(t, &peer{says: []byte(masked(frame(false, Text, "κόσμε\xed\xa0")))})
	if len(o.answers) != 1 || !strings.HasPrefix(o.answers[0].payload, closing(StatusBadData, "")) {
		t.Errorf("it was answered with %v", o.answers)
	}
}
