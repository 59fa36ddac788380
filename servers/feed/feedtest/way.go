package feedtest

import (
	"crypto/tls"
	"sync"
	"testing"

	"pushbench/servers/feed"
	"pushbench/servers/wire"
)

// Way is what a transport goes over. The zero Way is HTTP/1.1 in clear.
type Way struct {
	TLS, HTTP2 bool
	Foreign    *Foreign // whose server is at its end; nil: the transport's own
	Loop       bool     // an event loop reads, in place of a goroutine for each subscriber
}

// Ways are all that a transport can go, the zero Way first, to a goroutine for each
// subscriber.
func Ways(tr *feed.Transport) []Way {
	if tr.Upgrades {
		return []Way{{}, {TLS: true}}
	}
	return []Way{{}, {TLS: true}, {HTTP2: true}, {TLS: true, HTTP2: true}}
}

func (w Way) String() string {
	text := "HTTP 1.1"
	if w.HTTP2 {
		text = "HTTP 2"
	}
	if w.TLS {
		text += " over TLS"
	}
	if w.Loop {
		text += " in a loop"
	}
	return text
}

// exact says that the same exchange always takes the same bytes. The length of
// TLS's signature varies by a few, and HTTP/2 packs digits, also those of a date,
// by their value.
func (w Way) exact() bool { return !w.TLS && !w.HTTP2 }

// authority certifies the servers of a test's process.
var authority = sync.OnceValues(wire.NewAuthority)

// serverTLS and clientTLS are the two ends' TLS, nil in clear.
func (w Way) serverTLS(t testing.TB) *tls.Config {
	t.Helper()
	return w.secured(t, func(a *wire.Authority) (*tls.Config, error) { return a.ServerConfig(), nil })
}

func (w Way) clientTLS(t testing.TB) *tls.Config {
	t.Helper()
	return w.secured(t, func(a *wire.Authority) (*tls.Config, error) { return wire.ClientConfig(a.PEM()) })
}

func (w Way) secured(t testing.TB, end func(*wire.Authority) (*tls.Config, error)) *tls.Config {
	t.Helper()
	if !w.TLS {
		return nil
	}
	a, err := authority()
	if err != nil {
		t.Fatal(err)
	}
	config, err := end(a)
	if err != nil {
		t.Fatal(err)
	}
	return config
}
