package ws

import (
	"net/http"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// A stream of frames, and what each is.
var streams = []struct {
	name, stream     string
	framing, content int64
}{
	{"nothing", "", 0, 0},
	{"half a header", "\x81", 0, 0},
	{"text", "\x81\x05hello", 2, 5},
	{"masked text", "\x81\x85\x01\x02\x03\x04hello", 6, 5},
	{"compressed", "\xc1\x03abc", 2, 3},
	{"fragments", "\x01\x02he\x80\x03llo", 4, 5},
	{"ping", "\x89\x04ping", 6, 0},
	{"masked pong", "\x8a\x84\x01\x02\x03\x04ping", 10, 0},
	{"ping among fragments", "\x01\x02he\x89\x01p\x80\x03llo", 7, 5},
	{"close", "\x88\x02\x03\xe8", 4, 0},
	{"16-bit length", "\x82\x7e\x00\x7e" + strings.Repeat("x", 126), 4, 126},
	{"masked 16-bit length", "\x82\xfe\x00\x7emask" + strings.Repeat("x", 126), 8, 126},
	{"64-bit length", "\x82\x7f\x00\x00\x00\x00\x00\x01\x00\x00" + strings.Repeat("x", 65_536), 10, 65_536},
	{"masked 64-bit length", "\x82\xff\x00\x00\x00\x00\x00\x01\x00\x00mask" + strings.Repeat("x", 65_536), 14, 65_536},
	{"cut payload", "\x82\x7f\xff\xff\xff\xff\xff\xff\xff\xffhello", 10, 5},
	{"empty", "\x81\x00\x82\x80mask", 8, 0},
}

// Frames are told apart wherever their bytes are cut.
func TestFrames(t *testing.T) {
	for _, c := range streams {
		t.Run(c.name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				var f frames
				var framing, content int64
				for left := []byte(c.stream); len(left) > 0; {
					n := rapid.IntRange(1, len(left)).Draw(t, "n")
					x, y := f.pass(left[:n])
					framing, content, left = framing+x, content+y, left[n:]
				}
				if framing != c.framing || content != c.content {
					t.Errorf("counted %d bytes of framing and %d of content, not %d and %d", framing, content, c.framing, c.content)
				}
			})
		})
	}
}

// A message is unfinished from its first byte to the last of its last frame,
// whatever control frames come between; a control frame between messages is by
// itself.
func TestUnfinished(t *testing.T) {
	for stream, want := range map[string][]int{
		"\x81\x02hi\x81\x00":         {1, 1, 1, 0, 2, 0},
		"\x01\x01h\x80\x01i\x81\x00": {1, 1, 1, 1, 1, 0, 2, 0},
		"\x01\x00\x89\x01p\x80\x00":  {1, 1, 1, 1, 1, 1, 0},
		"\x89\x01p\x8a\x00":          {1, 1, 0, 2, 0},
	} {
		var f frames
		for i := range len(stream) {
			f.pass([]byte{stream[i]})
			if got := f.unfinished(); got != want[i] {
				t.Errorf("%x: after %d bytes message %d is unfinished, not %d", stream, i+1, got, want[i])
			}
		}
	}
}

// Whatever passes, byte by byte or at once, is framing or content and counted
// once, but for the header that is not whole.
func FuzzFrames(f *testing.F) {
	for _, c := range streams {
		f.Add([]byte(c.stream))
	}
	f.Fuzz(func(t *testing.T, stream []byte) {
		var once, bytewise frames
		framing, content := once.pass(stream)
		var x, y int64
		for i := range stream {
			a, b := bytewise.pass(stream[i : i+1])
			x, y = x+a, y+b
		}
		if x != framing || y != content || once != bytewise {
			t.Errorf("byte by byte it comes to %d and %d, not %d and %d", x, y, framing, content)
		}
		if framing+content+int64(once.have) != int64(len(stream)) {
			t.Errorf("%d and %d of %d bytes were counted, with %d of a header", framing, content, len(stream), once.have)
		}
	})
}

func TestParseDeflate(t *testing.T) {
	for header, want := range map[string]string{
		"":                   "off",
		"permessage-deflate": "takeover",
		"permessage-deflate; server_no_context_takeover":                             "no-takeover",
		"permessage-deflate;server_no_context_takeover ; client_no_context_takeover": "no-takeover",
		"permessage-deflate; client_no_context_takeover; server_max_window_bits=15":  "takeover",
		"x-webkit-deflate-frame": "off",
	} {
		if got := parseDeflate(http.Header{"Sec-Websocket-Extensions": {header}}).compress(); got != want {
			t.Errorf("%q means compress=%s, not %s", header, got, want)
		}
	}
}
