package conform

import (
	"crypto/rand"
	"crypto/sha1"
	"encoding/base64"
	"strings"
)

// request is an opening handshake as a client writes it (§4.1), or as it should
// not.
type request struct {
	method, target, proto string
	fields
	scheme string // http or https: of the target in its absolute form (§3, RFC 9112 §3.2.2)
}

// The key that §1.3 takes as its example, and the answer to it.
const (
	rfcKey    = "dGhlIHNhbXBsZSBub25jZQ=="
	rfcAccept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
)

// request is a legal handshake with a new key.
func (t *Target) request() *request {
	r := &request{"GET", t.target, "HTTP/1.1", append([]string{
		"Host: " + t.host,
		"Upgrade: websocket",
		"Connection: Upgrade",
		"Sec-WebSocket-Key: " + newKey(),
		"Sec-WebSocket-Version: 13",
	}, t.fields...), "http"}
	if t.secure {
		r.scheme = "https"
	}
	if t.user != "" && !t.given("Authorization") {
		r.fields = append(r.fields, "Authorization: Basic "+t.user)
	}
	return r
}

// newKey is 16 random bytes in base64 (§4.1, item 7).
func newKey() string {
	var b [16]byte
	rand.Read(b[:])
	return base64.StdEncoding.EncodeToString(b[:])
}

// keyOf is so many bytes in base64, the same each time.
func keyOf(n int) string { return base64.StdEncoding.EncodeToString(noise(n)) }

// accept is the answer to a key (§4.2.2, item 5.4).
func accept(key string) string {
	sum := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	return base64.StdEncoding.EncodeToString(sum[:])
}

func (r *request) bytes() []byte {
	lines := append([]string{r.method + " " + r.target + " " + r.proto}, r.fields...)
	return []byte(strings.Join(lines, "\r\n") + "\r\n\r\n")
}

// An edit makes a handshake another one, and is what the report says of it.
type edit struct {
	what  string
	apply func(*request)
}

// set replaces every line of a field by one.
func set(name, value string) edit {
	return edit{name + ": " + value, func(r *request) {
		r.remove(name)
		r.fields = append(r.fields, name+": "+value)
	}}
}

// without takes a field away.
func without(name string) edit {
	return edit{"no " + name, func(r *request) { r.remove(name) }}
}

// cookie adds a cookie to those of a client.
func cookie(pair string) edit {
	return edit{"Cookie: " + pair, func(r *request) { r.addCookie(pair) }}
}

// twice adds a second line to those of a field, which has one.
func twice(name, value string) edit {
	return edit{name + " twice", func(r *request) { r.fields = append(r.fields, name+": "+value) }}
}

// as replaces the request line's method or version.
func as(method, proto string) edit {
	return edit{method + " " + proto, func(r *request) { r.method, r.proto = method, proto }}
}

// edited is a legal handshake with edits, and what they are.
func (t *Target) edited(edits ...edit) (*request, string) {
	r := t.request()
	var what []string
	for _, e := range edits {
		e.apply(r)
		what = append(what, e.what)
	}
	if len(what) == 0 {
		return r, "a handshake"
	}
	return r, "a handshake with " + shorten(strings.Join(what, ", "), 100)
}

// shorten keeps a line of the report to a line.
func shorten(text string, most int) string {
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "") + "…"
}
