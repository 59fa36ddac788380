package conform

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// ofTheHandshake are the fields that each handshake has of its own, or cannot
// have, and why nobody else gives them.
var ofTheHandshake = map[string]string{
	"connection":               "it is the handshake's own, and the checks vary it",
	"upgrade":                  "it is the handshake's own, and the checks vary it",
	"sec-websocket-key":        "each handshake has a new one",
	"sec-websocket-version":    "it is the handshake's own, and the checks vary it",
	"sec-websocket-extensions": "the checks make offers of their own",
	"sec-websocket-accept":     "it is the server's to say",
	"content-length":           "a handshake has no body",
	"transfer-encoding":        "a handshake has no body",
	"trailer":                  "a handshake has no body",
	"expect":                   "a handshake has no body",
	"te":                       "it would have to stand in Connection, which is the handshake's own",
	"keep-alive":               "it would have to stand in Connection, which is the handshake's own",
	"proxy-connection":         "it would have to stand in Connection, which is the handshake's own",
	"http2-settings":           "it would have to stand in Connection, which is the handshake's own",
}

// single are fields that a request has one of (RFC 9110 §5.3; §4.1 and §10.2 of
// RFC 6455 for Origin). Others are lists, or unknown, and may be given again.
var single = []string{"host", "origin", "authorization", "proxy-authorization", "user-agent", "referer", "from", "date",
	"content-type", "max-forwards", "range", "if-range", "if-modified-since", "if-unmodified-since"}

// AddHeader adds a line to each handshake: Host replaces the URL's, Authorization
// that of the URL's user, and a second Cookie stands behind the first. A value
// may have bytes beyond ASCII, which are sent as they are (RFC 9110 §5.5).
func (t *Target) AddHeader(line string) error {
	name, value, ok := strings.Cut(line, ":")
	key := strings.ToLower(name)
	value = strings.Trim(value, " \t")
	switch {
	case !ok || name == "":
		return fmt.Errorf("header %q: use 'Name: value'", line)
	case !isToken(name):
		return fmt.Errorf("header %q: a name has letters, digits and hyphens, and nothing between it and the colon (RFC 9110 §5.1)", name)
	case hasControls(value):
		return fmt.Errorf("header %s: it holds an end of line or another control character, which no value may (RFC 9110 §5.5)", name)
	case ofTheHandshake[key] != "":
		return fmt.Errorf("header %s: %s; leave it out", name, ofTheHandshake[key])
	case strings.HasPrefix(key, "sec-websocket-") && key != "sec-websocket-protocol":
		return fmt.Errorf("header %s: what begins so is the handshake's own (§11.3); leave it out", name)
	case slices.Contains(single, key) && (t.given(key) || key == "host" && t.replaced):
		return fmt.Errorf("header %s: a request has one, and this is the second; leave one out", name)
	}
	var err error
	switch key {
	case "host":
		err = t.setHost(value)
	case "sec-websocket-protocol":
		err = t.addProtocols(value)
	case "cookie":
		t.fields.addCookie(value)
	default:
		t.fields = append(t.fields, name+": "+value)
	}
	if err != nil {
		return fmt.Errorf("header %s: %w", name, err)
	}
	return nil
}

func (t *Target) setHost(value string) error {
	host, port, err := parseAuthority(value)
	if err != nil {
		return err
	}
	if t.host, t.replaced = host.wire, true; port != "" {
		t.host += ":" + port
	}
	return nil
}

// addProtocols adds subprotocols to what each handshake offers, each of them once
// (§4.1, item 10).
func (t *Target) addProtocols(value string) error {
	offered := elements(append([]string{value}, t.values("Sec-WebSocket-Protocol")...))
	for i, name := range offered {
		if slices.Contains(offered[:i], name) || !isToken(name) {
			return fmt.Errorf("%q is no subprotocol, or is there twice (§4.1)", name)
		}
	}
	if len(elements([]string{value})) == 0 {
		return errors.New("it names no subprotocol")
	}
	t.fields = append(t.fields, "Sec-WebSocket-Protocol: "+value)
	return nil
}
