package sse

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// dispatched is a message as a page gets it.
type dispatched struct{ Kind, ID, Data string }

// interpret takes a stream in pieces.
func interpret(pieces ...string) (got []dispatched, err error) {
	p := &parser{text: &text{data: make([]byte, front)}}
	for _, piece := range pieces {
		for b := []byte(piece); len(b) > 0; {
			n, whole, err := p.take(b)
			if err != nil {
				return got, err
			}
			for i := range b[:n] {
				b[i] = 0xaa // it is reused by whoever reads
			}
			b = b[n:]
			if whole {
				got = append(got, dispatched{string(p.kind), string(p.id), strings.TrimSuffix(string(p.data[front:]), "\n")})
				p.endMessage()
			}
		}
	}
	return got, nil
}

// Known answers: the rules of WHATWG HTML §9.2.5 and §9.2.6, with the examples
// of its text among them.
var streams = []struct {
	name, stream string
	want         []dispatched
}{
	{"nothing", "", nil},
	{"one line", "data: hello\n\n", []dispatched{{"", "", "hello"}}},
	{"three lines of data", "data: YHOO\ndata: +2\ndata: 10\n\n", []dispatched{{"", "", "YHOO\n+2\n10"}}},
	{"comment, id, id taken back, space", ": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n\n",
		[]dispatched{{"", "1", "first event"}, {"", "", "second event"}, {"", "", " third event"}}},
	{"empty data", "data\n\ndata\ndata\n\ndata:", []dispatched{{"", "", ""}, {"", "", "\n"}}},
	{"a space or none", "data:test\n\ndata: test\n\n", []dispatched{{"", "", "test"}, {"", "", "test"}}},
	{"types", "event: add\ndata: 73857293\n\nevent: remove\ndata: 2153\n\ndata: 3\n\n", []dispatched{{"add", "", "73857293"}, {"remove", "", "2153"}, {"", "", "3"}}},
	{"a type twice", "event:a\nevent:b\ndata:x\n\n", []dispatched{{"b", "", "x"}}},
	{"a type taken back", "event:a\nevent\ndata:x\n\n", []dispatched{{"", "", "x"}}},
	{"carriage returns", "data:a\rdata:b\r\rdata:c\r\r", []dispatched{{"", "", "a\nb"}, {"", "", "c"}}},
	{"both", "data:a\r\ndata:b\r\n\r\ndata:c\r\n\r\n", []dispatched{{"", "", "a\nb"}, {"", "", "c"}}},
	{"mixed", "data:a\r\n\ndata:b\n\r\ndata:c\r\r\n", []dispatched{{"", "", "a"}, {"", "", "b"}, {"", "", "c"}}},
	{"line feed and carriage return", "data:a\n\rdata:b\n\n", []dispatched{{"", "", "a"}, {"", "", "b"}}},
	{"byte order mark", "\ufeffdata:a\n\n", []dispatched{{"", "", "a"}}},
	{"byte order mark before a comment", "\ufeff:x\ndata:a\n\n", []dispatched{{"", "", "a"}}},
	{"byte order mark alone in its line", "\ufeff\ndata:a\n\n", []dispatched{{"", "", "a"}}},
	{"two byte order marks", "\ufeff\ufeffdata:a\n\n", nil},
	{"byte order mark later", "data:a\n\ufeffdata:b\n\n", []dispatched{{"", "", "a"}}},
	{"part of a byte order mark", "\xef\xbbdata:a\n\n", nil},
	{"unknown fields", "what: ever\nDATA:x\ndat:x\ndatas:x\n data:x\ndata :x\nretry:10\ndata:a\n\n", []dispatched{{"", "", "a"}}},
	{"a long unknown field", strings.Repeat("data", 1000) + ":x\ndata:a\n\n", []dispatched{{"", "", "a"}}},
	{"an unknown line", strings.Repeat("data", 1000) + "\ndata:a\n\n", []dispatched{{"", "", "a"}}},
	{"colons", "data:a:b\ndata::\n\n", []dispatched{{"", "", "a:b\n:"}}},
	{"only the first space", "data:  a \n\n", []dispatched{{"", "", " a "}}},
	{"a tab is no space", "data:\ta\n\n", []dispatched{{"", "", "\ta"}}},
	{"an id stays", "id:1\ndata:a\n\ndata:b\n\n", []dispatched{{"", "1", "a"}, {"", "1", "b"}}},
	{"an id without data", "id:1\n\ndata:a\n\n", []dispatched{{"", "1", "a"}}},
	{"an id with NUL", "id:1\ndata:a\n\nid:2\x00\ndata:b\n\n", []dispatched{{"", "1", "a"}, {"", "1", "b"}}},
	{"a type without data", "event:a\n\ndata:b\n\n", []dispatched{{"", "", "b"}}},
	{"NUL in data", "data:a\x00b\n\n", []dispatched{{"", "", "a\x00b"}}},
	{"blank lines", "\n\n\r\r\r\n\r\ndata:a\n\n\n\n", []dispatched{{"", "", "a"}}},
	{"incomplete", "data:a\n\ndata:b\n", []dispatched{{"", "", "a"}}},
	{"incomplete line", "data:a\n\ndata:b", []dispatched{{"", "", "a"}}},
}

// Each stream is the same in one piece, cut in two anywhere, and byte by byte.
func TestParser(t *testing.T) {
	for _, c := range streams {
		bytewise := make([]string, len(c.stream))
		for i := range bytewise {
			bytewise[i] = c.stream[i : i+1]
		}
		pieces := [][]string{{c.stream}, bytewise}
		for at := range min(len(c.stream), 200) {
			pieces = append(pieces, []string{c.stream[:at], c.stream[at:]})
		}
		for _, pieces := range pieces {
			got, err := interpret(pieces...)
			if diff := cmp.Diff(c.want, got); diff != "" || err != nil {
				t.Fatalf("%s, in %d pieces: %v, -want +got:\n%s", c.name, len(pieces), err, diff)
			}
		}
	}
}

// Where lines end in one way or another, and wherever they are cut, messages
// come out as they went in.
func TestParserProperty(t *testing.T) {
	text := rapid.StringMatching(`[ -~é]{0,40}`)
	rapid.Check(t, func(t *rapid.T) {
		end := func() string { return rapid.SampledFrom([]string{"\n", "\r", "\r\n"}).Draw(t, "line end") }
		var stream strings.Builder
		if rapid.Bool().Draw(t, "byte order mark") {
			stream.WriteString(byteOrderMark)
		}
		var want []dispatched
		id := ""
		last := ""
		line := func(s string) {
			e := end()
			if s == "" && last == "\r" && e == "\n" {
				e = "\r" // they would be one line end
			}
			stream.WriteString(s + e)
			last = e
		}
		for range rapid.IntRange(0, 5).Draw(t, "messages") {
			var m dispatched
			if rapid.Bool().Draw(t, "comment") {
				line(":" + text.Draw(t, "comment's text"))
			}
			if rapid.Bool().Draw(t, "has an id") {
				id = text.Draw(t, "id")
				line("id: " + id)
			}
			if rapid.Bool().Draw(t, "has a type") {
				m.Kind = text.Draw(t, "type")
				line("event: " + m.Kind)
			}
			lines := rapid.SliceOfN(text, 1, 3).Draw(t, "data")
			for _, s := range lines {
				line("data: " + s)
			}
			m.ID, m.Data = id, strings.Join(lines, "\n")
			line("")
			want = append(want, m)
		}
		var pieces []string
		for rest := stream.String(); rest != ""; {
			n := rapid.IntRange(1, len(rest)).Draw(t, "piece")
			pieces, rest = append(pieces, rest[:n]), rest[n:]
		}
		got, err := interpret(pieces...)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%v, -want +got:\n%s", err, diff)
		}
	})
}

// What means nothing is not kept, however much there is of it; what means
// something is bounded.
func TestParserIsBounded(t *testing.T) {
	piece := bytes.Repeat([]byte("x"), 1<<20)
	for _, c := range []struct{ begin, error string }{
		{":", ""},
		{"", ""},
		{"retry:", ""},
		{"id:", "field id is longer than 4096 bytes"},
		{"event:", "field event is longer than 4096 bytes"},
	} {
		p := &parser{text: &text{data: make([]byte, front)}}
		_, _, err := p.take([]byte(c.begin))
		for range 20 {
			if err == nil {
				_, _, err = p.take(piece)
			}
		}
		if c.error == "" && err != nil || c.error != "" && (err == nil || !strings.Contains(err.Error(), c.error)) {
			t.Errorf("%q without an end: %v", c.begin, err)
		}
		if held := cap(p.name) + cap(p.data) + cap(p.kind) + cap(p.id); held > 1<<10 {
			t.Errorf("%q without an end takes %d bytes", c.begin, held)
		}
	}
}

// A stream is the same wherever it is cut.
func FuzzParser(f *testing.F) {
	for _, c := range streams {
		f.Add(c.stream, len(c.stream)/2)
	}
	f.Fuzz(func(t *testing.T, stream string, at int) {
		if at < 0 || at > len(stream) {
			return
		}
		whole, err := interpret(stream)
		pieces, err2 := interpret(stream[:at], stream[at:])
		if diff := cmp.Diff(whole, pieces); diff != "" || (err == nil) != (err2 == nil) {
			t.Errorf("cut at %d: %v and %v\n%s", at, err, err2, diff)
		}
		for _, m := range whole {
			if strings.ContainsAny(m.Kind+m.ID, "\r\n") || strings.Contains(m.Data, "\r") || strings.Contains(m.ID, "\x00") {
				t.Errorf("a message has what no line can: %q", m)
			}
		}
	})
}
