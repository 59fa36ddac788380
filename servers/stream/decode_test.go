package stream

import (
	"bytes"
	"strings"
	"testing"

	"pushbench/servers/feed"
	"pushbench/servers/feed/feedtest"
)

var intake = feedtest.Intake{
	New: func(codec feed.Codec, emit func(feed.Event), meter *feed.Meter) feed.Intake {
		return &decoder{codec: codec, emit: emit, meter: meter}
	},
	Append: func(dst []byte, codec feed.Codec, e feed.Event) []byte { return codec.Append(dst, e) },
	Beat:   heartbeat,
}

func TestAnySplit(t *testing.T) {
	for _, codec := range codecs {
		t.Run(string(codec), func(t *testing.T) { intake.AnySplit(t, codec) })
	}
}

func TestRoom(t *testing.T) {
	intake.Room(t, func(in feed.Intake) int { return cap(in.(*decoder).held) })
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
		if err := d.Take([]byte(c.stream)); err == nil || !strings.Contains(err.Error(), c.error) || events != c.events {
			t.Errorf("%s: %d events, %v; want %d and an error that says %q", c.name, events, err, c.events, c.error)
		}
	}
}

// A line without an end is given up, and takes no more memory than the longest
// event may.
func TestEndlessLine(t *testing.T) {
	d := &decoder{codec: feed.Text, meter: new(feed.Meter), emit: func(feed.Event) { t.Error("an event") }}
	piece := bytes.Repeat([]byte("0"), 1<<20)
	for n := 0; ; n++ {
		err := d.Take(piece)
		if err != nil && n == feed.MaxEncoded>>20 && strings.Contains(err.Error(), "longer than 134217728 bytes") {
			return
		}
		if err != nil || n > feed.MaxEncoded>>20 {
			t.Fatalf("after %d MB: %v", n+1, err)
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
		whole, size := intake.AnyCut(t, codecs[int(codec)%len(codecs)], stream, a, b)
		if size += int64(whole.Pending); whole.Error == "" && size != int64(len(stream)) {
			t.Errorf("%d of %d bytes are accounted for", size, len(stream))
		}
	})
}

var codecs = []feed.Codec{feed.Text, feed.Binary, feed.Base64}
