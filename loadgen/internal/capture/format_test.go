package capture

import (
	"fmt"
	"strings"
	"testing"
)

const (
	number = "0000000000000000042"
	first  = number + " " + number + " " + number + " hello\n" // an event in the text encoding
	asSent = "id:" + number + "\ndata:" + number + " " + number + " hello\n\n"
	told   = "event:gap\nid:" + number + "\ndata:" + number + " " + number + " \n\n"
)

// formats are contents with what of them is framing and what has not come whole;
// the rest is data.
var formats = []formatted{
	{"events", Lines, first + first, 0, 0, ""},
	{"heartbeats", Lines, "\n" + first + "\n\n", 3, 0, ""},
	{"half a line", Lines, first + "\n" + number, 1, 19, ""},
	{"nothing", Lines, "", 0, 0, ""},
	{"messages", EventStream, asSent + asSent, 18, 0, ""},
	{"comments", EventStream, ":\n\n" + asSent + ":\n\n:hello\n\n", 3 + 9 + 3 + 8, 0, ""},
	{"a gap", EventStream, told + asSent, 19 + 9, 0, ""},
	{"half a message", EventStream, asSent + asSent[:40], 9, 40, ""},
	{"no messages", EventStream, "", 0, 0, ""},
	{"plain", Data, asSent + "\n\n", 0, 0, ""},
	{"two lines of data", EventStream, asSent + "data:a\ndata:b\n\n", 9, 15, "two lines of data"},
	{"another field", EventStream, "what:a\n\n", 0, 8, `the field "what"`},
	{"no number", EventStream, "data:a\n\n", 0, 8, "without a number"},
}

type formatted struct {
	name          string
	format        Format
	content       string
	framing, rest int64
	err           string
}

// exchangeOf is both streams of a connection that carries the content, with what
// HTTP itself has around it.
type exchangeOf struct {
	name, sent, answered string
	heads, framing       int64
}

// ways are the content in one chunk, in chunks of seven bytes, in one HTTP/2
// frame, and in frames of seven bytes.
func (f formatted) ways() []exchangeOf {
	pieces := func(size int, frame func(string) string) (all string) {
		for rest := f.content; rest != ""; rest = rest[min(size, len(rest)):] {
			all += frame(rest[:min(size, len(rest))])
		}
		return all
	}
	chunk := func(s string) string { return fmt.Sprintf("%x\r\n%s\r\n", len(s), s) }
	frame := func(s string) string { return "\x00" + string([]byte{byte(len(s) >> 8), byte(len(s))}) + data[3:9] + s }
	var all []exchangeOf
	for _, size := range []int{1 << 16, 7} {
		body := pieces(size, chunk)
		all = append(all, exchangeOf{fmt.Sprintf("chunks of %d", size), get, chunked + body, n(chunked), n(body) - n(f.content)})
		body = pieces(size, frame)
		all = append(all, exchangeOf{fmt.Sprintf("frames of %d", size), preface + settings + headers, settings + headers + body, n(headers), n(settings, body) - n(f.content)})
	}
	return all
}

func TestFormats(t *testing.T) {
	for _, test := range formats {
		for _, way := range test.ways() {
			_, down, err := splitStreams([]byte(way.sent), []byte(way.answered), test.format)
			want := Split{Heads: way.heads, Framing: way.framing + test.framing, Rest: test.rest}
			want.Body = n(way.answered) - want.Heads - want.Framing - want.Rest
			if down != want {
				t.Errorf("%s in %s: %+v, want %+v", test.name, way.name, down, want)
			}
			if (err == nil) != (test.err == "") || err != nil && !strings.Contains(err.Error(), test.err) {
				t.Errorf("%s in %s: %v, want the error %q", test.name, way.name, err, test.err)
			}
		}
	}
}

// What a message takes beyond the encoding is what the format is said to.
func TestMessageFraming(t *testing.T) {
	if got := n(asSent) - n(first); got != 9 {
		t.Errorf("a message is %d bytes longer than its event", got)
	}
}

// What answers a POST is data, whatever the format: an uplink's echo.
func TestEchoIsData(t *testing.T) {
	echo := "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n\n\n>"
	up, down, err := splitStreams([]byte(post+"\n\n>"), []byte(echo), Lines)
	if up != (Split{Heads: n(post), Body: 3}) || down != (Split{Heads: n(echo) - 3, Body: 3}) || err != nil {
		t.Errorf("%+v, %+v, %v", up, down, err)
	}
	up, down, err = splitStreams([]byte(preface+settings+headers+data), []byte(settings+headers+data), EventStream)
	if up.Body != 5 || down.Body != 5 || down.Rest != 0 || err != nil {
		t.Errorf("over HTTP/2: %+v, %+v, %v", up, down, err)
	}
}
