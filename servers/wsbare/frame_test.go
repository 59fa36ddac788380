package wsbare

import (
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The examples of §5.7, as a server sends them or a client.
func TestExamplesOfRFC(t *testing.T) {
	bytes256 := strings.Repeat("0123456789abcdef", 16)
	bytes125 := strings.Repeat("\xff", 125)
	bytes64K := strings.Repeat(bytes256, 256)
	for _, c := range []struct {
		name, hex, more string
		want            []message
		answers         []answer
		reads           role
	}{
		{"single-frame text", "810548656c6c6f", "", []message{{Text, "Hello"}}, nil, client},
		{"fragmented text", "010348656c 80026c6f", "", []message{{Text, "Hello"}}, nil, client},
		{"ping", "890548656c6c6f", "", nil, []answer{{opPong, "Hello"}}, client},
		{"the longest ping", "897d", bytes125, nil, []answer{{opPong, bytes125}}, client},
		{"256 bytes binary", "827e0100", bytes256, []message{{Binary, bytes256}}, nil, client},
		{"64 KiB binary", "827f0000000000010000", bytes64K, []message{{Binary, bytes64K}}, nil, client},
		{"masked text", "818537fa213d7f9f4d5158", "", nil, []answer{{opClose, closing(StatusProtocolError, "masked text frame from a server (§5.1)")}}, client},
		{"masked pong", "8a8537fa213d7f9f4d5158", "", nil, []answer{{opClose, closing(StatusProtocolError, "masked pong frame from a server (§5.1)")}}, client},
		{"masked text of a client", "818537fa213d7f9f4d5158", "", []message{{Text, "Hello"}}, nil, server},
		{"masked ping of a client", "898537fa213d7f9f4d5158", "", nil, []answer{{opPong, "Hello"}}, server},
		{"masked pong of a client", "8a8537fa213d7f9f4d5158", "", nil, nil, server},
	} {
		t.Run(c.name, func(t *testing.T) {
			head, err := hex.DecodeString(strings.ReplaceAll(c.hex, " ", ""))
			if err != nil {
				t.Fatal(err)
			}
			o := end{role: c.reads, limit: MaxMessage}.conclude(t, &peer{says: append(head, c.more...)})
			if diff := cmp.Diff(c.want, o.messages, cmp.AllowUnexported(message{})); diff != "" {
				t.Errorf("messages: -want +got:\n%s", diff)
			}
			if diff := cmp.Diff(c.answers, o.answers, cmp.AllowUnexported(answer{})); diff != "" {
				t.Errorf("answers: -want +got:\n%s", diff)
			}
		})
	}
}

// testLimit bounds messages in tests of what is too long.
const testLimit = 300

type rule struct {
	name, stream string
	messages     []message
	violation    Status // 0: none
	closed       Status // 0: the other end did not close
}

// rules are streams that a client has to make out as the RFC says, each with
// what it comes to: the messages, and the status that it is closed with, as a
// violation or by the server.
var rules = []rule{
	{name: "nothing"},
	{name: "empty text", stream: "\x81\x00", messages: []message{{Text, ""}}},
	{name: "empty binary", stream: "\x82\x00", messages: []message{{Binary, ""}}},
	{name: "125 bytes", stream: frame(true, Binary, strings.Repeat("x", 125)), messages: []message{{Binary, strings.Repeat("x", 125)}}},
	{name: "126 bytes", stream: frame(true, Binary, strings.Repeat("x", 126)), messages: []message{{Binary, strings.Repeat("x", 126)}}},
	{name: "several messages", stream: frame(true, Text, "a") + frame(true, Binary, "b") + frame(true, Text, "c"),
		messages: []message{{Text, "a"}, {Binary, "b"}, {Text, "c"}}},

	// §5.4: fragmentation.
	{name: "fragments", stream: frame(false, Text, "a") + frame(false, opContinuation, "b") + frame(true, opContinuation, "c"),
		messages: []message{{Text, "abc"}}},
	{name: "empty fragments", stream: frame(false, Binary, "") + frame(false, opContinuation, "") + frame(true, opContinuation, ""),
		messages: []message{{Binary, ""}}},
	{name: "two of fragments", stream: frame(false, Text, "a") + frame(true, opContinuation, "b") + frame(false, Binary, "c") + frame(true, opContinuation, "d"),
		messages: []message{{Text, "ab"}, {Binary, "cd"}}},
	{name: "control frames between fragments", stream: frame(false, Text, "a") + frame(true, opPing, "p") + frame(true, opPong, "q") + frame(true, opContinuation, "b"),
		messages: []message{{Text, "ab"}}},
	{name: "close between fragments", stream: frame(false, Text, "a") + frame(true, opClose, closing(1001, "")), closed: 1001},
	{name: "continuation of nothing", stream: frame(true, opContinuation, ""), violation: StatusProtocolError},
	{name: "continuation after a message", stream: frame(true, Text, "a") + frame(true, opContinuation, "b"),
		messages: []message{{Text, "a"}}, violation: StatusProtocolError},
	{name: "message within a message", stream: frame(false, Text, "a") + frame(true, Text, "b"), violation: StatusProtocolError},
	{name: "binary within text", stream: frame(false, Text, "a") + frame(false, Binary, "b"), violation: StatusProtocolError},

	// §5.2: the header.
	{name: "RSV1", stream: "\xc1\x00", violation: StatusProtocolError},
	{name: "RSV2", stream: "\xa1\x00", violation: StatusProtocolError},
	{name: "RSV3", stream: "\x91\x00", violation: StatusProtocolError},
	{name: "RSV1 on a ping", stream: "\xc9\x00", violation: StatusProtocolError},
	{name: "masked", stream: "\x81\x80\x00\x00\x00\x00", violation: StatusProtocolError},
	{name: "masked close", stream: "\x88\x80\x00\x00\x00\x00", violation: StatusProtocolError},
	{name: "125 in two bytes", stream: "\x82\x7e\x00\x7d" + strings.Repeat("x", 125), violation: StatusProtocolError},
	{name: "nothing in two bytes", stream: "\x82\x7e\x00\x00", violation: StatusProtocolError},
	{name: "65,535 in eight bytes", stream: "\x82\x7f\x00\x00\x00\x00\x00\x00\xff\xff", violation: StatusProtocolError},
	{name: "first bit of eight bytes", stream: "\x82\x7f\x80\x00\x00\x00\x00\x00\x00\x00", violation: StatusProtocolError},

	// §5.5: control frames.
	{name: "ping of 125 bytes", stream: frame(true, opPing, strings.Repeat("x", 125))},
	{name: "ping of 126 bytes", stream: frame(true, opPing, strings.Repeat("x", 126)), violation: StatusProtocolError},
	{name: "pong of 65,536 bytes", stream: frame(true, opPong, strings.Repeat("x", 1<<16)), violation: StatusProtocolError},
	{name: "fragmented ping", stream: frame(false, opPing, ""), violation: StatusProtocolError},
	{name: "fragmented close", stream: frame(false, opClose, ""), violation: StatusProtocolError},
	{name: "unasked pong", stream: frame(true, opPong, "x") + frame(true, Text, "a"), messages: []message{{Text, "a"}}},

	// §5.5.1 and §7.4: close.
	{name: "close", stream: frame(true, opClose, closing(1000, "done")) + frame(true, Text, "late"), closed: 1000},
	{name: "close without a status", stream: frame(true, opClose, ""), closed: StatusNone},
	{name: "close with half a status", stream: frame(true, opClose, "\x03"), violation: StatusProtocolError},
	{name: "close with the longest reason", stream: frame(true, opClose, closing(1000, strings.Repeat("x", 123))), closed: 1000},
	{name: "close with a reason that is not UTF-8", stream: frame(true, opClose, closing(1000, "\xff")), violation: StatusBadData},

	// §8.1: text is UTF-8.
	{name: "text beyond ASCII", stream: frame(true, Text, "κόσμε €\U0010ffff"), messages: []message{{Text, "κόσμε €\U0010ffff"}}},
	{name: "character over two fragments", stream: frame(false, Text, "\xe2\x82") + frame(true, opContinuation, "\xac"), messages: []message{{Text, "€"}}},
	{name: "text that is not UTF-8", stream: frame(true, Text, "hello\xff"), violation: StatusBadData},
	{name: "text of a surrogate", stream: frame(true, Text, "\xed\xa0\x80"), violation: StatusBadData},
	{name: "text of an overlong form", stream: frame(true, Text, "\xc0\xaf"), violation: StatusBadData},
	{name: "text cut in a character", stream: frame(true, Text, "\xe2\x82"), violation: StatusBadData},
	{name: "fragments that are not UTF-8", stream: frame(false, Text, "\xe2") + frame(true, opContinuation, "x"), violation: StatusBadData},
	{name: "binary of any bytes", stream: frame(true, Binary, "\xff\xc0\xed\xa0"), messages: []message{{Binary, "\xff\xc0\xed\xa0"}}},

	// §7.4.1: too big to process.
	{name: "as long as allowed", stream: frame(true, Binary, strings.Repeat("x", testLimit)), messages: []message{{Binary, strings.Repeat("x", testLimit)}}},
	{name: "too long", stream: frame(true, Binary, strings.Repeat("x", testLimit+1)), violation: StatusTooBig},
	{name: "far too long, announced only", stream: "\x82\x7f\x7f\xff\xff\xff\xff\xff\xff\xff", violation: StatusTooBig},
	{name: "fragments as long as allowed", stream: frame(false, Binary, strings.Repeat("x", testLimit-1)) + frame(true, opContinuation, "y"),
		messages: []message{{Binary, strings.Repeat("x", testLimit-1) + "y"}}},
	{name: "fragments too long", stream: frame(false, Binary, strings.Repeat("x", testLimit)) + frame(true, opContinuation, "y"), violation: StatusTooBig},
	{name: "fragments too long, announced only", stream: frame(false, Binary, strings.Repeat("x", testLimit)) + "\x80\x01", violation: StatusTooBig},
}

// The rules are the same for both ends, but that a client masks its frames and a
// server does not (§5.1).
func TestRules(t *testing.T) {
	for _, c := range rules {
		t.Run(c.name, func(t *testing.T) { testRule(t, end{limit: testLimit}, c) })
		if c.name == "masked" || c.name == "masked close" {
			continue
		}
		c.stream = masked(c.stream)
		t.Run("server/"+c.name, func(t *testing.T) { testRule(t, end{role: server, limit: testLimit}, c) })
	}
	for _, stream := range []string{"\x81\x00", "\x88\x00", "\x89\x01x", "\x82\x7e\x01\x00"} {
		c := rule{name: "unmasked", stream: stream, violation: StatusProtocolError}
		t.Run("server/unmasked", func(t *testing.T) { testRule(t, end{role: server, limit: testLimit}, c) })
	}
}

// With permessage-deflate RSV1 has a meaning, on the first frame of a message
// (RFC 7692 §6).
func TestRulesOfRSV1(t *testing.T) {
	const hello = "\xf2\x48\xcd\xc9\xc9\x07\x00"
	for _, c := range []rule{
		{name: "compressed", stream: "\xc1\x07" + hello, messages: []message{{Text, "Hello"}}},
		{name: "in fragments", stream: "\x41\x03" + hello[:3] + "\x89\x01p" + "\x80\x04" + hello[3:], messages: []message{{Text, "Hello"}}},
		{name: "and one that is not", stream: "\xc2\x07" + hello + "\x82\x01x", messages: []message{{Binary, "Hello"}, {Binary, "x"}}},
		{name: "on a continuation", stream: "\x41\x03" + hello[:3] + "\xc0\x04" + hello[3:], violation: StatusProtocolError},
		{name: "on a ping", stream: "\xc9\x00", violation: StatusProtocolError},
		{name: "on a close", stream: "\xc8\x00", violation: StatusProtocolError},
		{name: "with RSV2", stream: "\xe1\x00", violation: StatusProtocolError},
		{name: "text that is not UTF-8", stream: "\xc1\x08" + "\x00\x01\x00\xfe\xff\xff\x00" + "\x00", violation: StatusBadData},
		{name: "no DEFLATE", stream: "\xc1\x02\xff\xff", violation: StatusBadData},
		{name: "nothing at all", stream: "\xc1\x00", violation: StatusBadData},
		{name: "too long when inflated", stream: frameBits(bitRSV1, Binary, string(appendDeflated(nil, make([]byte, testLimit+1)))), violation: StatusTooBig},
	} {
		t.Run(c.name, func(t *testing.T) {
			testRule(t, end{limit: testLimit, deflate: new(inflater)}, c)
			c.stream = masked(c.stream)
			testRule(t, end{role: server, limit: testLimit, deflate: new(inflater)}, c)
		})
	}
}

// frameBits is a whole frame with reserved bits.
func frameBits(bits byte, op Opcode, payload string) string {
	b := []byte(frame(true, op, payload))
	b[0] |= bits
	return string(b)
}

func testRule(t *testing.T, e end, c rule) {
	t.Helper()
	o := e.conclude(t, &peer{says: []byte(c.stream)})
	if !slices.Equal(o.messages, c.messages) {
		t.Errorf("messages %v, not %v", o.messages, c.messages)
	}
	var violated *Violation
	var closed *CloseError
	switch {
	case c.violation != 0:
		if !errors.As(o.err, &violated) || violated.Status != c.violation {
			t.Errorf("the error is %v, not status %d", o.err, c.violation)
		} else if last := o.answers[len(o.answers)-1]; last != (answer{opClose, closing(violated.Status, violated.Reason)}) {
			t.Errorf("the server was told %v, not %v", last, violated)
		}
	case c.closed != 0:
		if !errors.As(o.err, &closed) || closed.Status != c.closed {
			t.Errorf("the error is %v, not the server's close with %d", o.err, c.closed)
		}
		echo := closing(c.closed, "")
		if c.closed == StatusNone {
			echo = ""
		}
		if last := o.answers[len(o.answers)-1]; last != (answer{opClose, echo}) {
			t.Errorf("the close was answered with %v, not %q", last, echo)
		}
	default:
		if errors.As(o.err, &violated) || errors.As(o.err, &closed) || !strings.Contains(o.err.Error(), "without a close frame") {
			t.Errorf("the error is %v, not that the other end left", o.err)
		}
	}
}

// Every opcode but six means nothing (§5.2, §11.8).
func TestOpcodes(t *testing.T) {
	for op := range Opcode(16) {
		o := conclude(t, &peer{says: []byte{0x80 | byte(op), 0}}, MaxMessage)
		var v *Violation
		unknown := errors.As(o.err, &v) && strings.Contains(v.Reason, "means nothing")
		if defined := slices.Contains([]Opcode{0, 1, 2, 8, 9, 10}, op); unknown == defined {
			t.Errorf("opcode %#x: %v", byte(op), o.err)
		}
	}
}

// Where the bytes are cut up is the network's business: at any offset, and
// everywhere.
func TestBytesSplitAnywhere(t *testing.T) {
	for _, c := range rules {
		t.Run(c.name, func(t *testing.T) {
			splitAnywhere(t, end{limit: testLimit}, c.stream)
			splitAnywhere(t, end{role: server, limit: testLimit}, masked(c.stream))
		})
	}
}

func splitAnywhere(t *testing.T, e end, stream string) {
	t.Helper()
	want := e.conclude(t, &peer{says: []byte(stream)})
	check := func(how string, cut func(int) int) {
		got := e.conclude(t, &peer{says: []byte(stream), cut: cut})
		if !got.equal(want) {
			t.Fatalf("%s it comes to %+v, not %+v", how, got, want)
		}
	}
	check("byte by byte", func(int) int { return 1 })
	for at := 1; at < min(len(stream), 400); at++ {
		left := at
		check(fmt.Sprintf("cut after %d bytes", at), func(most int) int {
			if left == 0 {
				return most
			}
			n := min(left, most)
			left -= n
			return n
		})
	}
}

// Many frames come with one read. The first message that is larger than what is read
// to takes the reads that double it.
func TestReads(t *testing.T) {
	for _, c := range []struct{ size, messages, most int }{{10, 8, 1}, {1 << 20, 8, 8 * 11}} {
		reads := 0
		stream := masked(strings.Repeat(frame(true, Binary, strings.Repeat("x", c.size)), c.messages))
		e := end{role: server, limit: MaxMessage}
		o := e.run(t, &peer{says: []byte(stream), cut: func(most int) int { reads++; return most }}, (*Conn).readAll)
		if len(o.messages) != c.messages || reads > c.most {
			t.Errorf("%d messages of %d bytes took %d reads, more than %d", len(o.messages), c.size, reads, c.most)
		}
	}
}
