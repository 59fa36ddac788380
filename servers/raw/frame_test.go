package raw

import (
	"bytes"
	"encoding/binary"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"pushbench/servers/feed"
	"pushbench/servers/feed/feedtest"
)

// frame is a message as it goes over the connection.
func frame(message []byte) string {
	var b bytes.Buffer
	writeFrame(&b, message)
	return b.String()
}

var sound = frame(feed.Text.Append(nil, feed.Event{Seq: 1, Due: 2, Sent: 3, Body: []byte("body")}))

// bad are streams that a server must not send, and what is said of each.
var bad = []struct {
	name, stream, want string
	then               feedtest.Then
}{
	{"nothing", "", "the server closed the connection", feedtest.Close},
	{"cut length", "\x00\x00", "read an event's length: unexpected EOF", feedtest.Close},
	{"length only", "\x00\x00\x00\x50", "read an event of 80 bytes: unexpected EOF", feedtest.Close},
	{"cut event", sound[:len(sound)-1], "unexpected EOF", feedtest.Close},
	{"no event", "\x00\x00\x00\x00", "decode 0 bytes: event is cut short", feedtest.Hold},
	{"not an event", "\x00\x00\x00\x05hello", "decode 5 bytes: event is cut short", feedtest.Hold},
	{"two events in a frame", frame([]byte(sound[prefixLen:] + sound[prefixLen:])), "65 bytes follow the event in its frame", feedtest.Hold},
	{"echo of nothing", "\x00\x00\x00\x05>ello", "decode 5 bytes: event is cut short", feedtest.Hold},
	{"too long", "\x08\x00\x00\x01", "announced an event of 134217729 bytes, more than the 134217728 allowed", feedtest.Hold},
	{"longest length", "\xff\xff\xff\xff", "announced an event of 4294967295 bytes", feedtest.Hold},
	{"length that never comes", "\x08\x00\x00\x00", "unexpected EOF", feedtest.Close},
	{"HTTP", "HTTP/1.1 200 OK\r\n\r\n", "announced an event of 1213486160 bytes", feedtest.Hold},
}

func TestBadFrames(t *testing.T) {
	for _, c := range bad {
		t.Run(c.name, func(t *testing.T) {
			err := feedtest.Answer(t, Transport, "", func(*http.Request) string { return switching + c.stream }, c.then)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("the error is %v, which does not say %q", err, c.want)
			}
		})
	}
}

func TestBadUpgrade(t *testing.T) {
	for _, c := range []struct{ name, answer, want string }{
		{"to another protocol", "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n", `upgraded to "websocket"`},
		{"to nothing", "HTTP/1.1 101 Switching Protocols\r\n\r\n", `upgraded to ""`},
		{"none", "HTTP/1.1 426 Upgrade Required\r\nContent-Length: 3\r\n\r\nno\n", "426 Upgrade Required: no"},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := feedtest.Answer(t, Transport, "", func(*http.Request) string { return c.answer }, feedtest.Hold)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("the error is %v, which does not say %q", err, c.want)
			}
		})
	}
}

// read takes events up to the first error.
func read(in *feed.Buffer, codec feed.Codec) (events []string, framing int64, err error) {
	meter := new(feed.Meter)
	for {
		message, err := next(in, meter)
		if err != nil {
			return events, meter.FramingDown.Load(), err
		}
		e, err := decode(codec, message)
		if err != nil {
			return events, meter.FramingDown.Load(), err
		}
		events = append(events, string(codec.Append(nil, e)))
	}
}

// Whatever a server sends, the client ends with an error and comes to the same
// wherever the bytes are cut up; and what it hands out are the very bytes that
// were sent.
func FuzzServer(f *testing.F) {
	for _, b := range bad {
		f.Add([]byte(b.stream), true)
		f.Add([]byte(sound+b.stream), true)
	}
	binaryEvent := feed.Binary.Append(nil, feed.Event{Seq: 1, Body: []byte{0xff}})
	f.Add([]byte(frame(binaryEvent)+frame(binaryEvent)), false)
	f.Fuzz(func(t *testing.T, stream []byte, text bool) {
		codec := feed.Binary
		if text {
			codec = feed.Text
		}
		events, framing, err := read(feed.NewBuffer(bytes.NewReader(stream)), codec)
		again, framingAgain, errAgain := read(feed.NewBuffer(iotest.OneByteReader(bytes.NewReader(stream))), codec)
		if !slices.Equal(again, events) || framingAgain != framing || errAgain.Error() != err.Error() {
			t.Errorf("byte by byte it comes to %q, %d, %v; not %q, %d, %v", again, framingAgain, errAgain, events, framing, err)
		}
		var sent []byte
		for _, e := range events {
			sent = append(sent, frame([]byte(e))...)
		}
		if !bytes.HasPrefix(stream, sent) {
			t.Errorf("handed out %q of %q", events, stream)
		}
		// The frame whose contents are no event has been counted too.
		if n := int64(prefixLen * len(events)); framing != n && framing != n+prefixLen {
			t.Errorf("%d events took %d bytes of framing", len(events), framing)
		}
		if rest := stream[len(sent):]; len(rest) >= prefixLen && binary.BigEndian.Uint32(rest) > feed.MaxEncoded && !strings.Contains(err.Error(), "allowed") {
			t.Errorf("a frame of %d bytes ends with %v", binary.BigEndian.Uint32(rest), err)
		}
	})
}
