package sse

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
	Error   string
}

func takeAll(codec feed.Codec, pieces ...[]byte) (got taken) {
	var meter feed.Meter
	count := 0
	d := newDecoder(codec, func(e feed.Event) {
		e.Body = bytes.Clone(e.Body)
		got.Events = append(got.Events, e)
	}, &meter)
	for _, p := range pieces {
		n, err := d.Take(bytes.Clone(p))
		if count += n; err != nil {
			got.Error = err.Error()
			return got
		}
	}
	if count != len(got.Events) {
		got.Error = "miscounted"
	}
	got.Framing = meter.FramingDown.Load()
	return got
}

// encode is a record as the server sends it.
func encode(t interface{ Fatal(...any) }, codec feed.Codec, e feed.Event) []byte {
	b, err := appendRecord(nil, feed.Record{Event: e, Wire: codec.Append(nil, e)})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// However a stream is cut up, its events and gaps come out as they went in, and
// every byte that is not the encoding's is counted as the format's.
func TestAnySplit(t *testing.T) {
	for _, codec := range []feed.Codec{feed.Text, feed.Base64} {
		t.Run(string(codec), func(t *testing.T) {
			text := rapid.ByteRange(' ', '~')
			if codec != feed.Text {
				text = rapid.Byte()
			}
			rapid.Check(t, func(t *rapid.T) {
				var stream []byte
				var want taken
				encoded := 0
				for range rapid.IntRange(0, 8).Draw(t, "parts") {
					var e feed.Event
					switch rapid.IntRange(0, 4).Draw(t, "part") {
					case 0:
						stream = append(stream, heartbeat...)
						continue
					case 1:
						first := rapid.Uint64Range(1, math.MaxInt64).Draw(t, "first")
						e = feed.Gap{First: first, Last: rapid.Uint64Range(first, math.MaxInt64).Draw(t, "last")}.Event()
					default:
						e = feed.Event{
							Seq:  rapid.Uint64Range(1, math.MaxInt64).Draw(t, "seq"),
							Due:  rapid.Int64Range(0, math.MaxInt64).Draw(t, "due"),
							Sent: rapid.Int64Range(0, math.MaxInt64).Draw(t, "sent"),
							Body: rapid.SliceOfN(text, 0, 100).Draw(t, "body"),
						}
					}
					stream = append(stream, encode(t, codec, e)...)
					encoded += len(e.Body) + codec.Envelope(len(e.Body))
					want.Events = append(want.Events, e)
				}
				want.Framing = int64(len(stream) - encoded)
				var pieces [][]byte
				for rest := stream; len(rest) > 0; {
					n := rapid.IntRange(1, len(rest)).Draw(t, "piece")
					pieces, rest = append(pieces, rest[:n]), rest[n:]
				}
				if diff := cmp.Diff(want, takeAll(codec, pieces...), cmpopts.EquateEmpty()); diff != "" {
					t.Errorf("-want +got:\n%s", diff)
				}
			})
		})
	}
}

// An event costs the same nine bytes whatever it is, and a gap the same too.
func TestOverhead(t *testing.T) {
	for _, e := range []feed.Event{{Seq: 1}, {Seq: math.MaxInt64, Due: math.MaxInt64, Body: []byte("hello")}} {
		if got := len(encode(t, feed.Text, e)) - len(feed.Text.Append(nil, e)); got != 9 {
			t.Errorf("%+v takes %d bytes beyond its encoding", e, got)
		}
	}
	for _, g := range []feed.Gap{{First: 1, Last: 1}, {First: 1, Last: math.MaxInt64}} {
		if got := len(encode(t, feed.Text, g.Event())) - len(feed.Text.Append(nil, g.Event())); got != 19 {
			t.Errorf("%v takes %d bytes beyond its encoding", g, got)
		}
	}
}

const one = "0000000000000000001"

// Messages that other servers may send: what is not the feed's is left alone,
// what says of itself that it is and is not is an error.
func TestDecode(t *testing.T) {
	const data = one + " " + one + " hello"
	event := feed.Event{Seq: 1, Due: 1, Sent: 1, Body: []byte("hello")}
	missing := feed.Gap{First: 1, Last: 1}.Event()
	for _, c := range []struct {
		name, stream string
		want         []feed.Event
		error        string
	}{
		{"as it is sent", "id:" + one + "\ndata:" + data + "\n\n", []feed.Event{event}, ""},
		{"with spaces", "id: " + one + "\ndata: " + data + "\n\n", []feed.Event{event}, ""},
		{"in another order, with other line ends", "data:" + data + "\r\nid:" + one + "\r\n\r\n", []feed.Event{event}, ""},
		{"with its type", "event:message\nid:" + one + "\ndata:" + data + "\n\n", []feed.Event{event}, ""},
		{"comments and a retry", ":x\nretry:1000\n\nid:" + one + "\n:y\ndata:" + data + "\n\n", []feed.Event{event}, ""},
		{"a type that nobody listens for", "event:other\ndata:hello\n\nid:" + one + "\ndata:" + data + "\n\n", []feed.Event{event}, ""},
		{"a gap", "event:gap\nid:" + one + "\ndata:" + one + " " + one + " \n\n", []feed.Event{missing}, ""},
		{"no id", "data:" + data + "\n\n", nil, `message "": it has no id of its own`},
		{"the id of the message before", "id:" + one + "\ndata:" + data + "\n\ndata:" + data + "\n\n", []feed.Event{event}, "no id of its own"},
		{"a short id", "id:1\ndata:" + data + "\n\n", nil, `message "1": it has no id`},
		{"an id of letters", "id:" + strings.Repeat("x", 19) + "\ndata:" + data + "\n\n", nil, "digits belong"},
		{"an id beyond an int64", "id:" + strings.Repeat("9", 19) + "\ndata:" + data + "\n\n", nil, "beyond an int64"},
		{"no numbers", "id:" + one + "\ndata:hello\n\n", nil, "event is cut short"},
		{"two lines of data", "id:" + one + "\ndata:" + data + "\ndata:x\n\n", nil, "more than one line"},
		{"number 0", "id:" + strings.Repeat("0", 19) + "\ndata:" + data + "\n\n", nil, "begins at 1"},
		{"a gap with another id", "event:gap\nid:" + one + "\ndata:" + one + " " + strings.Repeat("0", 18) + "2 \n\n", nil, "the last number that is missing"},
	} {
		got := takeAll(feed.Text, []byte(c.stream))
		if diff := cmp.Diff(c.want, got.Events, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s: -want +got:\n%s", c.name, diff)
		}
		if c.error == "" && got.Error != "" || !strings.Contains(got.Error, c.error) {
			t.Errorf("%s: the error is %q, want %q", c.name, got.Error, c.error)
		}
		if got.Error == "" && int(got.Framing) != len(c.stream)-len(c.want)*(61+5)+5*strings.Count(c.stream, "gap") {
			t.Errorf("%s: %d bytes of framing in %d", c.name, got.Framing, len(c.stream))
		}
	}
}

// A record whose encoding is no line of text is an error, as is one that would
// come out as something else.
func TestAppendRecord(t *testing.T) {
	for wire, want := range map[string]string{
		"":     "none in text",
		"1 2 ": "none in text",
		string(feed.Text.Append(nil, feed.Event{Seq: 1, Body: []byte("a\rb")})): "carriage return",
	} {
		if b, err := appendRecord([]byte("x"), feed.Record{Wire: []byte(wire), Event: feed.Event{Seq: 1}}); err == nil || !strings.Contains(err.Error(), want) || string(b) != "x" {
			t.Errorf("%q is sent as %q, %v", wire, b, err)
		}
	}
}

// What a large message took is let go of, what usual ones take is kept.
func TestRoom(t *testing.T) {
	for size, kept := range map[int]bool{1 << 10: true, 1 << 20: true, 5 << 20: false} {
		d := newDecoder(feed.Text, func(feed.Event) {}, new(feed.Meter))
		message := encode(t, feed.Text, feed.Event{Seq: 1, Body: bytes.Repeat([]byte("x"), size)})
		for rest := message; len(rest) > 0; rest = rest[min(len(rest), 60_000):] {
			if _, err := d.Take(rest[:min(len(rest), 60_000)]); err != nil {
				t.Fatal(err)
			}
		}
		if d.Pending() != 0 || (cap(d.stream.data) > size) != kept {
			t.Errorf("after a message of %d bytes it has room for %d", size, cap(d.stream.data))
		}
	}
}

// Whatever comes, it makes no difference where it is cut, and what is counted is
// never more than what came.
func FuzzDecode(f *testing.F) {
	for _, e := range []feed.Event{{Seq: 1, Body: []byte("hello")}, feed.Gap{First: 3, Last: 9}.Event()} {
		f.Add(encode(f, feed.Text, e), 30)
		f.Add(append([]byte(heartbeat), encode(f, feed.Text, e)...), 2)
	}
	for _, c := range streams {
		f.Add([]byte(c.stream), 1)
	}
	f.Fuzz(func(t *testing.T, stream []byte, at int) {
		if at < 0 || at > len(stream) {
			return
		}
		whole := takeAll(feed.Text, stream)
		if diff := cmp.Diff(whole, takeAll(feed.Text, stream[:at], stream[at:]), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("cut at %d:\n%s", at, diff)
		}
		size := whole.Framing
		for _, e := range whole.Events {
			size += int64(len(e.Body) + feed.Text.Envelope(len(e.Body)))
		}
		if whole.Error == "" && size > int64(len(stream)) {
			t.Errorf("%d of %d bytes are accounted for", size, len(stream))
		}
	})
}
