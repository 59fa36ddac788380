package capture

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// reader takes a stream apart from its front, and counts what it took.
type reader struct {
	rest    []byte
	split   Split
	format  Format // of answers to GET
	content []byte // of one of those, as far as it was taken
}

// take moves up to n bytes of the stream to a count.
func (r *reader) take(n int64, count *int64) {
	n = min(n, int64(len(r.rest)))
	*count += n
	r.rest = r.rest[n:]
}

// takeContent takes up to n bytes of an answer to GET, to be told apart by its
// format when all of it is there.
func (r *reader) takeContent(n int64) {
	n = min(n, int64(len(r.rest)))
	r.content = append(r.content, r.rest[:n]...)
	r.rest = r.rest[n:]
}

// endContent tells apart what was taken as content.
func (r *reader) endContent() error {
	framing, data, rest, err := r.format.split(r.content)
	r.split.Framing += framing
	r.split.Body += data
	r.split.Rest += rest
	r.content = nil
	return err
}

// head is a message's head (RFC 9112 §2.1).
type head struct {
	start  string // its first line
	fields map[string]string
}

// head takes a whole head off the stream, if one is there.
func (r *reader) head() (h head, ok bool, err error) {
	end := bytes.Index(r.rest, []byte("\r\n\r\n"))
	if end < 0 {
		return h, false, nil
	}
	lines := strings.Split(string(r.rest[:end]), "\r\n")
	h = head{lines[0], map[string]string{}}
	for _, line := range lines[1:] {
		name, value, ok := strings.Cut(line, ":")
		if !ok || name == "" {
			return h, false, fmt.Errorf("HTTP head with the line %.40q", line)
		}
		h.fields[strings.ToLower(name)] = strings.TrimSpace(value)
	}
	r.take(int64(end+4), &r.split.Heads)
	return h, true, nil
}

// splitHTTP1 reads requests and the answers to them in turn, to the end of the
// streams or to an upgrade.
func splitHTTP1(up, down *reader) error {
	for {
		request, ok, err := up.head()
		if err != nil {
			return err
		}
		if !ok {
			if bytes.Contains(down.rest, []byte("\r\n\r\n")) {
				return errors.New("an answer without a request")
			}
			return nil
		}
		method, target, ok := strings.Cut(request.start, " ")
		if !ok || !strings.HasSuffix(target, " HTTP/1.1") {
			return fmt.Errorf("request %.40q", request.start)
		}
		if err := up.body(request, 0, false); err != nil {
			return fmt.Errorf("request %.40q: %w", request.start, err)
		}
		answer, status, err := down.answer()
		switch {
		case err != nil:
			return err
		case status == 0: // not come yet
			continue
		case status == 101:
			return upgraded(answer.fields["upgrade"], up, down)
		case method == "HEAD" || status == 204 || status == 304: // RFC 9112 §6.3
			continue
		}
		err = down.body(answer, math.MaxInt64, method == "GET")
		if err = errors.Join(err, down.endContent()); err != nil {
			return fmt.Errorf("answer %.40q: %w", answer.start, err)
		}
	}
}

// answer takes the head of a final response, and those of interim ones before
// it. Its status is 0 if it has not come whole.
func (r *reader) answer() (h head, status int, err error) {
	for {
		h, ok, err := r.head()
		if err != nil || !ok {
			return h, 0, err
		}
		version, rest, _ := strings.Cut(h.start, " ")
		code, _, _ := strings.Cut(rest, " ")
		status, err := strconv.Atoi(code)
		if version != "HTTP/1.1" || err != nil || status < 100 || status > 999 {
			return h, 0, fmt.Errorf("answer %.40q", h.start)
		}
		if status >= 200 || status == 101 {
			return h, status, nil
		}
	}
}

// body takes what belongs to a head (RFC 9112 §6.3): chunks, or a length that
// is given, or else the length that its absence means. It is application data,
// or else content whose format tells.
func (r *reader) body(h head, unsaid int64, formatted bool) error {
	take := func(n int64) { r.take(n, &r.split.Body) }
	if formatted {
		take = r.takeContent
	}
	if coding, ok := h.fields["transfer-encoding"]; ok {
		if !strings.EqualFold(coding, "chunked") {
			return fmt.Errorf("transfer coding %q", coding)
		}
		return r.chunks(take)
	}
	length := unsaid
	if text, ok := h.fields["content-length"]; ok {
		n, err := strconv.ParseUint(text, 10, 63)
		if err != nil {
			return fmt.Errorf("content length %q", text)
		}
		length = int64(n)
	}
	take(length)
	return nil
}

// chunks takes a chunked body (RFC 9112 §7.1), with the lines around each chunk
// as framing and trailer fields as head.
func (r *reader) chunks(take func(int64)) error {
	for {
		end := bytes.Index(r.rest, []byte("\r\n"))
		if end < 0 {
			return nil
		}
		digits, _, _ := strings.Cut(string(r.rest[:end]), ";")
		size, err := strconv.ParseUint(strings.TrimSpace(digits), 16, 62)
		if err != nil {
			return fmt.Errorf("chunk of size %.20q", digits)
		}
		if size == 0 {
			return r.trailer(int64(end + 2))
		}
		r.take(int64(end+2), &r.split.Framing)
		take(int64(size))
		if len(r.rest) >= 2 && (r.rest[0] != '\r' || r.rest[1] != '\n') {
			return fmt.Errorf("chunk of %d B without an end", size)
		}
		r.take(2, &r.split.Framing)
	}
}

// trailer takes the last chunk's line, of that length, the fields after it and
// the blank line.
func (r *reader) trailer(line int64) error {
	end := bytes.Index(r.rest[line-2:], []byte("\r\n\r\n"))
	if end < 0 {
		return nil
	}
	r.take(line, &r.split.Framing)
	r.take(int64(end), &r.split.Heads)
	r.take(2, &r.split.Framing)
	return nil
}
