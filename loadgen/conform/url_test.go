package conform

import (
	"bufio"
	"bytes"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// What a URL comes to on the wire: Host, the target of the request line, and what
// the report calls it.
func TestParse(t *testing.T) {
	for text, want := range map[string][3]string{
		"ws://a":             {"a", "/", "ws://a/"},
		"ws://a:81/x?y=z":    {"a:81", "/x?y=z", "ws://a:81/x?y=z"},
		"wss://a/b%20c":      {"a", "/b%20c", "wss://a/b%20c"},
		" ws://a/b \n":       {"a", "/b", "ws://a/b"},
		"HTTPS://a?q":        {"a", "/?q", "https://a/?q"},
		"WS://A.example/B":   {"A.example", "/B", "ws://A.example/B"},
		"ws://a?":            {"a", "/?", "ws://a/?"},
		"ws://a//b/":         {"a", "//b/", "ws://a//b/"},
		"ws://my_host.a./":   {"my_host.a.", "/", "ws://my_host.a./"},
		"http://127.0.0.1:8": {"127.0.0.1:8", "/", "http://127.0.0.1:8/"},

		// The port of the scheme is not said (§4.1, item 4).
		"ws://a:80/":    {"a", "/", "ws://a/"},
		"http://a:/":    {"a", "/", "http://a/"},
		"wss://a:443/":  {"a", "/", "wss://a/"},
		"ws://a:443/":   {"a:443", "/", "ws://a:443/"},
		"https://a:80/": {"a:80", "/", "https://a:80/"},
		"ws://a:0081/":  {"a:81", "/", "ws://a:81/"},

		// What may not stand in a URL is escaped, and what is escaped stays so.
		"ws://a/b c?d e":                               {"a", "/b%20c?d%20e", "ws://a/b%20c?d%20e"},
		"ws://a/grüße?wer=Jürgen":                      {"a", "/gr%C3%BC%C3%9Fe?wer=J%C3%BCrgen", "ws://a/gr%C3%BC%C3%9Fe?wer=J%C3%BCrgen"},
		"ws://a/聊天":                                    {"a", "/%E8%81%8A%E5%A4%A9", "ws://a/%E8%81%8A%E5%A4%A9"},
		"ws://a/\xff":                                  {"a", "/%FF", "ws://a/%FF"},
		"ws://a/a%2Fb%c3%a9 ":                          {"a", "/a%2Fb%c3%a9", "ws://a/a%2Fb%c3%a9"},
		"ws://a/\"<>\\^`{|}?\"<[]>`":                   {"a", "/%22%3C%3E%5C%5E%60%7B%7C%7D?%22%3C%5B%5D%3E%60", "ws://a/%22%3C%3E%5C%5E%60%7B%7C%7D?%22%3C%5B%5D%3E%60"},
		"ws://a/-._~!$&'()*+,;=:@?/?-._~!$&'()*+,;=:@": {"a", "/-._~!$&'()*+,;=:@?/?-._~!$&'()*+,;=:@", "ws://a/-._~!$&'()*+,;=:@?/?-._~!$&'()*+,;=:@"},
		"ws://a/b/../c/./d":                            {"a", "/c/d", "ws://a/c/d"},
		"ws://a/../../b/%2E%2e":                        {"a", "/", "ws://a/"},
		"ws://a/b/.":                                   {"a", "/b/", "ws://a/b/"},
		"ws://a/b?c=../d":                              {"a", "/b?c=../d", "ws://a/b?c=../d"},

		// Names that are not ASCII are those of DNS (RFC 5891, UTS 46).
		"ws://münchen.example/":       {"xn--mnchen-3ya.example", "/", "ws://xn--mnchen-3ya.example/"},
		"wss://MÜNCHEN.example:444/":  {"xn--mnchen-3ya.example:444", "/", "wss://xn--mnchen-3ya.example:444/"},
		"ws://m%C3%BCnchen.example/":  {"xn--mnchen-3ya.example", "/", "ws://xn--mnchen-3ya.example/"},
		"ws://faß.example/":           {"xn--fa-hia.example", "/", "ws://xn--fa-hia.example/"},
		"ws://例え。テスト/":                {"xn--r8jz45g.xn--zckzah", "/", "ws://xn--r8jz45g.xn--zckzah/"},
		"ws://１２７.0.0.1/":             {"127.0.0.1", "/", "ws://127.0.0.1/"},
		"ws://xn--mnchen-3ya.example": {"xn--mnchen-3ya.example", "/", "ws://xn--mnchen-3ya.example/"},

		// A zone is nothing to the server (RFC 6874 §4).
		"http://[::1]:8080/":         {"[::1]:8080", "/", "http://[::1]:8080/"},
		"ws://[::1]:80/":             {"[::1]", "/", "ws://[::1]/"},
		"ws://[fe80::1%25eth0]:81/":  {"[fe80::1]:81", "/", "ws://[fe80::1%25eth0]:81/"},
		"ws://[fe80::1%eth0]/":       {"[fe80::1]", "/", "ws://[fe80::1%25eth0]/"},
		"ws://[::ffff:127.0.0.1]/":   {"[::ffff:127.0.0.1]", "/", "ws://[::ffff:127.0.0.1]/"},
		"ws://me:secret@[::1]:81/a@": {"[::1]:81", "/a@", "ws://[::1]:81/a@"},
	} {
		target, err := Parse(text, false)
		if err != nil {
			t.Errorf("%q: %v", text, err)
		} else if got := [3]string{target.host, target.target, target.URL}; got != want {
			t.Errorf("%q is parsed as %q, not %q", text, got, want)
		} else if again, err := Parse(target.URL, false); err != nil || again.host != target.host || again.target != target.target || again.URL != target.URL {
			t.Errorf("%q, which is what %q is called, is parsed as %+v, %v", target.URL, text, again, err)
		}
	}
}

// What no URL is, or what would leave in doubt what is meant, is refused with the
// reason, and without a password.
func TestParseRefuses(t *testing.T) {
	const schemes = "use ws://, wss://, http:// or https://"
	for text, want := range map[string]string{
		"":                              schemes,
		"a:80":                          schemes,
		"localhost:8080/echo":           schemes,
		"ftp://a":                       schemes,
		"unix:///run/x":                 schemes,
		"ws:a":                          schemes,
		"ws:/a":                         schemes,
		"://a":                          schemes,
		"ws ://a":                       schemes,
		"ws://":                         "it names no host",
		"ws://:80":                      "it names no host",
		"ws:///a":                       "it names no host",
		"ws://me:secret@/":              "it names no host",
		"ws://a/#b":                     "no fragment (§3)",
		"ws://a/#":                      "no fragment (§3)",
		"http://a?b#c":                  "%23",
		"ws://a/\x00":                   "a control character",
		"ws://a/b\r\nX-Evil: c":         "a control character",
		"ws://a\tb/":                    "a control character",
		"ws://a/\x7f":                   "a control character",
		"ws://a/100%":                   "%25",
		"ws://a/?b=%zz":                 "%25",
		"ws://a b/":                     `the host "a b" has " "`,
		"ws://a%20b/":                   `the host "a b" has " "`,
		"ws://a%zz/":                    "a percent sign that begins no escape",
		"ws://a%/":                      "a percent sign that begins no escape",
		"ws://a\"b/":                    `has "\""`,
		"ws://<a>/":                     `has "<"`,
		"ws://a\\b/":                    `has "\\"`,
		"ws://a\u2028.example/":         "no name that DNS can have",
		"ws://\xff.example/":            "no name that DNS can have",
		"ws://ü..example/":              "no name that DNS can have",
		"ws://ü_.example/":              "no name that DNS can have",
		"ws://a:0/":                     "1 to 65535",
		"ws://a:65536/":                 "1 to 65535",
		"ws://a:-1/":                    "1 to 65535",
		"ws://a:+80/":                   "1 to 65535",
		"ws://a:http/":                  "1 to 65535",
		"ws://a:80x/":                   "1 to 65535",
		"ws://::1/":                     "brackets",
		"ws://fe80::1:8080/":            "brackets",
		"ws://[::1/":                    "its [ has no ]",
		"ws://[::1]x/":                  "1 to 65535",
		"ws://[127.0.0.1]/":             "no IPv6 address",
		"ws://[v1.x]/":                  "no IPv6 address",
		"ws://[a]/":                     "no IPv6 address",
		"ws://[::1%25]/":                "the zone",
		"ws://[::1%]/":                  "the zone",
		"ws://[::1%25a%20b]/":           "the zone",
		"ws://me:secret@a:x/":           "1 to 65535",
		"ws://me:se/cret@a/":            "1 to 65535",
		"ws://me:se#cret@a/":            "%23",
		"ws://me:secret@a/%":            "%25",
		"ws://me:secret%@a/":            "%25",
		"ws://me%3Aself:secret@a/":      "a colon",
		"ws://me:secret%0d%0aX:y@a/":    "a control character",
		"ws://me:secret@ho st.example/": `has " "`,
	} {
		target, err := Parse(text, false)
		switch {
		case err == nil:
			t.Errorf("%q is parsed as %+v", text, target)
		case !strings.Contains(err.Error(), want):
			t.Errorf("%q: %v; want %s", text, err, want)
		case strings.Contains(err.Error(), "secret"), strings.Contains(err.Error(), "cret@"), strings.Contains(err.Error(), "me:"):
			t.Errorf("%q: the error shows the password: %v", text, err)
		case strings.ContainsFunc(err.Error(), func(c rune) bool { return c < ' ' }):
			t.Errorf("%q: the error is more than a line: %v", text, err)
		}
	}
}

// The user of a URL is said as Basic says it (RFC 7617 §2), unless a header says
// who it is.
func TestUser(t *testing.T) {
	for userinfo, want := range map[string]string{
		"Aladdin:open%20sesame": "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", // the RFC's example
		"Aladdin:open sesame":   "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==",
		"test:123£":             "Basic dGVzdDoxMjPCow==", // §2.1
		"me":                    "Basic bWU6",
		"me:":                   "Basic bWU6",
		":secret":               "Basic OnNlY3JldA==",
		"me:a:b@c%40d":          "Basic bWU6YTpiQGNAZA==",
		"":                      "",
	} {
		target, err := Parse("wss://"+userinfo+"@a/", false)
		if err != nil {
			t.Errorf("%q: %v", userinfo, err)
			continue
		}
		if got := strings.Join(target.request().values("Authorization"), "|"); got != want || target.URL != "wss://a/" {
			t.Errorf("%q: %q, not %q; %s", userinfo, got, want, target.URL)
		}
		if err := target.AddHeader("authorization: Bearer x"); err != nil {
			t.Errorf("%q: %v", userinfo, err)
		}
		if got := target.request().values("Authorization"); !slices.Equal(got, []string{"Bearer x"}) {
			t.Errorf("%q with a header: %q", userinfo, got)
		}
	}
}

// with is the same place under another scheme.
func TestWith(t *testing.T) {
	for text, want := range map[string]string{
		"ws://a/b?c":               "wss://a:80/b?c",
		"ws://a:443/":              "wss://a/",
		"http://[::1]:81/":         "wss://[::1]:81/",
		"http://[fe80::1%25e]:81/": "wss://[fe80::1%25e]:81/",
	} {
		target, err := Parse(text, false)
		if err != nil || target.with("wss") != want {
			t.Errorf("%s: %s, %v; want %s", text, target.with("wss"), err, want)
		}
	}
}

// Whatever is taken from the command line makes a request that net/http reads as
// it is meant, and no other.
func FuzzTarget(f *testing.F) {
	f.Add("ws://a/b?c", "Host: b", "Cookie: c")
	f.Add("wss://me:secret@münchen.example:444/ü ?x", "A:\xff\tb", "Sec-WebSocket-Protocol: a, b")
	f.Add("HTTP://[fe80::1%25eth0]:80", "Host: [::1]:8080", "Host: c")
	f.Add("ws://a/\r\nB: c", "A: b\r\nC: d", "Content-Length: 3")
	f.Fuzz(func(t *testing.T, text, first, second string) {
		target, err := Parse(text, false)
		if err != nil {
			if target != nil || strings.ContainsAny(err.Error(), "\r\n") {
				t.Errorf("%q: %v", text, err)
			}
			return
		}
		lines := 5
		if target.user != "" {
			lines++
		}
		for _, line := range []string{first, second} {
			before := len(target.fields)
			if err := target.AddHeader(line); err == nil {
				lines += len(target.fields) - before
				if name, _, _ := strings.Cut(line, ":"); strings.EqualFold(name, "Authorization") && target.user != "" {
					lines--
				}
			}
		}
		request := target.request()
		wire := request.bytes()
		if got := bytes.Count(wire, []byte("\r\n")); got != lines+2 || bytes.Count(wire, []byte("\n")) != got || bytes.IndexByte(wire, 0) >= 0 {
			t.Fatalf("%q, %q and %q make %q", text, first, second, wire)
		}
		r, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(wire)))
		if err != nil {
			t.Fatalf("%q: %v", wire, err)
		}
		if r.Host != target.host || r.RequestURI != target.target || r.Method != "GET" || r.ContentLength != 0 || len(r.TransferEncoding) > 0 ||
			r.Header.Get("Upgrade") != "websocket" || !slices.Equal(r.Header["Connection"], []string{"Upgrade"}) || len(r.Header["Sec-Websocket-Key"]) != 1 ||
			!slices.Equal(r.Header["Sec-Websocket-Version"], []string{"13"}) || len(r.Header["Cookie"]) > 1 {
			t.Fatalf("%q is read as %+v", wire, r)
		}
		if again, err := Parse(target.URL, false); err != nil || again.URL != target.URL || again.target != target.target {
			t.Fatalf("%q is %q, and that is %+v, %v", text, target.URL, again, err)
		}
		if bad := strings.Trim(target.URL, inQuery+"%[]"); bad != "" {
			t.Fatalf("%q holds %q", target.URL, bad)
		}
	})
}
