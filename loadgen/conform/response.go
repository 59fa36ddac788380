package conform

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// response is the head of an answer, and its body where that was taken.
type response struct {
	status int
	fields []field
	body   []byte
}

type field struct{ name, value string }

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
	if end < 0 {
		if len(b) > maxHead+3 { // all of CRLF CRLF but its last byte may be there
			return nil, 0, fmt.Errorf("a head of more than %d bytes", maxHead)
		}
		return nil, 0, nil
	}
	if end > maxHead {
		return nil, 0, fmt.Errorf("a head of more than %d bytes", maxHead)
	}
	lines := strings.Split(string(b[:end]), "\r\n")
	status, err := parseStatusLine(lines[0])
	if err != nil {
		return nil, 0, err
	}
	r := &response{status: status}
	for _, line := range lines[1:] {
		f, err := parseField(line)
		if err != nil {
			return nil, 0, err
		}
		r.fields = append(r.fields, f)
	}
	return r, end + 4, nil
}

// parseStatusLine reads HTTP-version SP status-code SP [reason] (RFC 9112 §4).
func parseStatusLine(line string) (int, error) {
	rest, ok := strings.CutPrefix(line, "HTTP/1.1 ")
	if !ok {
		if rest, ok = strings.CutPrefix(line, "HTTP/1.0 "); !ok {
			return 0, fmt.Errorf("status line %q does not begin with HTTP/1.1 and a blank", shorten(line, 60))
		}
	}
	code, reason, ok := strings.Cut(rest, " ")
	if status, err := strconv.Atoi(code); ok && err == nil && len(code) == 3 && status >= 100 && !hasControls(reason) {
		return status, nil
	}
	return 0, fmt.Errorf("status line %q is not a version, three digits and a reason, a blank between them", shorten(line, 60))
}

// parseField reads name ":" OWS value OWS (RFC 9112 §5). A folded line begins
// with a blank and is none (§5.2).
func parseField(line string) (field, error) {
	name, value, ok := strings.Cut(line, ":")
	if !ok || name == "" || strings.ContainsFunc(name, func(c rune) bool { return !isTokenChar(c) }) || hasControls(value) {
		return field{}, fmt.Errorf("header line %q is not a name, a colon and a value", shorten(line, 60))
	}
	return field{name, strings.Trim(value, " \t")}, nil
}

// hasControls reports what no value may hold (RFC 9110 §5.5); tabs it may.
func hasControls(s string) bool {
	return strings.ContainsFunc(s, func(c rune) bool { return c < ' ' && c != '\t' || c == 0x7f })
}

// isTokenChar is RFC 9110 §5.6.2's tchar.
func isTokenChar(c rune) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c < 0x7f && strings.ContainsRune("!#$%&'*+-.^_`|~", c)
}

// values are those of a field, a line each.
func (r *response) values(name string) []string {
	var values []string
	for _, f := range r.fields {
		if strings.EqualFold(f.name, name) {
			values = append(values, f.value)
		}
	}
	return values
}

// has reports whether a list-valued field has a token, in any case.
func (r *response) has(name, token string) bool {
	for _, element := range elements(r.values(name)) {
		if strings.EqualFold(element, token) {
			return true
		}
	}
	return false
}

// elements are those of a list that may be spread over several lines and have
// empty ones (RFC 9110 §5.6.1).
func elements(lines []string) []string {
	var list []string
	for _, line := range lines {
		for element := range strings.SplitSeq(line, ",") {
			if element = strings.Trim(element, " \t"); element != "" {
				list = append(list, element)
			}
		}
	}
	return list
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
