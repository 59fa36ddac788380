package conform

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

// What stands for itself in a URL (RFC 3986 §2.2, §2.3, §3.3, §3.4).
const (
	alphanumeric = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	unreserved   = alphanumeric + "-._~"
	regName      = unreserved + "!$&'()*+,;="
	inPath       = regName + ":@/"
	inQuery      = inPath + "?"
)

// hostname is a host of a URL: a name in ASCII, or an address, as each place says it.
type hostname struct {
	name    string // of a certificate
	wire    string // in a request: of a zone nothing, which means something on our side alone (RFC 6874 §1)
	inURL   string
	dialled string
}

// parseAuthority reads host[:port] (RFC 3986 §3.2.2, §3.2.3). A name that is not
// ASCII becomes what DNS has in its place (RFC 5891 §5). The port is "" where it
// is not said.
func parseAuthority(text string) (h hostname, port string, err error) {
	name, rest := text, ""
	if inside, ok := strings.CutPrefix(text, "["); ok {
		if name, rest, ok = strings.Cut(inside, "]"); !ok {
			return h, "", errors.New("its [ has no ]")
		}
		if h, err = parseIPv6(name); err != nil {
			return h, "", err
		}
	} else {
		if i := strings.IndexByte(text, ':'); i >= 0 {
			name, rest = text[:i], text[i:]
		}
		if strings.Count(rest, ":") > 1 {
			return h, "", errors.New("an IPv6 address stands in brackets, such as [::1]:8080")
		}
		if name, err = parseName(name); err != nil {
			return h, "", err
		}
		h = hostname{name, name, name, name}
	}
	if rest == "" || rest == ":" {
		return h, "", nil
	}
	digits, ok := strings.CutPrefix(rest, ":")
	n, err := strconv.ParseUint(digits, 10, 16)
	if !ok || err != nil || n == 0 {
		return h, "", errors.New("its port is none of 1 to 65535")
	}
	return h, strconv.FormatUint(n, 10), nil
}

func parseIPv6(text string) (hostname, error) {
	address, zone, zoned := strings.Cut(text, "%")
	if escaped, ok := strings.CutPrefix(zone, "25"); ok && zoned { // RFC 6874 §2
		if decoded, err := url.PathUnescape(escaped); err == nil {
			zone = decoded
		}
	}
	a, err := netip.ParseAddr(address)
	switch {
	case err != nil || !a.Is6():
		return hostname{}, fmt.Errorf("%q in brackets is no IPv6 address", address)
	case zoned && (zone == "" || strings.Trim(zone, unreserved) != ""):
		return hostname{}, fmt.Errorf("the zone %q is no name of a network interface; write such as [fe80::1%%25eth0]", zone)
	}
	h := hostname{address, "[" + address + "]", "[" + address + "]", address}
	if zoned {
		h.inURL, h.dialled = "["+address+"%25"+url.PathEscape(zone)+"]", address+"%"+zone
	}
	return h, nil
}

// inDNS is idna.Lookup, with the lengths that DNS can have.
var inDNS = idna.New(idna.MapForLookup(), idna.BidiRule(), idna.VerifyDNSLength(true))

func parseName(text string) (string, error) {
	name, err := url.PathUnescape(text)
	switch {
	case text == "":
		return "", errors.New("it names no host")
	case err != nil:
		return "", fmt.Errorf("the host %q has a percent sign that begins no escape", text)
	}
	if strings.ContainsFunc(name, func(c rune) bool { return c >= 0x80 }) {
		ascii, err := inDNS.ToASCII(name)
		if err == nil && !utf8.ValidString(name) {
			err = errors.New("it is not UTF-8")
		}
		if err != nil {
			return "", fmt.Errorf("the host %q is no name that DNS can have: %v", name, err)
		}
		name = ascii
	}
	if bad := strings.Trim(name, regName); bad != "" {
		return "", fmt.Errorf("the host %q has %q, which no name has (RFC 3986 §3.2.2)", name, bad[:1])
	}
	return name, nil
}

// parseTarget reads a path and a query, and writes them as a request line has
// them (RFC 9112 §3.2.1).
func parseTarget(text string) (string, error) {
	path, query, asked := strings.Cut(text, "?")
	path, err := encoded(path, inPath)
	if err != nil {
		return "", err
	}
	if query, err = encoded(query, inQuery); err != nil {
		return "", err
	}
	if path = withoutDots(path); asked {
		path += "?" + query
	}
	return path, nil
}

// encoded is text with all that may not stand in it as an escape (RFC 3986 §2.1).
// What is an escape already stays one.
func encoded(text, legal string) (string, error) {
	if _, err := url.PathUnescape(text); err != nil {
		return "", fmt.Errorf("its path or query: %w; a percent sign that is meant is written %%25", err)
	}
	var b strings.Builder
	for _, c := range []byte(text) {
		if c == '%' || strings.IndexByte(legal, c) >= 0 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String(), nil
}

// withoutDots is a path without the segments . and .. (RFC 3986 §5.2.4), which a
// client takes out.
func withoutDots(path string) string {
	segments := strings.Split(strings.TrimPrefix(path, "/"), "/")
	var kept []string
	for i, segment := range segments {
		dots := strings.ReplaceAll(strings.ToLower(segment), "%2e", ".")
		if dots != "." && dots != ".." {
			kept = append(kept, segment)
			continue
		}
		if dots == ".." {
			kept = kept[:max(0, len(kept)-1)]
		}
		if i == len(segments)-1 {
			kept = append(kept, "")
		}
	}
	return "/" + strings.Join(kept, "/")
}
