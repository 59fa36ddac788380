package sse

import (
	"bytes"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"pushbench/servers/feed"
	"pushbench/servers/feed/feedtest"
)

var intake = feedtest.Intake{
	New: func(codec feed.Codec, emit func(feed.Event), meter *feed.Meter) feed.Intake {
		return newDecoder(codec, emit, meter)
	},
	Append: appendEvent,
	Beat:   heartbeat,
}

// appendEvent is a record as the server sends it.
func appendEvent(dst []byte, codec feed.Codec, e feed.Event) []byte {
	b, err := appendRecord(dst, feed.Record{Event: e, Wire: codec.Append(nil, e)})
	if err != nil {
		panic(err)
	}
	return b
}

func TestAnySplit(t *testing.T) {
	for _, codec := range []feed.Codec{feed.Text, feed.Base64} {
		t.Run(string(codec), func(t *testing.T) { intake.AnySplit(t, codec) })
	}
}

// Between messages nothing is held, and of a very large one nothing is kept for others.
func TestNothingIsHeldBetweenMessages(t *testing.T) {
	for _, size := range []int{1, 1 << 10, 5 << 20} {
		d := newDecoder(feed.Text, func(feed.Event) {}, new(feed.Meter))
		event := appendEvent(nil, feed.Text, feed.Event{Seq: 1, Body: bytes.Repeat([]byte("x"), size)})
		for _, cut := range []int{1, 4, 30, len(event) - 1} {
			if err := d.Take(event[:cut]); err != nil {
				t.Fatal(err)
			}
			held := d.stream.text
			if held == nil {
				t.Fatalf("after %d bytes of a message nothing is held", cut)
			}
			if err := d.Take(event[cut:]); err != nil {
				t.Fatal(err)
			}
			if d.stream.text != nil || d.Pending() != 0 || cap(held.data) > feed.MaxRoom {
				t.Errorf("after a message of %d bytes %d are held, in %d", size, d.Pending(), cap(held.data))
			}
		}
	}
}

// An event costs the same nine bytes whatever it is, and a gap the same too.
func TestOverhead(t *testing.T) {
	for _, e := range []feed.Event{{Seq: 1}, {Seq: math.MaxInt64, Due: math.MaxInt64, Body: []byte("hello")}} {
		if got := len(appendEvent(nil, feed.Text, e)) - len(feed.Text.Append(nil, e)); got != 9 {
			t.Errorf("%+v takes %d bytes beyond its encoding", e, got)
		}
	}
	for _, g := range []feed.Gap{{First: 1, Last: 1}, {First: 1, Last: math.MaxInt64}} {
		if got := len(appendEvent(nil, feed.Text, g.Event())) - len(feed.Text.Append(nil, g.Event())); got != 19 {
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
		got := intake.Take(t, feed.Text, []byte(c.stream))
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

// Whatever comes, it makes no difference where it is cut, and what is counted is
// never more than what came.
func FuzzDecode(f *testing.F) {
	for _, e := range []feed.Event{{Seq: 1, Body: []byte("hello")}, feed.Gap{First: 3, Last: 9}.Event()} {
		f.Add(appendEvent(nil, feed.Text, e), 30)
		f.Add(append([]byte(heartbeat), appendEvent(nil, feed.Text, e)...), 2)
	}
	for _, c := range streams {
		f.Add([]byte(c.stream), 1)
	}
	f.Fuzz(func(t *testing.T, stream []byte, at int) { intake.AnyCut(t, feed.Text, stream, at) })
}
