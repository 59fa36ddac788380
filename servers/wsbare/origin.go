package wsbare

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// sameOrigin lets in pages of the server's own origin, and whatever is no browser,
// which sends no Origin (§10.2).
//
// A browser lets any page open a WebSocket to any host, with the cookies that it
// has for that host and without asking first, as it would for fetch. A server
// that looks at no Origin so lets every page that a user visits act for the user
// (cross-site WebSocket hijacking). The feed has no users to act for; the rule
// stands all the same because an example is what gets copied.
//
// Scheme and host are not all of an origin: its port counts too, unless it is
// the scheme's own (RFC 6454 §4, §5). The scheme is not compared, because a
// server behind a proxy that ends TLS does not know it. Opaque origins, which
// browsers send as null for pages from files and sandboxes, are nobody's own.
func sameOrigin(r *http.Request) error {
	origins := r.Header.Values("Origin")
	if len(origins) == 0 {
		return nil
	}
	if len(origins) > 1 {
		return fmt.Errorf("there are %d Origins", len(origins))
	}
	u, err := url.Parse(origins[0])
	if err != nil || u.Host == "" {
		return fmt.Errorf("the Origin %q names no host", origins[0])
	}
	port := ownPorts[u.Scheme]
	if !strings.EqualFold(strings.TrimSuffix(u.Host, port), strings.TrimSuffix(r.Host, port)) {
		return fmt.Errorf("the Origin %q is not this server's, %s", origins[0], r.Host)
	}
	return nil
}

var ownPorts = map[string]string{"http": ":80", "ws": ":80", "https": ":443", "wss": ":443"}
