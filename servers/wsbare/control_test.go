package wsbare

import (
	"errors"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"pushbench/servers/feed"
)

// Each frame is masked with a key of its own (§5.3).
func TestKeysDiffer(t *testing.T) {
	const frames = 4 // 2⁻³² that two of them share their key
	p := &peer{says: []byte(strings.Repeat(frame(true, opPing, ""), frames))}
	conclude(t, p, MaxMessage)
	seen := make(map[string]bool)
	for f := p.heard; len(f) >= 6; f = f[6:] {
		seen[string(f[2:6])] = true
	}
	if len(seen) != frames {
		t.Errorf("%d frames have %d keys", frames, len(seen))
	}
}

// Which statuses a close frame may have: §7.4.1, §7.4.2 and IANA's registry.
func TestStatuses(t *testing.T) {
	valid := map[Status]bool{1000: true, 1001: true, 1002: true, 1003: true, 1007: true, 1008: true, 1009: true,
		1010: true, 1011: true, 1012: true, 1013: true, 1014: true}
	for s := range Status(65535) {
		want := valid[s] || s >= 3000 && s <= 4999
		closed, err := parseClose([]byte(closing(s, "why")))
		if want && (err != nil || closed.Status != s || closed.Reason != "why") || !want && err == nil {
			t.Errorf("status %d comes to %v and %v", s, closed, err)
		}
	}
}

// A reason that is too long for a close frame is cut where a character ends.
func TestLongReasonIsCut(t *testing.T) {
	for n := range 4 {
		payload := appendStatus(nil, StatusProtocolError, strings.Repeat("x", n)+strings.Repeat("€", 50))
		if len(payload) > maxControl || len(payload) < maxControl-2 || !utf8.Valid(payload[2:]) {
			t.Errorf("the payload has %d bytes: %q", len(payload), payload)
		}
	}
	if payload := appendStatus(nil, StatusProtocolError, strings.Repeat("x", 123)); len(payload) != maxControl {
		t.Errorf("a reason that just fits was cut to %d bytes", len(payload)-2)
	}
}

// A server that pings and does not read does not hold the client up for ever.
func TestServerThatDoesNotRead(t *testing.T) {
	for name, stream := range map[string]string{"ping": frame(true, opPing, ""), "violation": "\xff\xff"} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				near, far := net.Pipe()
				defer far.Close()
				go far.Write([]byte(stream))
				start := time.Now()
				c := newClient(near, new(feed.Meter))
				if _, _, err := c.NextMessage(); err == nil {
					t.Error("there was no error")
				}
				if took := time.Since(start); took != patience {
					t.Errorf("it took %v", took)
				}
			})
		})
	}
}

// What the server wrote is quoted: an error is one line.
func TestErrorsAreOneLine(t *testing.T) {
	for _, stream := range []string{
		frame(true, opClose, closing(1001, "a\nb")),
		frame(true, opClose, ""),
		"\x81\x80",
		"\x81",
		"",
	} {
		if err := conclude(t, &peer{says: []byte(stream)}, MaxMessage).err; strings.Contains(err.Error(), "\n") || err.Error() == "" {
			t.Errorf("%q: %q", stream, err)
		}
	}
}

// Close ends a read that is under way.
func TestClose(t *testing.T) {
	near, far := net.Pipe()
	defer far.Close()
	c := newClient(near, new(feed.Meter))
	ended := make(chan error)
	go func() {
		_, _, err := c.NextMessage()
		ended <- err
	}()
	far.Write([]byte("\x81")) // it is reading
	c.Close()
	if err := <-ended; err == nil {
		t.Error("there was no error")
	} else if v := (*Violation)(nil); errors.As(err, &v) {
		t.Errorf("the server is blamed: %v", err)
	}
}

// A message costs no memory, whoever reads it and wherever it is cut.
func TestMessageDoesNotAllocate(t *testing.T) {
	const runs = 100
	message := frame(true, Text, strings.Repeat("x", 200))
	c := newClient(&peer{says: []byte(strings.Repeat(message, runs+2))}, new(feed.Meter))
	if _, _, err := c.NextMessage(); err != nil { // with which the inbox comes
		t.Fatal(err)
	}
	if n := testing.AllocsPerRun(runs, func() { c.NextMessage() }); n != 0 {
		t.Errorf("each message that is read takes %v allocations", n)
	}
	c = newClient(new(peer), new(feed.Meter))
	stream, got := []byte(message+message), 0
	n := testing.AllocsPerRun(runs, func() {
		for _, p := range [][]byte{stream[:150], stream[150:]} {
			if err := c.take(p, func(Opcode, []byte) error { got++; return nil }); err != nil {
				t.Fatal(err)
			}
		}
	})
	if n != 0 || got != 2*(runs+1) {
		t.Errorf("each two messages that are taken take %v allocations; %d came", n, got)
	}
}
