package conform

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"maps"
	"net/http/httputil"
	"strconv"
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
	in, err := c.await(c.until(), func(in []byte) bool {
		r, size, malformed = parseResponse(in)
		return size > 0 || malformed != nil
	})
	if malformed == nil && err == nil {
		c.drop(size)
		c.heard(strconv.Itoa(r.status))
		return r, nil
	}
	if len(in) > 0 {
		c.heard(quote(in))
	}
	if malformed != nil {
		return nil, c.wrong("that is no HTTP: %v", malformed)
	}
	c.heardError(err)
	if len(in) > 0 {
		return nil, c.wrong("want an answer with a head that ends, in CRLF CRLF (RFC 9112 §2.1)")
	}
	return nil, c.wrong("want an HTTP response")
}

// shake sends the handshake and takes the answer.
func (c *conn) shake() (*response, error) {
	c.write(c.what, c.request.bytes())
	return c.answer()
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
		c.doubtful = true
	}
	n, err := r.framing()
	if err != nil {
		return r, c.wrong("that is no HTTP: %v", err)
	}
	rest := &incoming{c, c.until()}
	switch n {
	case inChunks:
		r.body, err = chunked(rest)
	case untilClose:
		r.body, err = io.ReadAll(io.LimitReader(rest, maxBody+1))
	default:
		r.body, err = io.ReadAll(io.LimitReader(rest, int64(n)))
	}
	switch {
	case n == untilClose && err == errEnd:
		return r, nil
	case len(r.body) > maxBody:
		return r, c.wrong("want a body of %d bytes at most", maxBody)
	case err == nil:
		return r, nil
	}
	c.heardError(err)
	if n == untilClose {
		return r, c.wrong("want Content-Length, chunks, or the end of the connection after the body (RFC 9112 §6.3)")
	}
	return r, c.wrong("want the whole body")
}

// chunked reads a body in chunks (RFC 9112 §7.1), without trailers.
func chunked(r io.Reader) ([]byte, error) {
	in := bufio.NewReader(r)
	body, err := io.ReadAll(io.LimitReader(httputil.NewChunkedReader(in), maxBody+1))
	if err != nil || len(body) > maxBody {
		return body, err
	}
	end := make([]byte, 2)
	if _, err = io.ReadFull(in, end); err == nil && string(end) != "\r\n" {
		err = fmt.Errorf("%q after the last chunk", end)
	}
	return body, err
}

// incoming is what comes on a connection, as a reader.
type incoming struct {
	c     *conn
	until time.Time
}

// Read implements io.Reader.
func (i *incoming) Read(p []byte) (int, error) {
	in, err := i.c.await(i.until, func(in []byte) bool { return len(in) > 0 })
	if err == nil && time.Now().After(i.until) {
		err = errNoEnd
	}
	if err != nil {
		return 0, err
	}
	n := copy(p, in)
	i.c.drop(n)
	return n, nil
}

func quote(b []byte) string { return strconv.Quote(shorten(string(b), 60)) }

// ask sends a handshake on a connection of its own and takes the answer. The
// connection is nil where there is none.
func (p *probe) ask(edits ...edit) (*conn, *response, error) {
	c, err := p.dial(edits...)
	if err != nil {
		return nil, nil, err
	}
	answer, err := c.shake()
	if len(edits) == 0 {
		err = cmp.Or(c.refused(answer), err)
	}
	return c, answer, err
}

// misanswered is what an answer comes to that is not the one that is due. A server
// that cannot at present breaks no rule.
func (c *conn) misanswered(answer *response, format string, args ...any) error {
	if isBusy(answer.status) {
		return c.refused(answer)
	}
	return c.wrong(format, args...)
}

// open opens a WebSocket connection of its own by a handshake that is not like
// others.
func (p *probe) open(edits ...edit) (*session, error) {
	c, answer, err := p.ask(edits...)
	return c.opened(answer, err)
}

// plain opens one by a handshake that the server has agreed to before, with
// compression for a check of that. That it does not now breaks no rule: it may
// have its reasons.
func (p *probe) plain() (*session, error) {
	var edits []edit
	deflates := p.needs&needsDeflate != 0
	if deflates {
		edits = append(edits, set("Sec-WebSocket-Extensions", p.Deflate))
	}
	c, answer, err := p.ask(edits...)
	if c != nil {
		err = cmp.Or(c.refused(answer), err)
	}
	s, err := c.opened(answer, err)
	if err == nil && deflates && s.inflate == nil {
		err = s.wrong("want permessage-deflate agreed to, as before")
	}
	return s, err
}

// opened makes a session of the 101 that answers a handshake, where there is an answer.
func (c *conn) opened(answer *response, err error) (*session, error) {
	if err != nil {
		return nil, err
	}
	if answer.status != 101 {
		return nil, c.misanswered(answer, "want 101")
	}
	if got, want := answer.values("Sec-WebSocket-Accept"), accept(c.request.values("Sec-WebSocket-Key")[0]); len(got) == 0 || got[0] != want {
		return nil, c.wrong("want Sec-WebSocket-Accept: %s, not %q", want, got)
	}
	s := &session{conn: c, answer: answer, unasked: maps.Clone(c.unasked), windowBits: maxWindowBits}
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
