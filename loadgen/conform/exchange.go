package conform

import (
	"bytes"
	"fmt"
	"maps"
	"strconv"
	"strings"
	"time"
)

// head takes the head of the next answer, past those that only announce one
// (RFC 9110 §15.2).
func (c *conn) head() (*response, error) {
	for range maxInterim {
		r, err := c.oneHead()
		if err != nil || r.status == 101 || r.status >= 200 {
			return r, err
		}
		if _, err := r.framing(); err != nil {
			return nil, c.wrong("that is no HTTP: %v", err)
		}
	}
	return nil, c.wrong("want an answer after %d that announce one", maxInterim)
}

// maxInterim bounds the answers with a status of 100 to 199 before the one that
// counts.
const maxInterim = 10

func (c *conn) oneHead() (*response, error) {
	var r *response
	var size int
	var malformed error
	in, err := c.await(c.probe.until(), func(in []byte) bool {
		r, size, malformed = parseResponse(in)
		return size > 0 || malformed != nil
	})
	switch {
	case malformed != nil:
		c.heard(quote(in))
		return nil, c.wrong("that is no HTTP: %v", malformed)
	case err != nil:
		if len(in) > 0 {
			c.heard(quote(in))
		}
		c.heardError(err)
		if len(in) > 0 {
			return nil, c.wrong("want an answer with a head that ends, in CRLF CRLF (RFC 9112 §2.1)")
		}
		return nil, c.wrong("want an HTTP response")
	}
	c.drop(size)
	c.heard(strconv.Itoa(r.status))
	return r, nil
}

// answer takes an answer that is not 101 whole: where a body does not end as its
// head says, the response is malformed, and returned with the error.
func (c *conn) answer() (*response, error) {
	r, err := c.head()
	if err != nil || r.status == 101 {
		return r, err
	}
	switch r.status {
	case 429, 502, 503, 504: // the server says that it cannot at present, or somebody before it does
		c.probe.doubtful = true
	}
	n, err := r.framing()
	if err != nil {
		return r, c.wrong("that is no HTTP: %v", err)
	}
	until := c.probe.until()
	switch n {
	case inChunks:
		err = c.chunks(r, until)
	case untilClose:
		switch r.body, err = c.await(until, func(in []byte) bool { return len(in) > maxBody }); err {
		case errEnd:
			return r, nil
		case nil:
			return r, c.wrong("want a body of %d bytes at most", maxBody)
		}
		c.heardError(err)
		return r, c.wrong("want Content-Length, chunks, or the end of the connection after the body (RFC 9112 §6.3)")
	default:
		r.body, err = c.take(n, until)
	}
	if err != nil {
		c.heardError(err)
		return r, c.wrong("want the whole body")
	}
	return r, nil
}

// chunks takes a body in chunks (RFC 9112 §7.1), without trailers.
func (c *conn) chunks(r *response, until time.Time) error {
	for total := 0; ; {
		line, err := c.line(until)
		if err == nil && time.Now().After(until) {
			err = errNoEnd
		}
		if err != nil {
			return err
		}
		digits, _, _ := strings.Cut(line, ";")
		n, err := strconv.ParseUint(strings.TrimRight(digits, " \t"), 16, 31)
		if total += int(n); err != nil || total > maxBody {
			return fmt.Errorf("the chunk size %q", shorten(line, 40))
		}
		body, err := c.take(int(n)+2*min(1, int(n)), until)
		switch {
		case err != nil:
			return err
		case n > 0 && !bytes.HasSuffix(body, []byte("\r\n")):
			return fmt.Errorf("a chunk of %d bytes without its CRLF", n)
		case n > 0:
			r.body = append(r.body, body[:n]...)
		default:
			end, err := c.line(until)
			if err == nil && end != "" {
				err = fmt.Errorf("%q after the last chunk", shorten(end, 40))
			}
			return err
		}
	}
}

// line takes what comes up to a CRLF.
func (c *conn) line(until time.Time) (string, error) {
	const most = 256
	end := -1
	in, err := c.await(until, func(in []byte) bool {
		end = bytes.Index(in, []byte("\r\n"))
		return end >= 0 || len(in) > most
	})
	if err != nil {
		return "", err
	}
	if end < 0 {
		return "", fmt.Errorf("a line of more than %d bytes", most)
	}
	c.drop(end + 2)
	return string(in[:end]), nil
}

func quote(b []byte) string { return strconv.Quote(shorten(string(b), 60)) }

// ask sends a handshake on a connection of its own and takes the answer.
func (p *probe) ask(edits ...edit) (*conn, *response, error) {
	c, err := p.dial()
	if err != nil {
		return nil, nil, err
	}
	r, what := p.target.edited(edits...)
	c.write(what, r.bytes())
	answer, err := c.answer()
	if len(edits) == 0 {
		if refused := c.refused(answer, err); refused != nil {
			err = refused
		}
	}
	return c, answer, err
}

// misanswered is what an answer comes to that is not the one that is due. A server
// that cannot at present breaks no rule.
func (c *conn) misanswered(answer *response, format string, args ...any) error {
	if isBusy(answer.status) {
		return c.refused(answer, nil)
	}
	return c.wrong(format, args...)
}

// open opens a WebSocket connection of its own by a handshake that is not like
// others.
func (p *probe) open(edits ...edit) (*session, error) {
	c, err := p.dial()
	if err != nil {
		return nil, err
	}
	r, what := p.target.edited(edits...)
	c.write(what, r.bytes())
	answer, err := c.answer()
	return c.opened(r, answer, err)
}

// plain opens one by a handshake that the server has agreed to before. That it
// does not now breaks no rule: it may have its reasons.
func (p *probe) plain(edits ...edit) (*session, error) {
	c, err := p.dial()
	if err != nil {
		return nil, err
	}
	r, what := p.target.edited(edits...)
	c.write(what, r.bytes())
	answer, err := c.answer()
	if refused := c.refused(answer, err); refused != nil {
		return nil, refused
	}
	return c.opened(r, answer, err)
}

// opened makes a session of the 101 that answers a handshake.
func (c *conn) opened(r *request, answer *response, err error) (*session, error) {
	switch {
	case err != nil:
		return nil, err
	case answer.status != 101:
		return nil, c.misanswered(answer, "want 101")
	}
	if got, want := answer.values("Sec-WebSocket-Accept"), accept(r.values("Sec-WebSocket-Key")[0]); len(got) == 0 || got[0] != want {
		return nil, c.wrong("want Sec-WebSocket-Accept: %s, not %q", want, got)
	}
	s := &session{conn: c, answer: answer, unasked: maps.Clone(c.probe.unasked), windowBits: maxWindowBits}
	agreed, err := parseExtensions(answer.values("Sec-WebSocket-Extensions"))
	if err != nil {
		return nil, c.wrong("%v", err)
	}
	for _, e := range agreed {
		if e.deflates() {
			s.inflate = &inflater{takeover: !e.has("server_no_context_takeover")}
			s.clientTakeover = !e.has("client_no_context_takeover")
			s.windowBits = e.windowBits()
		}
	}
	return s, nil
}
