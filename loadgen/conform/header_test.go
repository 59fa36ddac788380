package conform

import (
	"slices"
	"strings"
	"testing"
)

// targetOf is a target with header lines of the user's own.
func targetOf(t *testing.T, url string, lines ...string) *Target {
	t.Helper()
	target, err := Parse(url, false)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range lines {
		if err := target.AddHeader(line); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
	}
	return target
}

// What header lines come to on the wire.
func TestHeader(t *testing.T) {
	for _, test := range []struct {
		given []string
		name  string
		want  []string // lines of it
	}{
		{[]string{"Origin: http://a"}, "Origin", []string{"http://a"}},
		{[]string{"origin:http://a"}, "Origin", []string{"http://a"}},
		{[]string{"X: \t a  b\t "}, "X", []string{"a  b"}},
		{[]string{"X:"}, "X", []string{""}},
		{[]string{"X: a\tb"}, "X", []string{"a\tb"}},
		{[]string{"X: grüße"}, "X", []string{"grüße"}}, // bytes beyond ASCII, as they are
		{[]string{"X: \xff\x80"}, "X", []string{"\xff\x80"}},
		{[]string{"X: a:b"}, "X", []string{"a:b"}},
		{[]string{"!#$%&'*+-.^_`|~0aZ: x"}, "!#$%&'*+-.^_`|~0aZ", []string{"x"}},
		{[]string{"X: a", "x: b"}, "X", []string{"a", "b"}},
		{[]string{"X-Forwarded-For: a", "X-Forwarded-For: a"}, "X-Forwarded-For", []string{"a", "a"}},
		{[]string{"Cookie: a=b", "cookie: c=d"}, "Cookie", []string{"a=b; c=d"}},
		{[]string{"Sec-WebSocket-Protocol: chat, superchat", "Sec-WebSocket-Protocol: json"}, "Sec-WebSocket-Protocol", []string{"chat, superchat", "json"}},
		{nil, "Host", []string{"a:81"}},
		{[]string{"Host: example.org"}, "Host", []string{"example.org"}},
		{[]string{"host:example.org:8080"}, "Host", []string{"example.org:8080"}},
		{[]string{"Host: [::1]:8080"}, "Host", []string{"[::1]:8080"}},
		{[]string{"Host: münchen.example"}, "Host", []string{"xn--mnchen-3ya.example"}},
	} {
		target := targetOf(t, "ws://a:81/", test.given...)
		r := target.request()
		if got := r.values(test.name); !slices.Equal(got, test.want) {
			t.Errorf("%q: %s is %q, not %q", test.given, test.name, got, test.want)
		}
		if target.URL != "ws://a:81/" {
			t.Errorf("%q: the server is where it was, and not at %s", test.given, target.URL)
		}
	}
}

// What would make the handshake another, or break the request, is refused with
// the reason, and leaves nothing behind.
func TestHeaderRefuses(t *testing.T) {
	for line, want := range map[string]string{
		"":                               "use 'Name: value'",
		"Origin":                         "use 'Name: value'",
		"X-Empty;":                       "use 'Name: value'",
		": a":                            "use 'Name: value'",
		"A b: c":                         "RFC 9110 §5.1",
		"A : c":                          "RFC 9110 §5.1",
		" A: c":                          "RFC 9110 §5.1",
		"GET / HTTP/1.1\r\nA: b":         "RFC 9110 §5.1",
		"Grüße: c":                       "RFC 9110 §5.1",
		"A\x00: c":                       "RFC 9110 §5.1",
		"A(): c":                         "RFC 9110 §5.1",
		"A: b\r\nC: d":                   "RFC 9110 §5.5",
		"A: b\r\n":                       "RFC 9110 §5.5",
		"A: b\nC: d":                     "RFC 9110 §5.5",
		"A: b\rC":                        "RFC 9110 §5.5",
		"A: \x00":                        "RFC 9110 §5.5",
		"A: \x1b[31m":                    "RFC 9110 §5.5",
		"A: \x7f":                        "RFC 9110 §5.5",
		"Connection: keep-alive":         "the handshake's own",
		"UPGRADE: h2c":                   "the handshake's own",
		"Sec-WebSocket-Key: x":           "each handshake has a new one",
		"Sec-WebSocket-Version: 8":       "the handshake's own",
		"Sec-WebSocket-Extensions: x":    "offers of their own",
		"Sec-WebSocket-Accept: x":        "the server's",
		"Sec-WebSocket-Anything: x":      "the handshake's own",
		"Sec-WebSocket-Protocol: a b":    "no subprotocol",
		"Sec-WebSocket-Protocol: a, a":   "twice",
		"Sec-WebSocket-Protocol: a,json": "twice",
		"Sec-WebSocket-Protocol:":        "names no subprotocol",
		"Content-Length: 0":              "no body",
		"Transfer-Encoding: chunked":     "no body",
		"Expect: 100-continue":           "no body",
		"TE: trailers":                   "Connection",
		"HTTP2-Settings: x":              "Connection",
		"Host:":                          "names no host",
		"Host: a/b":                      `has "/"`,
		"Host: me@a":                     `has "@"`,
		"Host: a, b":                     `has " "`,
		"Host: http://a":                 "1 to 65535",
		"Host: a:99999":                  "1 to 65535",
		"Host: other":                    "the second",
		"Origin: other":                  "the second",
		"authorization: other":           "the second",
		"User-Agent: other":              "the second",
	} {
		given := []string{"Origin: a", "Authorization: b", "User-Agent: c", "Sec-WebSocket-Protocol: json"}
		if line == "Host: other" {
			given = append(given, "Host: b")
		}
		target := targetOf(t, "ws://a/", given...)
		before := target.request().fields
		switch err := target.AddHeader(line); {
		case err == nil:
			t.Errorf("%q is taken", line)
		case !strings.Contains(err.Error(), want) || strings.ContainsAny(err.Error(), "\r\n\x1b\x00"):
			t.Errorf("%q: %v; want %s", line, err, want)
		}
		after := target.request().fields
		for _, fields := range [][]string{before, after} {
			fields[3] = "" // the key, which is a new one each time
		}
		if !slices.Equal(before, after) {
			t.Errorf("%q leaves %q", line, after)
		}
	}
}

// While the checks vary the handshake, the user's own headers stay: the cookie
// that lets them in, and their Host.
func TestHeaderAmongEdits(t *testing.T) {
	target := targetOf(t, "wss://a/b", "Cookie: session=1", "Host: c")
	r, _ := target.edited(cookie("conform=1"), absolute)
	if got := r.values("Cookie"); !slices.Equal(got, []string{"session=1; conform=1"}) {
		t.Errorf("Cookie is %q", got)
	}
	if want := "GET https://c/b HTTP/1.1\r\nHost: c\r\n"; !strings.HasPrefix(string(r.bytes()), want) {
		t.Errorf("%q does not begin with %q", r.bytes(), want)
	}
}
