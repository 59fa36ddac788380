package ws

import (
	"strings"
	"testing"
)

// A message is unfinished from its first byte to the last of its last frame,
// whatever control frames come between; a control frame between messages is by
// itself.
func TestUnfinished(t *testing.T) {
	for stream, want := range map[string][]int{
		"\x81\x02hi\x81\x00":                        {1, 1, 1, 0, 2, 0},
		"\x01\x01h\x80\x01i\x81\x00":                {1, 1, 1, 1, 1, 0, 2, 0},
		"\x01\x00\x89\x01p\x80\x00":                 {1, 1, 1, 1, 1, 1, 0},
		"\x89\x01p\x8a\x00":                         {1, 1, 0, 2, 0},
		"\x82\x7e\x00\x02hi":                        {1, 1, 1, 1, 1, 0},
		"\x81\x81maskx":                             {1, 1, 1, 1, 1, 1, 0},
		"\x82\x7f\x00\x00\x00\x00\x00\x00\x00\x01x": {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0},
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

// Wherever the bytes of a stream are cut, the same is unfinished.
func FuzzFrames(f *testing.F) {
	for _, stream := range []string{
		"", "\x81", "\x81\x05hello", "\x81\x85mask" + "hello", "\x01\x02he\x89\x01p\x80\x03llo", "\x88\x02\x03\xe8",
		"\x82\x7e\x00\x7e" + strings.Repeat("x", 126), "\x82\xff\x00\x00\x00\x00\x00\x01\x00\x00mask" + strings.Repeat("x", 65_536),
		"\x82\x7f\xff\xff\xff\xff\xff\xff\xff\xffhello",
	} {
		f.Add([]byte(stream))
	}
	f.Fuzz(func(t *testing.T, stream []byte) {
		var once, bytewise frames
		once.pass(stream)
		for i := range stream {
			bytewise.pass(stream[i : i+1])
		}
		if once != bytewise {
			t.Errorf("byte by byte it comes to %+v, not %+v", bytewise, once)
		}
	})
}
