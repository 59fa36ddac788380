package conform

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// head takes the head of the next answer.
func (c *conn) head() (*response, error) {
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
// head says, the response is malformed.
func (c *conn) answer() (*response, error) {
	r, err := c.head()
	if err != nil || r.status == 101 {
		return r, err
	}
	n, err := r.framing()
	if err != nil {
		return nil, c.wrong("that is no HTTP: %v", err)
	}
	until := c.probe.until()
	switch n {
	case inChunks:
		err = c.chunks(until)
	case untilClose:
		switch _, err = c.await(until, func(in []byte) bool { return len(in) > maxBody }); err {
		case errEnd:
			return r, nil
		case nil:
			return nil, c.wrong("want a body of %d bytes at most", maxBody)
		}
		c.heardError(err)
		return nil, c.wrong("want Content-Length, chunks, or the end of the connection after the body (RFC 9112 §6.3)")
	default:
		_, err = c.take(n, until)
	}
	if err != nil {
		c.heardError(err)
		return nil, c.wrong("want the whole body")
	}
	return r, nil
}

// chunks takes a body in chunks (RFC 9112 §7.1), without trailers.
func (c *conn) chunks(until time.Time) error {
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
		case n == 0:
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
	return c, answer, err
}

// upgrade sends a handshake and wants it to open the connection.
func (c *conn) upgrade(r *request, what string) (*session, error) {
	c.write(what, r.bytes())
	return c.opened(r)
}

// opened takes the 101 that answers a handshake.
func (c *conn) opened(r *request) (*session, error) {
	answer, err := c.answer()
	if err != nil {
		return nil, err
	}
	if answer.status != 101 {
		return nil, c.wrong("want 101")
	}
	if got, want := answer.values("Sec-WebSocket-Accept"), accept(r.values("Sec-WebSocket-Key")[0]); len(got) == 0 || got[0] != want {
		return nil, c.wrong("want Sec-WebSocket-Accept: %s, not %q", want, got)
	}
	s := &session{conn: c, answer: answer}
	agreed, err := parseExtensions(answer.values("Sec-WebSocket-Extensions"))
	if err != nil {
		return nil, c.wrong("%v", err)
	}
	for _, e := range agreed {
		if e.name == deflateName {
			s.inflate = &inflater{takeover: !e.has("server_no_context_takeover")}
			s.clientTakeover = !e.has("client_no_context_takeover")
		}
	}
	return s, nil
}

// open opens a WebSocket connection of its own.
func (p *probe) open(edits ...edit) (*session, error) {
	c, err := p.dial()
	if err != nil {
		return nil, err
	}
	return c.upgrade(p.target.edited(edits...))
}
