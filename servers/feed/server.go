package feed

import (
	"context"
	"net"
	"net/http"
	"time"
)

// How long each state of a connection may last that a peer could hold it in. What
// has left HTTP has MessageTime, and TLS's handshake a time of its own; an answer that
// goes on, and a connection without a request or message that has begun, are there to
// last.
const (
	// RequestTime is for a whole request, head and body. Whoever sends one byte
	// after the other must not hold a connection, and what it costs, for ever.
	RequestTime = 10 * time.Second
	// IdleTime is between requests: more than the longest interval of a poll.
	IdleTime = time.Hour + time.Minute
)

// NewServer makes the server of a feed, which its Shutdown ends.
func NewServer(log *Log, h http.Handler, protocols *http.Protocols) *http.Server {
	server := &http.Server{
		Handler:      h,
		ReadTimeout:  RequestTime,
		WriteTimeout: AnswerTime,
		IdleTimeout:  IdleTime,
		Protocols:    protocols,
		ConnContext: func(ctx context.Context, c net.Conn) context.Context {
			return context.WithValue(ctx, connection{}, c)
		},
	}
	server.RegisterOnShutdown(log.Close)
	return server
}

// connection is the key of a request's connection.
type connection struct{}

// Trier is a connection on which a write can be tried, as wire.Conn is. Between Try and
// Tried nobody who writes waits: what does not get out is kept, and Drain waits until it
// is out.
type Trier interface {
	net.Conn
	Tries() bool // whether it can, here; asked before there is a second goroutine that writes
	Try() bool   // false: somebody waits to write, or has yet to Drain
	Tried() (kept int)
	Drain() error
}

// AsTrier is the connection as one, nil where writes on it cannot be tried.
func AsTrier(c any) Trier {
	if t, ok := c.(Trier); ok && t.Tries() {
		return t
	}
	return nil
}

// trier is that of an answer that is all its connection carries: over HTTP/2 it shares it.
func trier(r *http.Request) Trier {
	if r.ProtoMajor != 1 {
		return nil
	}
	return AsTrier(r.Context().Value(connection{}))
}
