package wsbare

import (
	"bytes"
	"compress/flate"
	"encoding/hex"
	"errors"
	"runtime"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// The examples of RFC 7692 §7.2.3, each message in the state that the one before
// it left.
func TestExamplesOfRFC7692(t *testing.T) {
	for _, c := range []struct {
		name     string
		takeover bool
		payloads []string // hexadecimal
		want     []string
	}{
		{"one block (§7.2.3.1)", false, []string{"f248cdc9c90700"}, []string{"Hello"}},
		{"the same again with takeover (§7.2.3.2)", true, []string{"f248cdc9c90700", "f200110000"}, []string{"Hello", "Hello"}},
		{"no compression (§7.2.3.3)", false, []string{"000500faff48656c6c6f00"}, []string{"Hello"}},
		{"last block (§7.2.3.4)", false, []string{"f348cdc9c9070000"}, []string{"Hello"}},
		{"two blocks (§7.2.3.5)", false, []string{"f248050000 00ffff cac9c90700"}, []string{"Hello"}},
		{"empty message (§7.2.3.6)", false, []string{"00"}, []string{""}},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := &inflater{takeover: c.takeover}
			for i, payload := range c.payloads {
				b, err := hex.DecodeString(strings.ReplaceAll(payload, " ", ""))
				if err != nil {
					t.Fatal(err)
				}
				got, err := f.inflate(b, 100)
				if err != nil || string(got) != c.want[i] {
					t.Errorf("%s is %q, %v; not %q", payload, got, err, c.want[i])
				}
				f.release()
			}
		})
	}
}

// A stream that ends in the middle of a message goes on with the same window.
func TestStreamsWithinAMessage(t *testing.T) {
	var payload bytes.Buffer
	for range 3 {
		w, err := flate.NewWriterDict(&payload, flate.BestCompression, []byte("something that was said before"))
		if err != nil {
			t.Fatal(err)
		}
		w.Write([]byte("something that was said before"))
		w.Close()
	}
	payload.WriteByte(0)
	f := &inflater{takeover: true, window: []byte("something that was said before")}
	got, err := f.inflate(payload.Bytes(), 1000)
	if err != nil || string(got) != strings.Repeat("something that was said before", 3) {
		t.Errorf("it comes to %q, %v", got, err)
	}
}

// Messages that are bad or bad for the receiver.
func TestBadDeflate(t *testing.T) {
	const limit = 1 << 20
	bomb := appendDeflated(nil, make([]byte, 64<<20))
	for _, c := range []struct {
		name    string
		payload []byte
		want    Status
	}{
		{"bomb", bomb, StatusTooBig},
		{"one byte too long", appendDeflated(nil, make([]byte, limit+1)), StatusTooBig},
		{"nothing", nil, StatusBadData},
		{"cut", appendDeflated(nil, []byte(strings.Repeat("some text ", 100)))[:20], StatusBadData},
		{"reserved block type", []byte{0x06}, StatusBadData},
		{"reference to before the beginning", []byte("\xf2\x00\x11\x00\x00"), StatusBadData},
		{"ends only", bytes.Repeat([]byte("\x03\x00"), limit/2), StatusPolicy},
	} {
		t.Run(c.name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := new(inflater).inflate(c.payload, limit)
			runtime.ReadMemStats(&after)
			if v := (*Violation)(nil); !errors.As(err, &v) || v.Status != c.want {
				t.Errorf("the error is %v, not status %d", err, c.want)
			}
			if took := after.TotalAlloc - before.TotalAlloc; took > 16*limit {
				t.Errorf("it took %d bytes of memory to see that", took)
			}
		})
	}
	if got, err := new(inflater).inflate(appendDeflated(nil, make([]byte, limit)), limit); err != nil || len(got) != limit {
		t.Errorf("a message as long as allowed is %d bytes, %v", len(got), err)
	}
}

// What is deflated is inflated to the same, with and without takeover, whatever
// came before.
func TestDeflateAndBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		takeover := rapid.Bool().Draw(t, "takeover")
		d, f := &deflater{takeover: takeover}, &inflater{takeover: takeover}
		defer d.end()
		for range rapid.IntRange(1, 6).Draw(t, "messages") {
			word := rapid.SliceOfN(rapid.Byte(), 1, 50).Draw(t, "word")
			message := bytes.Repeat(word, rapid.IntRange(0, 3000).Draw(t, "times"))
			payload := d.append([]byte("before"), message)
			if !bytes.HasPrefix(payload, []byte("before")) {
				t.Fatal("what was there was overwritten")
			}
			got, err := f.inflate(payload[len("before"):], MaxMessage)
			if err != nil || !bytes.Equal(got, message) {
				t.Fatalf("%d bytes came to %d and %v", len(message), len(got), err)
			}
			f.release()
			if cap(f.window) > windowSize {
				t.Fatalf("the window has %d bytes", cap(f.window))
			}
		}
	})
}

// Whatever comes compressed ends with a message within the limit or with a
// status, and to the same wherever it is cut into frames.
func FuzzDeflate(f *testing.F) {
	for _, s := range []string{"f248cdc9c90700", "f200110000", "000500faff48656c6c6f00", "f348cdc9c9070000", "00", "03000300"} {
		b, _ := hex.DecodeString(s)
		f.Add(b, uint8(3), true)
	}
	f.Fuzz(func(t *testing.T, payload []byte, cut uint8, takeover bool) {
		at := min(int(cut), len(payload))
		whole := frameBits(bitRSV1, Text, string(payload))
		parts := frame(false, Text, string(payload[:at])) + frame(true, opContinuation, string(payload[at:]))
		parts = string(parts[0]|bitRSV1) + parts[1:]
		e := end{role: server, limit: 1000, deflate: &inflater{takeover: takeover}}
		a := e.conclude(t, &peer{says: []byte(masked(whole + whole))})
		b := e.conclude(t, &peer{says: []byte(masked(parts + parts)), cut: func(int) int { return 1 }})
		if len(payload) <= 1000 && (a.err.Error() != b.err.Error() || a.compression != b.compression || len(a.messages) != len(b.messages)) {
			t.Errorf("whole it comes to %+v, in parts to %+v", a, b)
		}
		for _, m := range append(a.messages, b.messages...) {
			if len(m.payload) > e.limit || !utf8.ValidString(m.payload) {
				t.Errorf("handed out %d bytes: %q", len(m.payload), m.payload)
			}
		}
	})
}
