package conform

import (
	"bytes"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// The frames of §5.7, as a client may write them with the RFC's key of zeros, and
// as a server's are read.
func TestFrames(t *testing.T) {
	for _, test := range []struct {
		bytes string
		want  frame
		text  string
	}{
		{"\x81\x05Hello", text("Hello"), `text "Hello"`},
		{"\x01\x03Hel", text("Hel").begun(), `text "Hel" (no FIN)`},
		{"\x80\x02lo", continuation("lo"), `continuation "lo"`},
		{"\x89\x05Hello", ping("Hello"), `ping "Hello"`},
		{"\x82\x7e\x01\x00" + strings.Repeat("x", 256), binaryOf(bytes.Repeat([]byte("x"), 256)), "binary of 256 B"},
		{"\x82\x7f\x00\x00\x00\x00\x00\x01\x00\x00" + strings.Repeat("x", 65536), binaryOf(bytes.Repeat([]byte("x"), 65536)), "binary of 65536 B"},
		{"\x88\x02\x03\xe8", closing(1000, ""), "close 1000"},
		{"\x88\x00", frame{op: opClose}, "close of 0 B"},
	} {
		if test.want.String() != test.text {
			t.Errorf("%q is described as %s", test.text, test.want)
		}
		p, size, err := parseFrame([]byte(test.bytes), 1<<20)
		if err != nil || size != len(test.bytes) || len(p.faults) > 0 || p.op != test.want.op || p.more != test.want.more || !bytes.Equal(p.payload, test.want.payload) {
			t.Errorf("%s: read as %v of %d bytes, %q, %v", test.text, p.frame, size, p.faults, err)
		}
		test.want.unmasked = true
		if got := test.want.bytes(); string(got) != test.bytes {
			t.Errorf("%s: written as %.20x", test.text, got)
		}
	}
}

// What is wrong with a frame is noted, and the frame is read all the same.
func TestFaults(t *testing.T) {
	for bytes, want := range map[string]string{
		"\x81\x81\x01\x02\x03\x04I":                 "a masked text frame",
		"\x81\x7e\x00\x01H":                         "length 1 in 2 bytes",
		"\x82\x7f\x00\x00\x00\x00\x00\x00\x00\x01H": "length 1 in 8 bytes",
		"\x83\x01H": "opcode 0x3",
		"\x8b\x01H": "opcode 0xb",
		"\x09\x01H": "a ping frame that is fragmented",
	} {
		p, size, err := parseFrame([]byte(bytes), 1<<20)
		if err != nil || size != len(bytes) || string(p.payload) != "H" || len(p.faults) != 1 || !strings.Contains(p.faults[0], want) {
			t.Errorf("%x: %v of %d bytes, faults %q, %v; want %s", bytes, p.frame, size, p.faults, err, want)
		}
	}
	if _, _, err := parseFrame([]byte("\x82\x7f\xff\xff\xff\xff\xff\xff\xff\xff"), 1<<20); err == nil {
		t.Error("a frame of 2^64-1 bytes is waited for")
	}
}

// What is written is read again, whole and not before its last byte.
func TestFramesComeBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := frame{
			op:       rapid.ByteMax(15).Draw(t, "op"),
			more:     rapid.Bool().Draw(t, "more"),
			rsv:      rapid.ByteMax(7).Draw(t, "rsv") << 4,
			unmasked: rapid.Bool().Draw(t, "unmasked"),
			payload:  rapid.SliceOfN(rapid.Byte(), 0, 300).Draw(t, "payload"),
		}
		b := f.bytes()
		p, size, err := parseFrame(append(bytes.Clone(b), "more"...), 1<<20)
		if err != nil || size != len(b) || p.op != f.op || p.more != f.more || p.rsv != f.rsv || p.unmasked != f.unmasked || !bytes.Equal(p.payload, f.payload) {
			t.Fatalf("%v is read as %v of %d bytes, %v", f, p.frame, size, err)
		}
		cut := rapid.IntRange(0, len(b)-1).Draw(t, "cut")
		if _, size, err := parseFrame(b[:cut], 1<<20); size != 0 || err != nil {
			t.Fatalf("%d of %d bytes of %v are read as %d, %v", cut, len(b), f, size, err)
		}
	})
}

func FuzzParseFrame(f *testing.F) {
	f.Add([]byte("\x81\x05Hello"))
	f.Add([]byte("\x82\x7e\x01\x00"))
	f.Add([]byte("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, b []byte) {
		p, size, err := parseFrame(b, 1<<16)
		if size < 0 || size > len(b) || size > 0 && (err != nil || len(p.payload) > 1<<16) {
			t.Errorf("%x is read as %v of %d bytes, %v", b, p.frame, size, err)
		}
	})
}

// Every byte is a cut of one of the strides, and the pieces are the whole.
func TestStrides(t *testing.T) {
	b := []byte("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	cut := make(map[int]bool)
	for _, s := range append(strides(8), stride{0, 1}) {
		at, whole := 0, []byte{}
		for _, piece := range s.pieces(b) {
			if len(piece) == 0 {
				t.Errorf("%+v makes an empty piece", s)
			}
			whole = append(whole, piece...)
			at += len(piece)
			if s.by > 1 {
				cut[at] = true
			}
		}
		if !bytes.Equal(whole, b) {
			t.Errorf("%+v makes %q", s, whole)
		}
	}
	for i := 1; i < len(b); i++ {
		if !cut[i] {
			t.Errorf("no stride cuts at byte %d", i)
		}
	}
}
