package wire

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"strings"

	"pushbench/servers/units"
)

// Profile is the header fields that come with requests and answers beside those
// that the protocol needs. Each gives a poll the size on the wire that its
// source had. Cookies are stand-ins of the right length.
type Profile struct {
	request  http.Header // of a poll, also of anything else but a WebSocket's upgrade
	upgrade  http.Header // of a WebSocket's upgrade
	response http.Header
}

// Sizes on the wire (bytes) of heads with a profile, over HTTP/1.1. A poll's
// request is GET /poll?since=N with 19 digits; of the other transports each
// byte more of path is a byte more.
const (
	// A same-origin fetch of Chromium 156 with one small cookie, and its opening
	// handshake of a WebSocket, both seen on loopback.
	browserRequest = 514
	// Lubbers & Greco, "HTML5 Web Sockets: A Quantum Leap in Scalability for the
	// Web" (2010): Firefox 3.5.5 with nine cookies, and GlassFish. They print 871,
	// which is the characters of both without the ends of lines.
	lubbersRequest = 716
	lubbersAnswer  = 193
)

// What a poll's heads have without a profile, by net/http's own rules.
const (
	bareRequest  = len("GET /poll?since=0000000000000000000 HTTP/1.1\r\nHost: " + Host + "\r\n\r\n")
	bareAnswer   = len("HTTP/1.1 200 OK\r\nContent-Length: 82\r\nContent-Type: text/plain; charset=utf-8\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n\r\n")
	bareUpgrade  = len("GET /ws?since=0000000000000000000 HTTP/1.1\r\nHost: " + Host + "\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
	maxCookie    = 64 << 10
	cookiePrefix = "browser+cookie="
)

// ParseProfile finds a profile by its name: minimal, browser,
// browser+cookie=SIZE with as many bytes more of cookie, or lubbers2010.
func ParseProfile(name string) (*Profile, error) {
	cookie := 0
	if size, ok := strings.CutPrefix(name, cookiePrefix); ok {
		var err error
		if cookie, err = units.Size(size, 1, maxCookie); err != nil {
			return nil, fmt.Errorf("headers %q: the cookie's size %w; write such as 1KB", name, err)
		}
		name = "browser"
	}
	switch name {
	case "minimal":
		return &Profile{}, nil
	case "browser":
		return browser(cookie), nil
	case "lubbers2010":
		return lubbers(), nil
	}
	return nil, fmt.Errorf("headers %q: use minimal, browser, browser+cookie=1KB or lubbers2010", name)
}

func browser(cookie int) *Profile {
	const agent = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36"
	fetch := http.Header{
		"Connection":      {"keep-alive"},
		"User-Agent":      {agent},
		"Accept":          {"*/*"},
		"Sec-Fetch-Site":  {"same-origin"},
		"Sec-Fetch-Mode":  {"cors"},
		"Sec-Fetch-Dest":  {"empty"},
		"Referer":         {"http://" + Host + "/"},
		"Accept-Encoding": {"gzip, deflate, br, zstd"},
		"Accept-Language": {"en-US,en;q=0.9"},
	}
	upgrade := http.Header{
		"Pragma":          {"no-cache"},
		"Cache-Control":   {"no-cache"},
		"User-Agent":      {agent},
		"Origin":          {"http://" + Host},
		"Accept-Encoding": {"gzip, deflate, br, zstd"},
		"Accept-Language": {"en-US,en;q=0.9"},
	}
	fill(fetch, "Cookie", bareRequest, browserRequest+cookie)
	fill(upgrade, "Cookie", bareUpgrade, browserRequest+cookie)
	return &Profile{request: fetch, upgrade: upgrade}
}

func lubbers() *Profile {
	request := http.Header{
		"User-Agent":      {"Mozilla/5.0 (Windows; U; Windows NT 5.1; en-US; rv:1.9.1.5) Gecko/20091102 Firefox/3.5.5"},
		"Accept":          {"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"},
		"Accept-Language": {"en-us"},
		"Accept-Encoding": {"gzip,deflate"},
		"Accept-Charset":  {"ISO-8859-1,utf-8;q=0.7,*;q=0.7"},
		"Keep-Alive":      {"300"},
		"Connection":      {"keep-alive"},
		"Referer":         {"http://" + Host + "/PollingStock/"},
	}
	answer := http.Header{"Server": {"Sun Java System"}}
	fill(request, "Cookie", bareRequest, lubbersRequest)
	fill(answer, "X-Powered-By", bareAnswer, lubbersAnswer)
	return &Profile{request: request, upgrade: request, response: answer}
}

// fill adds a field that brings a head of base bytes, with the fields of h, to
// size bytes.
func fill(h http.Header, field string, base, size int) {
	for name, values := range h {
		base += len(name) + len(": ") + len(values[0]) + len("\r\n")
	}
	h.Set(field, standIn(size-base-len(field)-len(": \r\n")))
}

// standIn is a value of n bytes that compresses as a cookie does: its letters
// are as frequent as in base64, where HPACK saves a fifth (RFC 7541 appendix B).
func standIn(n int) string {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	rng := rand.New(rand.NewPCG(1, 1)) // the same in every run
	b := make([]byte, n)
	for i := range b {
		b[i] = letters[rng.IntN(len(letters))]
	}
	return string(b)
}

// Handler gives the profile's fields to every answer of h.
func (p *Profile) Handler(h http.Handler) http.Handler {
	if p == nil || len(p.response) == 0 {
		return h
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		maps.Copy(w.Header(), p.response)
		h.ServeHTTP(w, r)
	})
}

// dress is a request with the profile's fields. What the request says itself
// stands.
func (p *Profile) dress(req *http.Request) *http.Request {
	if p == nil || len(p.request) == 0 {
		return req
	}
	fields := p.request
	if strings.EqualFold(req.Header.Get("Upgrade"), "websocket") {
		fields = p.upgrade
	}
	dressed := *req
	dressed.Header = fields
	if len(req.Header) > 0 {
		dressed.Header = maps.Clone(fields)
		maps.Copy(dressed.Header, req.Header)
	}
	return &dressed
}
