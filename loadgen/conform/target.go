package conform

import (
	"cmp"
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
)

// Target is a server under test: where it is, and what each handshake says to
// it beyond what RFC 6455 asks for.
type Target struct {
	URL  string // without a user
	Dial func(context.Context) (net.Conn, error)

	secure       bool
	place        hostname // of the URL
	port         string
	host, target string // as in the Host field and the request line
	replaced     bool   // the Host field is not the URL's
	user         string // the credentials of the URL's user (RFC 7617), "" if it has none
	fields              // of the user's own
}

// defaultPorts are those of the schemes of a WebSocket's URL (§3), and of the
// two that mean the same.
var defaultPorts = map[string]string{"ws": "80", "http": "80", "wss": "443", "https": "443"}

// Parse reads a URL: ws and wss (§3), http and https for the same. What a URL may
// not hold as it is it encodes, where that leaves no doubt, and refuses where it
// does. With insecure no certificate is checked.
func Parse(text string, insecure bool) (*Target, error) {
	text = strings.Trim(text, " \t\r\n")
	t, err := parse(text, insecure)
	if err != nil {
		return nil, fmt.Errorf("read the URL %q: %w", withoutUser(text), err)
	}
	return t, nil
}

func parse(text string, insecure bool) (t *Target, err error) {
	scheme, rest, ok := strings.Cut(text, "://")
	scheme = strings.ToLower(scheme)
	if defaultPorts[scheme] == "" || !ok {
		return nil, errors.New("use ws://, wss://, http:// or https://")
	}
	switch {
	case hasControls(rest), strings.Contains(rest, "\t"):
		return nil, errors.New("it holds a control character; one that is meant is written %0A or the like")
	case strings.Contains(rest, "#"):
		return nil, errors.New("a WebSocket's has no fragment (§3); a # that is meant is written %23")
	}
	end := len(rest)
	if i := strings.IndexAny(rest, "/?"); i >= 0 {
		end = i
	}
	authority, target := rest[:end], rest[end:]
	t = &Target{secure: defaultPorts[scheme] == "443"}
	if i := strings.LastIndexByte(authority, '@'); i >= 0 {
		if t.user, err = credentials(authority[:i]); err != nil {
			return nil, err
		}
		authority = authority[i+1:]
	}
	if t.place, t.port, err = parseAuthority(authority); err != nil {
		return nil, err
	}
	if t.target, err = parseTarget(target); err != nil {
		return nil, err
	}
	t.port = cmp.Or(t.port, defaultPorts[scheme])
	t.host = t.place.wire + t.portUnder(scheme)
	t.URL = t.with(scheme)
	t.Dial = dialer(net.JoinHostPort(t.place.dialled, t.port), t.place.name, t.secure, insecure)
	return t, nil
}

func dialer(addr, name string, secure, insecure bool) func(context.Context) (net.Conn, error) {
	dial := new(net.Dialer).DialContext // Go's connections send at once: TCP_NODELAY is set
	if secure {
		config := &tls.Config{ServerName: name, NextProtos: []string{"http/1.1"}, InsecureSkipVerify: insecure}
		dial = (&tls.Dialer{Config: config}).DialContext
	}
	return func(ctx context.Context) (net.Conn, error) { return dial(ctx, "tcp", addr) }
}

// with is the URL of the same place under another scheme.
func (t *Target) with(scheme string) string {
	return scheme + "://" + t.place.inURL + t.portUnder(scheme) + t.target
}

// portUnder is the port as a URL says it: that of the scheme itself is not said
// (§4.1).
func (t *Target) portUnder(scheme string) string {
	if t.port == defaultPorts[scheme] {
		return ""
	}
	return ":" + t.port
}

// credentials are a URL's user and password as Basic sends them (RFC 7617 §2), ""
// for nobody.
func credentials(userinfo string) (string, error) {
	if userinfo == "" {
		return "", nil
	}
	name, password, _ := strings.Cut(userinfo, ":")
	name, err := url.PathUnescape(name)
	if err == nil {
		password, err = url.PathUnescape(password)
	}
	switch {
	case err != nil:
		return "", errors.New("its user or password has a percent sign that begins no escape; write %25")
	case strings.Contains(name, ":"):
		return "", errors.New("its user has a colon, which a user's name may not (RFC 7617 §2)")
	case hasControls(name+password) || strings.Contains(name+password, "\t"):
		return "", errors.New("its user or password holds a control character, which neither may (RFC 7617 §2)")
	}
	return base64.StdEncoding.EncodeToString([]byte(name + ":" + password)), nil
}

// withoutUser is the text of a URL that may be shown.
func withoutUser(text string) string {
	scheme, rest, ok := strings.Cut(text, "://")
	if i := strings.LastIndexByte(rest, '@'); ok && i >= 0 { // maybe not where a user ends, but behind the password
		return scheme + "://…" + rest[i:]
	}
	return text
}
