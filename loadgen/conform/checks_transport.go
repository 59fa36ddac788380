package conform

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"time"
)

// transport is how a handshake arrives: in pieces, with more behind it, too
// large, or never whole.
var transport = []Check{
	{Rule: "RFC 9112 §2.2", Severity: Must, Name: "a handshake cut in two at any byte: agreed to", cases: each(strides(8), (*probe).split)},
	{Rule: "RFC 9112 §2.2", Severity: Must, Name: "a handshake byte by byte: agreed to", cases: each([]stride{{0, 1}}, (*probe).split)},
	// A client must wait for the 101 (§4.1), and yet a server that has taken more
	// than the head from the network has to keep it: it may not take it for HTTP.
	{Rule: "§4.1", Severity: Should, Name: "a frame behind the handshake is taken after the 101", needs: needsOpen, cases: once(func(p *probe) error {
		c, err := p.dial()
		if err != nil {
			return err
		}
		c.write(c.what+" and a ping in one write", append(c.request.bytes(), ping("early").bytes()...))
		s, err := c.opened(c.answer())
		if err != nil {
			return err
		}
		return s.pong("early")
	})},
	{Rule: "RFC 9110 §5.4", Severity: Should, Name: "header fields without end are cut short", cases: once(endless)},
	{Rule: "§10.4", Severity: Should, Name: "a handshake that never ends is cut", needs: needsSlow, cases: once(slow)},
}

// A stride cuts bytes at from, from+by, from+2·by and so on.
type stride struct{ from, by int }

// strides cut at every byte together, and at one in n each.
func strides(n int) []stride {
	var all []stride
	for i := range n {
		all = append(all, stride{i, n})
	}
	return all
}

// pieces are what a stride cuts bytes into.
func (s stride) pieces(b []byte) [][]byte {
	var pieces [][]byte
	begin := 0
	for cut := s.from; cut < len(b); cut += s.by {
		if cut > begin {
			pieces = append(pieces, b[begin:cut])
			begin = cut
		}
	}
	return append(pieces, b[begin:])
}

// split sends a handshake in pieces. A write is a segment of its own, since the
// connection does not wait to fill one.
func (p *probe) split(s stride) error {
	c, err := p.dial()
	if err != nil {
		return err
	}
	pieces := s.pieces(c.request.bytes())
	c.write(fmt.Sprintf("%s in %d writes", c.what, len(pieces)), pieces[0])
	for _, piece := range pieces[1:] {
		c.write("", piece)
	}
	_, err = c.opened(c.answer())
	return err
}

// endless sends header fields until the server has had enough, 8 MB at most.
func endless(p *probe) error {
	c, err := p.dial()
	if err != nil {
		return err
	}
	c.write("a handshake with header fields without end", bytes.TrimSuffix(c.request.bytes(), []byte("\r\n")))
	line := "X-Conform: " + strings.Repeat("x", 1000) + "\r\n"
	block := []byte(strings.Repeat(line, 64))
	for sent := 0; sent < 8<<20 && !c.stuck; sent += len(block) {
		if in, err := c.now(); err != nil || len(in) > 0 {
			break
		}
		c.write("", block)
	}
	in, err := c.await(p.until(), func(in []byte) bool { return len(in) > 0 })
	if errors.Is(err, errEnd) {
		return nil // an end is an answer, too: the status may be lost where we were still writing
	}
	if err != nil {
		c.heardError(err)
		return c.wrong("want 431, 400 or the end of the connection")
	}
	answer, err := c.head()
	if err == nil && (isBusy(answer.status) || answer.status < 400 || answer.status > 499) {
		err = c.misanswered(answer, "want 431 or 400, not %s", quote(in))
	}
	return err
}

// slow sends a handshake a byte a second, and wants it cut.
func slow(p *probe) error {
	c, err := p.dial()
	if err != nil {
		return err
	}
	head := c.request.bytes()
	c.write(fmt.Sprintf("a handshake a byte a second, for %v", p.Slow), head[:1])
	end := time.Now().Add(p.Slow)
	for i := 1; time.Now().Before(end) && i < len(head)-4; i++ { // never its end
		_, err := c.await(earlier(end, time.Now().Add(time.Second)), func(in []byte) bool { return len(in) > 0 })
		switch {
		case err == nil || errors.Is(err, errEnd): // 408, or the end alone
			return nil
		case err != errSilence:
			return err
		}
		c.write("", head[i:i+1])
	}
	return c.wrong("want it cut")
}
