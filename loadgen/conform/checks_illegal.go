package conform

import (
	"cmp"
	"slices"
	"strings"
)

// articleKey is the key in the article's example of a handshake: 21 characters
// of data, which no 16 bytes come to in base64.
const articleKey = "Sdf93Ev0g08MoXpu3DoE2=="

// illegal are requests that do not match §4.2.1: a server must not agree. Where
// one claims to be a handshake, the answer must be an error. Where it cannot be
// one, it is a request like another and may be answered like one: a server may
// pass over what Upgrade says, and must in HTTP/1.0 (RFC 9110 §7.8).
var illegal = []Check{
	ignored("§4.2.1 (1)", "a method other than GET", as("POST", "HTTP/1.1"), as("PUT", "HTTP/1.1")),
	ignored("RFC 9110 §7.8", "HTTP/1.0", as("GET", "HTTP/1.0")),
	badRequest("RFC 9112 §3.2", "no Host", without("Host")),
	badRequest("RFC 9112 §3.2", "Host twice", twice("Host", "other.example")),
	ignored("§4.2.1 (3)", "no Upgrade", without("Upgrade")),
	ignored("§4.2.1 (3)", "Upgrade to another protocol", set("Upgrade", "h2c"), set("Upgrade", "TLS/1.0")),
	ignored("§4.2.1 (3)", "Upgrade to what only contains websocket", set("Upgrade", "websockets"), set("Upgrade", "not websocket")),
	ignored("§4.2.1 (4)", "no Connection", without("Connection")),
	ignored("§4.2.1 (4)", "Connection without Upgrade", set("Connection", "keep-alive"), set("Connection", "upgraded")),
	refused("§4.2.1 (5)", "no key", without("Sec-WebSocket-Key")),
	refused("§4.2.1 (5)", "a key of a length other than 16 bytes", set("Sec-WebSocket-Key", ""), set("Sec-WebSocket-Key", keyOf(15)),
		set("Sec-WebSocket-Key", keyOf(17)), set("Sec-WebSocket-Key", keyOf(32))),
	refused("§4.2.1 (5)", "a key that is not base64",
		set("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ"), // no padding
		set("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25j*Q=="), set("Sec-WebSocket-Key", "______________________==")),
	refused("§4.2.1 (5)", "the key that the article prints", set("Sec-WebSocket-Key", articleKey)),
	refused("§11.3.1", "a key twice", twice("Sec-WebSocket-Key", rfcKey)),
	refused("§4.2.1 (6)", "no version", without("Sec-WebSocket-Version")),
	refused("§4.2.2 (4)", "version 8", set("Sec-WebSocket-Version", "8")),
	refused("§4.2.2 (4)", "other versions", set("Sec-WebSocket-Version", "0"), set("Sec-WebSocket-Version", "7"),
		set("Sec-WebSocket-Version", "14"), set("Sec-WebSocket-Version", "255"), set("Sec-WebSocket-Version", "thirteen")),
	{Rule: "§4.2.2 (4)", Severity: Must, Name: "the refusal of a version names the one that is known", cases: once(func(p *probe) error {
		c, r, err := p.ask(set("Sec-WebSocket-Version", "8"))
		if err == nil && !r.has("Sec-WebSocket-Version", "13") {
			err = c.misanswered(r, "want Sec-WebSocket-Version: 13 in the answer, not %q", r.values("Sec-WebSocket-Version"))
		}
		return err
	})},
	{Rule: "§11.3.5", Severity: Should, Name: "a version twice: refused", cases: refusal(isError, "want an error status", twice("Sec-WebSocket-Version", "13"))},
	// §10.2: a server that any page may use has no reason to.
	{Rule: "§10.2", Severity: May, Name: "a page of another site: refused", cases: refusal(isError, "an Origin of another site is no reason for this server to refuse",
		set("Origin", "http://elsewhere.example"))},
}

func isError(status int) bool { return status >= 400 && status <= 599 }

// refusal wants statuses that are right for every form of a handshake.
func refusal(right func(status int) bool, want string, forms ...edit) []attempt {
	return each(forms, func(p *probe, form edit) error {
		c, r, err := p.ask(form)
		if err == nil && !right(r.status) {
			err = c.misanswered(r, "%s", want)
		}
		return err
	})
}

func refused(rule, name string, forms ...edit) Check {
	return Check{Rule: rule, Severity: Must, Name: name + ": refused", cases: refusal(isError, "want an error status", forms...)}
}

func badRequest(rule, name string, form edit) Check {
	return Check{Rule: rule, Severity: Must, Name: name + ": 400",
		cases: refusal(func(status int) bool { return status == 400 }, "want 400", form)}
}

func ignored(rule, name string, forms ...edit) Check {
	return Check{Rule: rule, Severity: Must, Name: name + ": not agreed to, in well-formed HTTP",
		cases: refusal(func(status int) bool { return status != 101 }, "want anything but 101", forms...)}
}

// negotiation is what a server may answer to offers (§4.2.2, §9.1, RFC 7692 §7.1).
var negotiation = []Check{
	{Rule: "§4.2.2 (5.5)", Severity: Must, Name: "no subprotocol that was not offered", cases: each([][]string{nil}, (*probe).subprotocol)},
	{Rule: "§4.2.2 (5.5)", Severity: Must, Name: "of the subprotocols offered one at most", cases: each(
		[][]string{{"json"}, {"xml", "json"}, {"conform.none"}, {"xml", "chat", "superchat"}}, (*probe).subprotocol)},
	{Rule: "§9.1", Severity: Must, Name: "no extension that was not offered", cases: each([]string{""}, (*probe).extensions)},
	{Rule: "§9.1", Severity: Must, Name: "an extension that it does not know is passed over", cases: each(
		[]string{"x-conform", `x-conform; a=1; b="2"`, "x-conform, x-conform; a"}, (*probe).extensions)},
	{Rule: "§9.1", Severity: May, Name: "permessage-deflate: agreed to", cases: once(func(p *probe) error {
		offer := cmp.Or(p.Deflate, strings.Join(deflateOffers, ", "))
		s, err := p.open(set("Sec-WebSocket-Extensions", offer)) // whether the answer is legal, the next says
		if err == nil && s.inflate == nil {
			err = s.wrong("no compression")
		}
		return err
	})},
	{Rule: "RFC 7692 §7.1", Severity: Must, Name: "the answer to an offer of permessage-deflate is legal", cases: each([]string{
		"permessage-deflate",
		"permessage-deflate; client_max_window_bits",
		"permessage-deflate; client_max_window_bits=10",
		"permessage-deflate; server_max_window_bits=10",
		"permessage-deflate; server_no_context_takeover",
		"permessage-deflate; client_no_context_takeover",
		"permessage-deflate; server_no_context_takeover; client_no_context_takeover",
		"", // the one that the server insists on
	}, func(p *probe, offer string) error {
		return p.extensions(cmp.Or(offer, p.Deflate))
	})},
	{Rule: "RFC 7692 §7.1", Severity: Must, Name: "an illegal offer of permessage-deflate is declined", needs: needsOpen | needsDeflate, cases: each([]string{
		"level=9",
		"server_max_window_bits=16",
		"server_max_window_bits=7",
		"server_max_window_bits",
		"client_max_window_bits=08",
		"server_no_context_takeover=1",
		"client_no_context_takeover; client_no_context_takeover",
	}, func(p *probe, wrong string) error {
		s, err := p.open(set("Sec-WebSocket-Extensions", spoilt(p.Deflate, wrong)))
		if err == nil && s.inflate != nil {
			err = s.wrong("want the offer declined")
		}
		return err
	})},
	{Rule: "RFC 7692 §5.1", Severity: Must, Name: "of several offers of permessage-deflate one legal one at most", cases: once(func(p *probe) error {
		offer := cmp.Or(p.Deflate, deflateName)
		s, err := p.open(set("Sec-WebSocket-Extensions", spoilt(offer, "level=9")+", "+offer))
		if err != nil {
			return err
		}
		agreed, _ := parseExtensions(s.answer.values("Sec-WebSocket-Extensions"))
		if len(agreed) > 1 {
			return s.wrong("want one extension, not %d", len(agreed))
		}
		for _, e := range agreed {
			if err := agreesToOne(offer, e); err != nil {
				return s.wrong("%v", err)
			}
		}
		return nil
	})},
}

// spoilt is an offer that is illegal, and would be agreed to if it were not: each
// of its forms has a parameter more.
func spoilt(offer, parameter string) string {
	return strings.ReplaceAll(offer, ", ", "; "+parameter+", ") + "; " + parameter
}

// subprotocol offers subprotocols, and wants one of them at most.
func (p *probe) subprotocol(offer []string) error {
	form := without("Sec-WebSocket-Protocol")
	if offer != nil {
		form = set("Sec-WebSocket-Protocol", strings.Join(offer, ", "))
	}
	c, r, err := p.ask(form)
	if err != nil {
		return err
	}
	chosen := r.values("Sec-WebSocket-Protocol")
	insists := r.status != 101 && offer != nil // on a subprotocol of its own, as a server may
	right := len(chosen) == 0 || len(chosen) == 1 && slices.Contains(offer, chosen[0])
	return c.wants(insists || right, "want one of %q at most, not %q", offer, chosen)
}

// extensions makes an offer, and wants the handshake agreed to with at most what
// was offered.
func (p *probe) extensions(offer string) error {
	form := without("Sec-WebSocket-Extensions")
	if offer != "" {
		form = set("Sec-WebSocket-Extensions", offer)
	}
	s, err := p.open(form)
	if err != nil {
		return err
	}
	agreed, err := parseExtensions(s.answer.values("Sec-WebSocket-Extensions"))
	if err != nil {
		return s.wrong("%v", err)
	}
	for i, e := range agreed {
		switch {
		case e.name != deflateName || !strings.Contains(offer, deflateName):
			return s.wrong("want no %q, which was not offered or does not exist", e.name)
		case i > 0:
			return s.wrong("want one extension, not %d", len(agreed))
		}
		if err := agreesToOne(offer, e); err != nil {
			return s.wrong("%s: %v", deflateName, err)
		}
	}
	return nil
}
