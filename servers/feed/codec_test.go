package feed

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

var codecs = []Codec{Text, Binary, Base64}

func TestKnownBytes(t *testing.T) {
	small := Event{Seq: 1, Due: 2, Sent: 345, Body: []byte("hello")}
	old := Event{Seq: 1, Due: -2, Sent: Earliest} // before the clock's 0
	large := Event{Seq: math.MaxInt64, Due: math.MaxInt64, Sent: math.MaxInt64}
	for _, c := range []struct {
		codec Codec
		event Event
		wire  string
	}{
		{Text, small, "0000000000000000001 0000000000000000002 0000000000000000345 hello\n"},
		{Text, large, "9223372036854775807 9223372036854775807 9223372036854775807 \n"},
		{Text, old, "0000000000000000001 -000000000000000002 -999999999999999999 \n"},
		{Base64, old, "0000000000000000001 -000000000000000002 -999999999999999999 \n"},
		{Binary, old, "\x00\x00\x00\x00\x00\x00\x00\x01" + "\xff\xff\xff\xff\xff\xff\xff\xfe" +
			"\xf2\x1f\x49\x4c\x58\x9c\x00\x01" + "\x00\x00\x00\x00\x00\x00\x00\x00"},
		{Text, Gap{First: 4, Last: 12}.Event(), "0000000000000000000 0000000000000000004 0000000000000000012 \n"},
		{Base64, small, "0000000000000000001 0000000000000000002 0000000000000000345 aGVsbG8=\n"},
		{Base64, large, "9223372036854775807 9223372036854775807 9223372036854775807 \n"},
		{Binary, small, "\x00\x00\x00\x00\x00\x00\x00\x01" + "\x00\x00\x00\x00\x00\x00\x00\x02" +
			"\x00\x00\x00\x00\x00\x00\x01\x59" + "\x00\x00\x00\x00\x00\x00\x00\x05" + "hello"},
		{Binary, large, strings.Repeat("\x7f\xff\xff\xff\xff\xff\xff\xff", 3) + "\x00\x00\x00\x00\x00\x00\x00\x00"},
	} {
		if got := string(c.codec.Append(nil, c.event)); got != c.wire {
			t.Errorf("%s: %+v is\n%q, not\n%q", c.codec, c.event, got, c.wire)
		}
		got, rest, err := c.codec.Decode([]byte(c.wire + "rest"))
		if err != nil || string(rest) != "rest" {
			t.Errorf("%s: decoding %q leaves %q and the error %v", c.codec, c.wire, rest, err)
		}
		if !sameEvent(got, c.event) {
			t.Errorf("%s: %q is %+v, not %+v", c.codec, c.wire, got, c.event)
		}
	}
}

func sameEvent(a, b Event) bool {
	return a.Seq == b.Seq && a.Due == b.Due && a.Sent == b.Sent && bytes.Equal(a.Body, b.Body)
}

// Any number of events, decoded from one buffer, are what was encoded; each
// takes its envelope and no byte more, and cut anywhere it is known to be.
func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		codec := rapid.SampledFrom(codecs).Draw(t, "codec")
		number := rapid.Int64Range(0, math.MaxInt64)
		instant := rapid.Int64Range(Earliest, math.MaxInt64)
		content := rapid.Byte()
		if codec == Text {
			content = rapid.ByteRange(' ', '~')
		}
		events := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Event {
			return Event{
				Seq:  uint64(number.Draw(t, "seq")),
				Due:  instant.Draw(t, "due"),
				Sent: instant.Draw(t, "sent"),
				Body: rapid.SliceOfN(content, 0, 100).Draw(t, "body"),
			}
		}).Filter(func(e Event) bool { return e.check() == nil }), 0, 5).Draw(t, "events")

		var wire []byte
		for _, e := range events {
			before := len(wire)
			wire = codec.Append(wire, e)
			if got, want := len(wire)-before, len(e.Body)+codec.Envelope(len(e.Body)); got != want {
				t.Fatalf("%+v takes %d bytes, body and envelope %d", e, got, want)
			}
		}
		got := []Event{}
		n, err := codec.DecodeAll(wire, func(e Event) { got = append(got, e) })
		if err != nil || n != len(events) {
			t.Fatalf("decoded %d of %d events: %v", n, len(events), err)
		}
		if diff := cmp.Diff(events, got, cmp.Comparer(sameEvent)); diff != "" {
			t.Fatalf("decoded otherwise than encoded (-want +got):\n%s", diff)
		}

		if len(events) == 0 {
			return
		}
		first := codec.Append(nil, events[0])
		cut := rapid.IntRange(0, len(first)-1).Draw(t, "cut")
		if _, rest, err := codec.Decode(first[:cut]); !errors.Is(err, ErrShort) || len(rest) != cut {
			t.Fatalf("%d bytes of %q leave %d and the error %v, not all and ErrShort", cut, first, len(rest), err)
		}
	})
}

// Any number takes as many bytes as any other, and reads as what it was, or as the
// earliest that there is.
func TestNumbers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int64().Draw(t, "n")
		text := AppendNumber(nil, n)
		got, err := parseNumber(text)
		if len(text) != Digits || err != nil || got != max(n, Earliest) {
			t.Fatalf("%d is written %q and read as %d, %v", n, text, got, err)
		}
		if want := fmt.Sprintf("%019d", n); n >= Earliest && string(text) != want {
			t.Fatalf("%d is written %q, not %q", n, text, want)
		}
		e := Event{Seq: 1, Due: n, Sent: n}
		if got, _, err := Binary.Decode(Binary.Append(nil, e)); err != nil || !sameEvent(got, e) {
			t.Fatalf("in binary %d is read as %d, %v", n, got.Due, err)
		}
	})
	for n, want := range map[int64]string{math.MinInt64: "-999999999999999999", Earliest: "-999999999999999999", -1: "-000000000000000001"} {
		if got := string(AppendNumber(nil, n)); got != want {
			t.Errorf("%d is written %q, not %q", n, got, want)
		}
	}
}

// What is not an event as it would have been encoded is an error.
func TestDecodeRefuses(t *testing.T) {
	const one = "0000000000000000001"
	for _, c := range []struct {
		codec       Codec
		wire, error string
	}{
		{Text, "", "cut short"},
		{Text, one + " " + one + " " + one + " body", "cut short"},
		{Text, "x" + one[1:] + " " + one + " " + one + " body\n", "where 19 digits belong"},
		{Text, "-" + one[1:] + " " + one + " " + one + " body\n", "event's number is -1, beyond 0"},
		{Text, one + " --" + one[2:] + " " + one + " body\n", "where 19 digits belong"},
		{Text, one + " +" + one[1:] + " " + one + " body\n", "where 19 digits belong"},
		{Text, one + " -000000000000000000 " + one + " body\n", "0 has no sign"},
		{Text, "0000000000000000000 -" + one[1:] + " " + one + " \n", "a gap are -1 and 1, beyond 0"},
		{Text, "0000000000000000000 " + one + " -" + one[1:] + " \n", "a gap are 1 and -1, beyond 0"},
		{Text, one + " " + " " + one[1:] + " " + one + " body\n", "where 19 digits belong"},
		{Text, one + "\t" + one + " " + one + " body\n", "a blank ends its field 1"},
		{Text, one + " " + one + " " + one + "0body\n", "a blank ends its field 3"},
		{Text, one + " 9223372036854775808 " + one + " body\n", "beyond an int64"},
		{Text, one + " 9999999999999999999 " + one + " body\n", "beyond an int64"},
		{Base64, one + " " + one + " " + one + " aGVsbG8\n", "illegal base64"},
		{Base64, one + " " + one + " " + one + " aGVsbG9=\n", "illegal base64"}, // stray bits
		{Base64, one + " " + one + " " + one + " a-_s\n", "illegal base64"},
		{Base64, one + " " + one + " " + one + " aGVs\rbG8=\n", "base64 does not"},
		{Base64, one + " " + one + " " + one + " \r\n", "base64 does not"},
		{Binary, "hello", "cut short"},
		{Binary, "\xff" + strings.Repeat("\x00", 31), "event's number is -72057594037927936, beyond 0"},
		{Binary, strings.Repeat("\x00", 8) + "\xff" + strings.Repeat("\x00", 23), "a gap are -72057594037927936 and 0, beyond 0"},
		{Binary, strings.Repeat("\x00", 24) + "\x80" + strings.Repeat("\x00", 7), "more than the 67108864 allowed"},
		{Binary, strings.Repeat("\x00", 24) + "\x00\x00\x00\x00\x04\x00\x00\x01", "more than the 67108864 allowed"},
		{Binary, strings.Repeat("\x00", 24) + "\x00\x00\x00\x00\x04\x00\x00\x00", "cut short"},
	} {
		_, rest, err := c.codec.Decode([]byte(c.wire))
		if err == nil || !strings.Contains(err.Error(), c.error) {
			t.Errorf("%s: the error of %q is %v, which does not say %q", c.codec, c.wire, err, c.error)
		}
		if string(rest) != c.wire {
			t.Errorf("%s: %q is decoded down to %q", c.codec, c.wire, rest)
		}
	}
}

// What precedes an error in a buffer is emitted, and counted.
func TestDecodeAllStopsAtError(t *testing.T) {
	wire := Text.Append(Text.Append(nil, Event{Seq: 1}), Event{Seq: 2})
	wire = append(wire, "nonsense"...)
	var got []uint64
	n, err := Text.DecodeAll(wire, func(e Event) { got = append(got, e.Seq) })
	if n != 2 || !cmp.Equal(got, []uint64{1, 2}) || !errors.Is(err, ErrShort) {
		t.Errorf("decoded %d events %v and the error %v", n, got, err)
	}
}

func TestParseCodec(t *testing.T) {
	for _, c := range codecs {
		if got, err := ParseCodec(string(c)); got != c || err != nil {
			t.Errorf("ParseCodec(%q) = %q, %v", c, got, err)
		}
	}
	for _, s := range []string{"", "Text", "json", "text "} {
		if _, err := ParseCodec(s); err == nil || !strings.Contains(err.Error(), "text, binary or base64") {
			t.Errorf("the error of encoding %q is %v, which does not say what there is", s, err)
		}
	}
}

func TestGap(t *testing.T) {
	g := Gap{First: 4, Last: 12}
	e := g.Event()
	if got, ok := e.Gap(); !ok || got != g || e.Cursor() != 12 || g.String() != "gap 4–12" {
		t.Errorf("%+v travels as %+v and arrives as %v (%v), cursor %d", g, e, got, ok, e.Cursor())
	}
	if _, ok := (Event{Seq: 7}).Gap(); ok || (Event{Seq: 7}).Cursor() != 7 {
		t.Error("event 7 is a gap or does not lead to cursor 7")
	}
}

// Whatever the bytes, decoding does not panic, and what it takes for an event
// is what encoding that event makes.
func FuzzDecode(f *testing.F) {
	for i, codec := range codecs {
		wire := codec.Append(nil, Event{Seq: 1, Due: 20, Sent: 300, Body: []byte("a body")})
		f.Add(i, wire)
		f.Add(i, codec.Append(wire, Gap{First: 2, Last: 9}.Event()))
		f.Add(i, wire[:len(wire)-1])
		f.Add(i, append(bytes.Clone(wire), "rest"...))
	}
	f.Add(2, []byte(strings.Repeat("0000000000000000001 ", 3)+"aGVs\rbG8=\n"))
	f.Add(1, bytes.Repeat([]byte{0xff}, 40))
	f.Fuzz(func(t *testing.T, i int, wire []byte) {
		codec := codecs[uint(i)%uint(len(codecs))]
		left := wire
		for {
			e, rest, err := codec.Decode(left)
			if err != nil {
				if len(rest) != len(left) {
					t.Fatalf("%s: an error took %d bytes", codec, len(left)-len(rest))
				}
				return
			}
			taken := left[:len(left)-len(rest)]
			if again := codec.Append(nil, e); !bytes.Equal(again, taken) {
				t.Fatalf("%s: %q is taken for %+v, which is %q", codec, taken, e, again)
			}
			left = rest
		}
	})
}
