package stream

import (
	"bytes"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"pushbench/servers/feed"
)

// taken is what a decoder makes of pieces.
type taken struct {
	Events  []feed.Event
	Framing int64
	Pending int
	Failed  bool
}

func decode(codec feed.Codec, pieces ...[]byte) (got taken) {
	var meter feed.Meter
	count := 0
	d := &decoder{codec: codec, meter: &meter, emit: func(e feed.Event) {
		e.Body = bytes.Clone(e.Body)
		got.Events = append(got.Events, e)
	}}
	for _, p := range pieces {
		p = bytes.Clone(p)
		n, err := d.Take(p)
		for i := range p {
			p[i] = 0xaa // it is reused by whoever reads
		}
		if count += n; err != nil {
			return taken{Events: got.Events, Failed: true}
		}
	}
	got.Framing, got.Pending = meter.FramingDown.Load(), d.Pending()
	if count != len(got.Events) {
		got.Failed = true
	}
	return got
}

func anEvent(codec feed.Codec) *rapid.Generator[feed.Event] {
	return rapid.Custom(func(t *rapid.T) feed.Event {
		text := rapid.ByteRange(' ', '~')
		if codec != feed.Text {
			text = rapid.Byte()
		}
		return feed.Event{
			Seq:  rapid.Uint64Range(1, math.MaxInt64).Draw(t, "seq"),
			Due:  rapid.Int64Range(0, math.MaxInt64).Draw(t, "due"),
			Sent: rapid.Int64Range(0, math.MaxInt64).Draw(t, "sent"),
			Body: rapid.SliceOfN(text, 0, 200).Draw(t, "body"),
		}
	})
}

// However a stream is cut up, its events come out as they went in, and its
// heartbeats are counted.
func TestAnySplit(t *testing.T) {
	for _, codec := range []feed.Codec{feed.Text, feed.Binary, feed.Base64} {
		t.Run(string(codec), func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				var stream []byte
				want := taken{Events: rapid.SliceOfN(anEvent(codec), 0, 8).Draw(t, "events")}
				for _, e := range want.Events {
					if codec.IsText() && rapid.Bool().Draw(t, "heartbeat") {
						stream = append(stream, heartbeat...)
						want.Framing++
					}
					stream = codec.Append(stream, e)
				}
				if whole := len(stream); whole > 0 && rapid.Bool().Draw(t, "another begins") {
					stream = append(stream, codec.Append(nil, feed.Event{Seq: 1, Body: []byte("x")})[:rapid.IntRange(1, 20).Draw(t, "so far")]...)
					want.Pending = len(stream) - whole
				}
				var pieces [][]byte
				for rest := stream; len(rest) > 0; {
					n := rapid.IntRange(1, len(rest)).Draw(t, "piece")
					pieces, rest = append(pieces, rest[:n]), rest[n:]
				}
				if diff := cmp.Diff(want, decode(codec, pieces...), cmpopts.EquateEmpty()); diff != "" {
					t.Errorf("-want +got:\n%s", diff)
				}
			})
		})
	}
}

// What is no event is an error as soon as it can be told, and what came before
// it is emitted.
func TestBadStream(t *testing.T) {
	event := feed.Text.Append(nil, feed.Event{Seq: 1, Due: 2, Sent: 3, Body: []byte("hello")})
	binary := feed.Binary.Append(nil, feed.Event{Seq: 1, Due: 2, Sent: 3, Body: []byte("hello")})
	for _, c := range []struct {
		name   string
		codec  feed.Codec
		stream string
		events int
		error  string
	}{
		{"a short line", feed.Text, "hello\n", 0, "a line of 5 bytes is no event"},
		{"no number", feed.Text, strings.Repeat("x", 80) + "\n", 0, "digits belong"},
		{"after an event", feed.Text, string(event) + "x\n", 1, "a line of 1 bytes"},
		{"no base64", feed.Base64, strings.Replace(string(event), "hello", "****", 1), 0, "body of event 1"},
		{"a number beyond", feed.Binary, strings.Repeat("\xff", 32), 0, "event's number is -1, beyond 0"},
		{"a length beyond", feed.Binary, string(binary) + string(binary[:24]) + "\x00\x00\x00\x01\x00\x00\x00\x00", 1, "more than"},
	} {
		var events int
		d := &decoder{codec: c.codec, meter: new(feed.Meter), emit: func(feed.Event) { events++ }}
		if _, err := d.Take([]byte(c.stream)); err == nil || !strings.Contains(err.Error(), c.error) || events != c.events {
			t.Errorf("%s: %d events, %v; want %d and an error that says %q", c.name, events, err, c.events, c.error)
		}
	}
}

// A line without an end is given up, and takes no more memory than the longest
// event may.
func TestEndlessLine(t *testing.T) {
	if testing.Short() {
		t.Skip("reads 128 MB")
	}
	d := &decoder{codec: feed.Text, meter: new(feed.Meter), emit: func(feed.Event) { t.Error("an event") }}
	piece := bytes.Repeat([]byte("0"), 1<<20)
	for n := 0; ; n++ {
		_, err := d.Take(piece)
		if err != nil && n == feed.MaxEncoded>>20 && strings.Contains(err.Error(), "longer than 134217728 bytes") {
			return
		}
		if err != nil || n > feed.MaxEncoded>>20 {
			t.Fatalf("after %d MB: %v", n+1, err)
		}
	}
}

// What a large event took is let go of when it is done with; what events of a
// usual size take is kept for the next.
func TestRoom(t *testing.T) {
	for size, kept := range map[int]bool{1 << 10: true, 1 << 20: true, 5 << 20: false} {
		d := &decoder{codec: feed.Text, meter: new(feed.Meter), emit: func(feed.Event) {}}
		event := feed.Text.Append(nil, feed.Event{Seq: 1, Body: bytes.Repeat([]byte("x"), size)})
		for rest := event; len(rest) > 0; rest = rest[min(len(rest), 60_000):] {
			if _, err := d.Take(rest[:min(len(rest), 60_000)]); err != nil {
				t.Fatal(err)
			}
		}
		d.Take(event[:10])
		d.Take(event[10:])
		if d.Pending() != 0 || (cap(d.held) > size) != kept {
			t.Errorf("after an event of %d bytes it has room for %d", size, cap(d.held))
		}
	}
}

// Whatever comes, it makes no difference where it is cut.
func FuzzStream(f *testing.F) {
	for i, codec := range codecs {
		stream := codec.Append(nil, feed.Event{Seq: 1, Due: 2, Sent: 3, Body: []byte("hello!!!")})
		if codec.IsText() {
			stream = append(stream, heartbeat...)
		}
		stream = codec.Append(stream, feed.Gap{First: 2, Last: 9}.Event())
		f.Add(uint8(i), stream, 70, 90)
		f.Add(uint8(i), stream[:len(stream)-1], 1, 2)
	}
	f.Add(uint8(0), []byte("hello\n"), 2, 3)
	f.Fuzz(func(t *testing.T, codec uint8, stream []byte, a, b int) {
		if a < 0 || b < a || b > len(stream) {
			return
		}
		c := codecs[int(codec)%len(codecs)]
		whole := decode(c, stream)
		if diff := cmp.Diff(whole, decode(c, stream[:a], stream[a:b], stream[b:]), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("in one piece, and cut at %d and %d:\n%s", a, b, diff)
		}
		if whole.Failed {
			return
		}
		size := int64(whole.Pending) + whole.Framing
		for _, e := range whole.Events {
			size += int64(len(e.Body) + c.Envelope(len(e.Body)))
		}
		if size != int64(len(stream)) {
			t.Errorf("%d of %d bytes are accounted for", size, len(stream))
		}
	})
}

var codecs = []feed.Codec{feed.Text, feed.Binary, feed.Base64}
