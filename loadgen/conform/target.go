package conform

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
)

// Target is a server under test: where it is, and what each handshake says to
// it beyond what RFC 6455 asks for.
type Target struct {
	URL    string
	Header []string // lines such as "Origin: https://example.org"
	Dial   func(context.Context) (net.Conn, error)

	secure       bool
	host, target string // as in the Host field and the request line
}

// Parse reads a URL: ws and wss (§3), http and https for the same. With insecure
// no certificate is checked.
func Parse(text string, insecure bool) (*Target, error) {
	u, err := url.Parse(text)
	if err != nil {
		return nil, fmt.Errorf("read the URL: %w", err)
	}
	port := map[string]string{"ws": "80", "http": "80", "wss": "443", "https": "443"}[u.Scheme]
	switch {
	case port == "" || u.Opaque != "":
		return nil, fmt.Errorf("read the URL %q: use ws://, wss://, http:// or https://", text)
	case u.Hostname() == "":
		return nil, fmt.Errorf("read the URL %q: it names no host", text)
	case u.Fragment != "":
		return nil, fmt.Errorf("read the URL %q: a WebSocket's has no fragment (§3)", text)
	case u.User != nil:
		return nil, fmt.Errorf("read the URL %q: it has a user; use -header 'Authorization: …'", u.Redacted())
	}
	t := &Target{URL: text, secure: port == "443", host: u.Host, target: u.RequestURI()}
	if p := u.Port(); p != "" {
		port = p
	}
	addr := net.JoinHostPort(u.Hostname(), port)
	t.Dial = func(ctx context.Context) (net.Conn, error) {
		var d net.Dialer // Go's connections send at once: TCP_NODELAY is set
		return d.DialContext(ctx, "tcp", addr)
	}
	if t.secure {
		d := &tls.Dialer{Config: &tls.Config{
			ServerName:         u.Hostname(),
			NextProtos:         []string{"http/1.1"},
			InsecureSkipVerify: insecure,
		}}
		t.Dial = func(ctx context.Context) (net.Conn, error) { return d.DialContext(ctx, "tcp", addr) }
	}
	return t, nil
}

// AddHeader adds a line to each handshake.
func (t *Target) AddHeader(line string) error {
	name, value, ok := strings.Cut(line, ":")
	switch {
	case !ok || name == "" || strings.ContainsFunc(name, func(c rune) bool { return !isTokenChar(c) }):
		return fmt.Errorf("header %q: use 'Name: value'", line)
	case strings.ContainsAny(value, "\r\n\x00"):
		return errors.New("header " + name + ": it holds an end of line")
	}
	t.Header = append(t.Header, line)
	return nil
}
