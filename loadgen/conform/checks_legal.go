package conform

import (
	"slices"
	"strings"
)

// legal are handshakes that a server must agree to (§4.2.1), and what its answer
// must say (§4.2.2).
var legal = []Check{
	{Rule: "§1.3", Severity: Must, Name: "the key of the RFC's example gets its accept", cases: keys(rfcKey, rfcAccept)},
	// What the article prints as an accept is right, for a key that it does not print.
	{Rule: "§4.2.2 (5.4)", Severity: Must, Name: "the key that belongs to the article's printed accept gets it", cases: keys("Zx8rNEkBE4xnwifpuh8DHQ==", "52Rg3vW4JQ1yWpkvFlsTsiezlqw=")},
	{Rule: "§4.2.2 (5.4)", Severity: Must, Name: "random keys get their accepts", cases: each(make([]struct{}, 16), func(p *probe, _ struct{}) error {
		key := newKey()
		return p.key(key, accept(key))
	})},
	answers("§4.2.2 (5.2)", "the answer says Upgrade: websocket, and nothing else", func(c *conn, r *response) error {
		list := elements(r.values("Upgrade"))
		return c.wants(len(list) == 1 && strings.EqualFold(list[0], "websocket"), "want Upgrade: websocket, not %q", list)
	}),
	answers("§4.2.2 (5.3)", "the answer says Connection: Upgrade", func(c *conn, r *response) error {
		return c.wants(r.has("Connection", "upgrade"), "want Connection: Upgrade, not %q", r.values("Connection"))
	}),
	answers("§11.3.3", "the answer says Sec-WebSocket-Accept once", func(c *conn, r *response) error {
		n := len(r.values("Sec-WebSocket-Accept"))
		return c.wants(n == 1, "want one Sec-WebSocket-Accept, not %d", n)
	}),
	answers("RFC 9110 §8.6", "the 101 has neither Content-Length nor Transfer-Encoding", func(c *conn, r *response) error {
		_, err := r.framing()
		return c.wants(err == nil, "%v", err)
	}),
	agreed("§4.2.1 (3)", "Upgrade in any case", set("Upgrade", "WebSocket"), set("Upgrade", "WEBSOCKET")),
	agreed("§4.2.1 (3)", "websocket as one of the list in Upgrade", set("Upgrade", "websocket, foo"), set("Upgrade", "foo/1.0,websocket")),
	agreed("RFC 9110 §5.3", "a list in Upgrade over two lines", twice("Upgrade", "foo")),
	agreed("§4.2.1 (4)", "Upgrade as one of the list in Connection", set("Connection", "keep-alive, Upgrade"), set("Connection", "Upgrade,keep-alive")),
	agreed("§4.2.1 (4)", "Connection in any case", set("Connection", "upgrade"), set("Connection", "UPGRADE")),
	agreed("RFC 9110 §5.6.1", "empty elements in lists", set("Connection", ", Upgrade,"), set("Upgrade", ",websocket ,")),
	agreed("RFC 9110 §5.1", "names of header fields in any case",
		rewritten("names in capitals", func(name, value string) string { return strings.ToUpper(name) + ":" + value }),
		rewritten("names in small letters", func(name, value string) string { return strings.ToLower(name) + ":" + value })),
	agreed("RFC 9112 §5.1", "blanks around values, or none",
		rewritten("no blanks", func(name, value string) string { return name + ":" + strings.Trim(value, " \t") }),
		rewritten("blanks and tabs", func(name, value string) string { return name + ": \t " + strings.Trim(value, " \t") + "\t " })),
	agreed("§4.2.1", "header fields in any order", edit{"its fields in reverse", func(r *request) { slices.Reverse(r.fields) }}),
	agreed("§4.2.1", "header fields that it does not know", set("X-Conform", "1"), cookie("conform=1")),
	agreed("RFC 9112 §3.2.2", "the whole URL in the request line", absolute),
}

var absolute = edit{"the absolute form", func(r *request) {
	r.target = r.scheme + "://" + r.values("Host")[0] + r.target
}}

// keys is a check of one key.
func keys(key, accept string) []attempt {
	return once(func(p *probe) error { return p.key(key, accept) })
}

// key wants a key's accept.
func (p *probe) key(key, want string) error {
	c, r, err := p.ask(set("Sec-WebSocket-Key", key))
	if err != nil {
		return err
	}
	if got := r.values("Sec-WebSocket-Accept"); r.status != 101 || len(got) == 0 || got[0] != want {
		return c.misanswered(r, "want 101 with Sec-WebSocket-Accept: %s, not %q", want, got)
	}
	return nil
}

// answers is a check of the 101 to a legal handshake.
func answers(rule, name string, judge func(*conn, *response) error) Check {
	return Check{Rule: rule, Severity: Must, Name: name, cases: once(func(p *probe) error {
		c, r, err := p.ask()
		if err != nil {
			return err
		}
		return judge(c, r)
	})}
}

// agreed is a check that a server takes every form of a handshake.
func agreed(rule, name string, forms ...edit) Check {
	return Check{Rule: rule, Severity: Must, Name: name + ": agreed to", cases: each(forms, func(p *probe, form edit) error {
		_, err := p.open(form)
		return err
	})}
}

// rewritten has every line of the header written in another way.
func rewritten(what string, line func(name, value string) string) edit {
	return edit{what, func(r *request) {
		for i, before := range r.fields {
			name, value, _ := strings.Cut(before, ":")
			r.fields[i] = line(name, value)
		}
	}}
}
