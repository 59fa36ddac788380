package conform

import (
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"
)

// unavailable is why a check could not be made, in one line: what happened, and
// what would mend it. A server that is not there, or that does not let us in,
// breaks no rule of the RFC.
type unavailable struct {
	error
	busy bool // for the present
}

func (u unavailable) Unwrap() error { return u.error }

func unavailablef(format string, args ...any) error {
	return unavailable{error: fmt.Errorf(format, args...)}
}

// unreached is why there is no connection.
func unreached(t *Target, err error) error {
	_, inClear := errors.AsType[tls.RecordHeaderError](err)
	_, untrusted := errors.AsType[*tls.CertificateVerificationError](err)
	mend := ""
	switch {
	case inClear:
		mend = "; it does not speak TLS: give " + t.with("ws")
	case untrusted:
		mend = "; -insecure does not check the certificate"
	case t.secure && errors.Is(err, io.EOF):
		mend = " in place of a TLS handshake; if it does not speak TLS, give " + t.with("ws")
	}
	return unavailablef("connect to %s: %w%s", t.URL, err, mend)
}

// stands reports why a plain handshake is not answered any more as it was at
// the beginning. A server that has its number of clients may take a moment to see
// that others have gone, and one that lets in so many in a time may take longer.
func (r *runner) stands() error {
	for begun := time.Now(); ; {
		err := r.knock()
		patience := min(r.o.Timeout, time.Second/2)
		if why, _ := err.(unavailable); why.busy {
			patience = min(r.o.Timeout, 2*time.Second)
		}
		if err == nil || time.Since(begun) > patience || r.ctx.Err() != nil {
			return err
		}
		time.Sleep(moment)
	}
}

const moment = 20 * time.Millisecond

// isBusy reports whether a status says that the server cannot at present, whatever
// is asked (RFC 6585 §4, RFC 9110 §15.6.4).
func isBusy(status int) bool {
	return status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable
}

// knock sends a plain handshake.
func (r *runner) knock() error {
	p := r.probe()
	defer p.release()
	c, answer, err := p.ask()
	if c == nil {
		return err
	}
	return c.refused(answer)
}

var anyHow101 = regexp.MustCompile(`^(?i)\s*HTTP/[0-9.]*\s*101`)

// unopened says what a server does in place of opening a connection.
func (t *Target) unopened(format string, args ...any) error {
	return unavailablef("open %s: "+format, append([]any{t.URL}, args...)...)
}

// refused says what the server answers to a legal handshake in place of a 101,
// nil for a 101, however badly that is written: what is wrong with it, the checks
// will say.
func (c *conn) refused(answer *response) error {
	t := c.target
	if answer != nil {
		if answer.status == http.StatusSwitchingProtocols {
			return nil
		}
		why := t.unopened("a legal handshake is answered %d %s%s", answer.status, http.StatusText(answer.status), c.explain(answer))
		return unavailable{why, isBusy(answer.status)}
	}
	in, ended := c.now()
	in = in[:min(len(in), 60)]
	switch {
	case c.ctx.Err() != nil:
		return c.ctx.Err()
	case anyHow101.Match(in):
		return nil
	case len(in) > 1 && in[0] == 0x15 && in[1] == 3: // an alert (RFC 8446 §5.1, §6)
		return t.unopened("a legal handshake is answered with a TLS alert; the server speaks TLS: give %s", t.with("wss"))
	case len(in) > 0:
		return t.unopened("a legal handshake is answered %q, which is no whole HTTP response", in)
	case ended == nil:
		return t.unopened("a legal handshake is not answered within %v; -timeout waits longer", c.Timeout)
	}
	text := "a legal handshake is not answered, and the connection ends"
	if !errors.Is(ended, io.EOF) {
		text += ": " + ended.Error()
	}
	if !t.secure {
		text += "; if the server speaks TLS, give " + t.with("wss")
	}
	return t.unopened("%s", text)
}

// explain says of an answer what tells where to go on from it.
func (c *conn) explain(answer *response) string {
	t := c.target
	text := ""
	for _, name := range []string{"Location", "WWW-Authenticate", "Proxy-Authenticate", "Retry-After", "Sec-WebSocket-Version"} {
		if answer.given(name) {
			text += fmt.Sprintf(", %s: %s", name, printable(answer.first(name), 200))
		}
	}
	words, location := printable(string(answer.body), 80), ""
	if answer.given("Location") && answer.status >= 300 && answer.status < 400 {
		location = t.resolve(answer.first("Location"))
	}
	switch {
	case location != "":
		text += "; give " + location
	case answer.status == http.StatusUnauthorized:
		text += "; give the URL a user, or -header 'Authorization: …'"
	case !t.secure && (bytes.Contains(answer.body, []byte("HTTPS")) || bytes.Contains(answer.body, []byte("SSL-enabled"))):
		text += fmt.Sprintf(", %q; the server speaks TLS: give %s", words, t.with("wss"))
	case words != "":
		text += fmt.Sprintf(", %q", words)
	}
	if answer.status == http.StatusForbidden && !t.given("Origin") {
		text += "; a server may want -header 'Origin: …' (§10.2)"
	}
	return text
}

// resolve is the URL that a Location means (RFC 9110 §10.2.2), "" where that leads
// to no other WebSocket.
func (t *Target) resolve(location string) string {
	base, err := url.Parse(t.URL)
	if err != nil {
		return ""
	}
	to, err := base.Parse(location)
	if err != nil || to.Host == "" || defaultPorts[to.Scheme] == "" {
		return ""
	}
	to.Fragment, to.RawFragment = "", ""
	if to.String() == t.URL {
		return ""
	}
	return printable(to.Redacted(), 200)
}

// printable is text from a server that a terminal takes for nothing else, in one
// line.
func printable(text string, most int) string {
	return shorten(strings.Join(strings.FieldsFunc(strings.ToValidUTF8(text, "?"), func(c rune) bool {
		return c <= ' ' || c >= 0x7f && c < 0xa0 || c == '\u2028' || c == '\u2029'
	}), " "), most)
}
