package conform

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// response is the head of an answer, and its body where that was taken.
type response struct {
	status int
	fields
	body []byte
}

// Bounds of what is taken from a server.
const (
	maxHead = 64 << 10
	maxBody = 1 << 20
)

// parseResponse reads the head of a response as strictly as RFC 9112 §4 and §5
// write it: what a lenient client would still take is malformed. It returns the
// bytes that the head takes, 0 as long as its end is not there.
func parseResponse(b []byte) (*response, int, error) {
	end := bytes.Index(b, []byte("\r\n\r\n"))
	if end > maxHead || end < 0 && len(b) > maxHead+3 { // all of CRLF CRLF but its last byte may be there
		return nil, 0, fmt.Errorf("a head of more than %d bytes", maxHead)
	}
	if end < 0 {
		return nil, 0, nil
	}
	lines := strings.Split(string(b[:end]), "\r\n")
	status, err := parseStatusLine(lines[0])
	if err != nil {
		return nil, 0, err
	}
	r := &response{status: status}
	for _, line := range lines[1:] {
		// name ":" OWS value OWS (RFC 9112 §5). A folded line begins with a blank and is none (§5.2).
		name, value, ok := strings.Cut(line, ":")
		if !ok || !isToken(name) || hasControls(value) {
			return nil, 0, fmt.Errorf("header line %q is not a name, a colon and a value", shorten(line, 60))
		}
		r.fields = append(r.fields, line)
	}
	return r, end + 4, nil
}

// statusLine is HTTP-version SP status-code SP [reason] (RFC 9112 §4).
var statusLine = regexp.MustCompile(`^HTTP/1\.[01] ([1-9][0-9]{2}) [^\x00-\x08\x0a-\x1f\x7f]*$`)

func parseStatusLine(line string) (int, error) {
	if !strings.HasPrefix(line, "HTTP/1.1 ") && !strings.HasPrefix(line, "HTTP/1.0 ") {
		return 0, fmt.Errorf("status line %q does not begin with HTTP/1.1 and a blank", shorten(line, 60))
	}
	if parts := statusLine.FindStringSubmatch(line); parts != nil {
		return strconv.Atoi(parts[1])
	}
	return 0, fmt.Errorf("status line %q is not a version, three digits and a reason, a blank between them", shorten(line, 60))
}

// Ways in which a body ends (RFC 9112 §6.3).
const (
	untilClose = -1
	inChunks   = -2
)

// framing says how long the body is, or how its end is told.
func (r *response) framing() (int, error) {
	lengths, codings := r.values("Content-Length"), r.values("Transfer-Encoding")
	none := r.status < 200 || r.status == 204
	switch {
	case none && (len(lengths) > 0 || len(codings) > 0):
		return 0, fmt.Errorf("a %d with a Content-Length or Transfer-Encoding (RFC 9110 §8.6, RFC 9112 §6.1)", r.status)
	case none || r.status == 304:
		return 0, nil
	case len(codings) > 0 && len(lengths) > 0:
		return 0, errors.New("both Transfer-Encoding and Content-Length (RFC 9112 §6.2)")
	case len(codings) > 0:
		if len(codings) > 1 || !strings.EqualFold(codings[0], "chunked") {
			return 0, fmt.Errorf("Transfer-Encoding %q, which was not asked for", codings)
		}
		return inChunks, nil
	case len(lengths) == 0:
		return untilClose, nil
	}
	n, err := strconv.ParseUint(lengths[0], 10, 31)
	if err != nil || len(lengths) > 1 {
		return 0, fmt.Errorf("Content-Length %q is not a number", lengths)
	}
	if n > maxBody {
		return 0, fmt.Errorf("a body of more than %d bytes", maxBody)
	}
	return int(n), nil
}
