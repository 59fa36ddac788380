package wire

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/http2"
	"pgregory.net/rapid"
)

// framed is what a Framer writes.
func framed(t interface{ Fatal(...any) }, write ...func(*http2.Framer) error) []byte {
	var b bytes.Buffer
	f := http2.NewFramer(&b, nil)
	f.AllowIllegalWrites = true
	for _, w := range write {
		if err := w(f); err != nil {
			t.Fatal(err)
		}
	}
	return b.Bytes()
}

func data(content, padding int) func(*http2.Framer) error {
	return func(f *http2.Framer) error {
		if padding < 0 {
			return f.WriteData(1, false, make([]byte, content))
		}
		return f.WriteDataPadded(1, false, make([]byte, content), make([]byte, padding))
	}
}

func headers(fragment int, end bool) func(*http2.Framer) error {
	return func(f *http2.Framer) error {
		return f.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: make([]byte, fragment), EndHeaders: end})
	}
}

func continuation(fragment int, end bool) func(*http2.Framer) error {
	return func(f *http2.Framer) error { return f.WriteContinuation(1, end, make([]byte, fragment)) }
}

func settings(f *http2.Framer) error {
	return f.WriteSettings(http2.Setting{ID: http2.SettingEnablePush, Val: 0})
}

// followFrames gives a fresh follower the pieces of a stream.
func followFrames(skip int, pieces [][]byte) (protocol, headEnd int64) {
	f := frames{skip: skip}
	for _, p := range pieces {
		protocol += f.see(p)
	}
	return protocol, f.headEnd
}

// The content of a message is what DATA frames carry; wherever the stream is cut
// the rest comes to the same, and so does the first head's end.
func TestFrames(t *testing.T) {
	const h = frameHeader
	type write = func(*http2.Framer) error
	for _, c := range []struct {
		name      string
		preface   string
		frames    []write
		protocol  int64
		firstHead int64
	}{
		{"nothing", "", nil, 0, 0},
		{"content", "", []write{data(82, -1)}, h, 0},
		{"no content", "", []write{data(0, -1)}, h, 0},
		{"padding", "", []write{data(82, 7)}, h + 1 + 7, 0},
		{"padding of no bytes", "", []write{data(82, 0)}, h + 1, 0},
		{"padding alone", "", []write{data(0, 7)}, h + 1 + 7, 0},
		{"two of content", "", []write{data(82, 7), data(5, -1)}, h + 1 + 7 + h, 0},
		{"an answer", "", []write{settings, headers(40, true), data(82, -1)}, h + 6 + h + 40 + h, h + 6 + h + 40},
		{"a head in three", "", []write{headers(40, false), continuation(30, false), continuation(5, true), data(82, -1)}, 3*h + 75 + h, 3*h + 75},
		{"a head without fields", "", []write{headers(0, true)}, h, h},
		{"a second head", "", []write{headers(40, true), data(1, -1), headers(9, true)}, 3*h + 49, h + 40},
		{"a head without an end", "", []write{headers(40, false), data(1, -1)}, 2*h + 40, 0},
		{"a client", http2.ClientPreface, []write{settings, headers(40, true)}, prefaceLen + 2*h + 46, prefaceLen + 2*h + 46},
		{"the rest", "", []write{
			func(f *http2.Framer) error { return f.WritePing(false, [8]byte{}) },
			func(f *http2.Framer) error { return f.WriteWindowUpdate(0, 1) },
			func(f *http2.Framer) error { return f.WriteRSTStream(1, http2.ErrCodeCancel) },
			func(f *http2.Framer) error { return f.WriteGoAway(1, http2.ErrCodeNo, []byte("bye")) },
			func(f *http2.Framer) error { return f.WriteSettingsAck() },
			func(f *http2.Framer) error { return f.WriteRawFrame(0xfa, 0xff, 1, make([]byte, 10)) },
		}, 6*h + 8 + 4 + 4 + 11 + 10, 0},
	} {
		stream := append([]byte(c.preface), framed(t, c.frames...)...)
		for n := range len(stream) + 1 {
			if protocol, head := followFrames(len(c.preface), splitAt(stream, n)); protocol != c.protocol || head != c.firstHead {
				t.Fatalf("%s, split at %d: %d bytes of the protocol, the first head ends at %d; not %d, %d", c.name, n, protocol, head, c.protocol, c.firstHead)
			}
		}
	}
}

// What is not the protocol's is what was given to DATA frames, whatever came
// before and after it, in whatever pieces.
func TestFramesLeaveTheContent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sum := int64(0)
		var write []func(*http2.Framer) error
		for range rapid.IntRange(0, 20).Draw(t, "frames") {
			n := rapid.OneOf(rapid.IntRange(0, 20), rapid.IntRange(0, 1<<14)).Draw(t, "length")
			switch rapid.IntRange(0, 4).Draw(t, "kind") {
			case 0:
				write = append(write, headers(n, rapid.Bool().Draw(t, "end")))
			case 1:
				write = append(write, settings)
			default:
				write = append(write, data(n, rapid.IntRange(-1, 255).Draw(t, "padding")))
				sum += int64(n)
			}
		}
		stream := framed(t, write...)
		if protocol, _ := followFrames(0, cut(t, stream)); int64(len(stream))-protocol != sum {
			t.Fatalf("of %d bytes %d are the protocol's, which leaves %d, not %d", len(stream), protocol, int64(len(stream))-protocol, sum)
		}
	})
}

// Bytes that are no HTTP/2 are followed like any others: the same in any pieces,
// and no more of them than there are.
func FuzzFrames(f *testing.F) {
	f.Add([]byte(http2.ClientPreface), true)
	f.Add(append([]byte(http2.ClientPreface), framed(f, settings, headers(40, true))...), true)
	f.Add(framed(f, settings, headers(40, false), continuation(3, true), data(82, 9), data(0, 0)), false)
	f.Add([]byte("HTTP/1.1 400 Bad Request\r\n\r\n"), false)
	f.Add([]byte("\x00\x00\x03\x00\x08\x00\x00\x00\x01\xff\x01\x02"), false) // more padding than frame
	f.Add([]byte("\x00\x00\x00\x00\x08\x00\x00\x00\x01"), false)             // padded, and nothing to say how much
	f.Add([]byte(strings.Repeat("\xff", 40)), false)
	f.Fuzz(func(t *testing.T, stream []byte, client bool) {
		skip := 0
		if client {
			skip = prefaceLen
		}
		protocol, head := followFrames(skip, [][]byte{stream})
		if protocol < 0 || protocol > int64(len(stream)) || head < 0 || head > int64(len(stream)) {
			t.Errorf("of %d bytes %d are the protocol's, and the first head ends at %d", len(stream), protocol, head)
		}
		again, headAgain := followFrames(skip, slices.Collect(slices.Chunk(stream, 1)))
		if again != protocol || headAgain != head {
			t.Errorf("byte by byte it comes to %d, %d; not %d, %d", again, headAgain, protocol, head)
		}
	})
}

// splitAt is p in two.
func splitAt(p []byte, n int) [][]byte { return [][]byte{p[:n], p[n:]} }

// cut is a stream in pieces, some of which may be empty.
func cut(t *rapid.T, stream []byte) [][]byte {
	var pieces [][]byte
	for len(stream) > 0 {
		n := min(len(stream), rapid.OneOf(rapid.IntRange(0, 12), rapid.IntRange(1, 5000)).Draw(t, "piece"))
		pieces, stream = append(pieces, stream[:n]), stream[n:]
	}
	return pieces
}
