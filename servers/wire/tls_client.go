package wire

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"sync/atomic"
	"time"
)

// tlsConfig is TLS for one version of HTTP. Each client resumes its own sessions
// and no other's (RFC 8446 §2.2).
func (c *Client) tlsConfig() *tls.Config {
	if c.secure == nil {
		c.secure = c.TLS.Clone()
		c.secure.ClientSessionCache = new(session)
		c.secure.NextProtos = []string{"http/1.1"}
		if c.HTTP2 {
			c.secure.NextProtos = []string{"h2"}
		}
	}
	return c.secure
}

// session is a client's latest session, by which it resumes. It is a small
// tls.ClientSessionCache: crypto/tls's own takes several times what it holds.
type session struct {
	state atomic.Pointer[tls.ClientSessionState]
}

func (s *session) Get(string) (*tls.ClientSessionState, bool) {
	state := s.state.Load()
	return state, state != nil
}

func (s *session) Put(_ string, state *tls.ClientSessionState) { s.state.Store(state) }

// secure makes the TLS handshake.
func (s *stack) secure(ctx context.Context, config *tls.Config) error {
	ctx, cancel := context.WithTimeoutCause(ctx, handshakeTimeout, errSlow)
	defer cancel()
	s.conn.secured = handshaking
	t := tls.Client(s.conn, config)
	if err := t.HandshakeContext(ctx); err != nil {
		return fmt.Errorf("make a TLS handshake: %w", cmp.Or(context.Cause(ctx), err))
	}
	s.conn.secured = established
	state := t.ConnectionState()
	if want := config.NextProtos[0]; want == "h2" && state.NegotiatedProtocol != want {
		return errors.New("the server has no HTTP/2 over TLS (ALPN h2); use HTTP/1.1")
	}
	s.made.TLS, s.made.Resumed, s.made.Turns = time.Since(s.start), state.DidResume, s.conn.turns.Load()
	app := &counted{Conn: t, socket: s.conn, curt: true}
	s.app, s.flow = app, &app.flow
	return nil
}

var errSlow = fmt.Errorf("the peer has not finished it within %v", handshakeTimeout)
