package raw

import (
	"bytes"
	"encoding/binary"
	"net/http"
	"strings"
	"testing"

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

// pushed is how this transport's stream is written and taken to pieces.
var pushed = feedtest.Intake{
	New: func(codec feed.Codec, emit func(feed.Event), meter *feed.Meter) feed.Intake {
		return newIntake(&feed.Subscription{Codec: codec, Emit: emit, Meter: meter})
	},
	Append: func(dst []byte, codec feed.Codec, e feed.Event) []byte {
		return append(dst, frame(codec.Append(nil, e))...)
	},
}

func TestAnySplit(t *testing.T) {
	for _, codec := range codecs {
		t.Run(string(codec), func(t *testing.T) { pushed.AnySplit(t, codec) })
	}
}

var codecs = []feed.Codec{feed.Text, feed.Binary, feed.Base64}

// An event that came in pieces leaves no memory behind.
func TestNothingIsHeldBetweenEvents(t *testing.T) {
	in := newIntake(&feed.Subscription{Codec: feed.Text, Emit: func(feed.Event) {}, Meter: new(feed.Meter)})
	for _, piece := range []string{sound[:9], sound[9:] + sound} {
		if err := in.Take([]byte(piece)); err != nil {
			t.Fatal(err)
		}
	}
	if in.Pending() != 0 || in.buffer != (feed.Buffer{}) {
		t.Errorf("it holds %+v", in.buffer)
	}
}

// Whatever a server sends, it comes to the same wherever the bytes are cut up; and what
// the client hands out are the very bytes that were sent.
func FuzzServer(f *testing.F) {
	for _, b := range bad {
		f.Add(uint8(0), []byte(b.stream), 0, 1)
		f.Add(uint8(0), []byte(sound+b.stream), 3, len(sound)+1)
	}
	binaryEvent := feed.Binary.Append(nil, feed.Event{Seq: 1, Body: []byte{0xff}})
	f.Add(uint8(1), []byte(frame(binaryEvent)+frame(binaryEvent)), 4, 40)
	f.Fuzz(func(t *testing.T, codec uint8, stream []byte, a, b int) {
		c := codecs[int(codec)%len(codecs)]
		whole, size := pushed.AnyCut(t, c, stream, a, b)
		var sent []byte
		for _, e := range whole.Events {
			sent = pushed.Append(sent, c, e)
		}
		if !bytes.HasPrefix(stream, sent) {
			t.Errorf("handed out %v of %q", whole.Events, stream)
		}
		if whole.Error == "" && size+int64(whole.Pending) != int64(len(stream)) {
			t.Errorf("%d of %d bytes are accounted for, and %d held", size, len(stream), whole.Pending)
		}
		if rest := stream[len(sent):]; len(rest) >= prefixLen && binary.BigEndian.Uint32(rest) > feed.MaxEncoded && !strings.Contains(whole.Error, "allowed") {
			t.Errorf("a frame of %d bytes ends with %q", binary.BigEndian.Uint32(rest), whole.Error)
		}
	})
}
