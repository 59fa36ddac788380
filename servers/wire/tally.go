// Package wire counts what passes a connection, at both of its ends and at
// every layer: it wraps net.Listener on the server's side and is an
// http.RoundTripper on the subscriber's, so that no transport knows it is being
// counted.
//
//	transport ─ HTTP heads, frames ─ (crypto/tls ─) Conn: bytes ─ kernel: TCP_INFO
package wire

import (
	"context"
	"sync/atomic"
	"time"
)

// Tally counts the bytes and calls of any number of connections, at the
// boundary between the program and its TCP socket.
type Tally struct {
	Conns, Closed           atomic.Int64 // opened; and of them, closed by this end
	BytesRead, BytesWritten atomic.Int64
	Reads, Writes           atomic.Int64 // calls that moved at least a byte

	// TLS is, of the bytes written, those of TLS itself: all that was not written
	// above it. That is handshakes, alerts, and what each record has beyond its
	// content. Each end counts what it sends: only the sender knows where its
	// handshake ended, and what it was given to send. Handshakes is part of it.
	// While a write is under way, TLS is short of it.
	TLS, Handshakes atomic.Int64

	// Pending is what was given to writes that were tried and is not yet written: part
	// of neither BytesWritten nor Writes.
	Pending atomic.Int64

	// Ends, if set, is told of each connection that this end closes. It is set
	// before the first.
	Ends *Ends
}

// Counts is a reading of a Tally.
type Counts struct {
	Conns        int64 `json:"conns"`
	BytesRead    int64 `json:"read"`
	BytesWritten int64 `json:"written"`
	Reads        int64 `json:"reads"`
	Writes       int64 `json:"writes"`
	TLS          int64 `json:"tls"`
	Handshakes   int64 `json:"handshakes"`
	Closed       int64 `json:"closed"`
	Pending      int64 `json:"pending,omitempty"`
}

// Counts reads the tally. While bytes are in flight the two ends of a
// connection differ; at rest they agree to the byte.
func (t *Tally) Counts() Counts {
	written := t.BytesWritten.Load() // first, as it is counted last
	return Counts{
		Conns:        t.Conns.Load(),
		BytesRead:    t.BytesRead.Load(),
		BytesWritten: written,
		Reads:        t.Reads.Load(),
		Writes:       t.Writes.Load(),
		TLS:          t.TLS.Load(),
		Handshakes:   t.Handshakes.Load(),
		Closed:       t.Closed.Load(),
		Pending:      t.Pending.Load(),
	}
}

// closed counts a connection's end.
func (t *Tally) closed() {
	t.Closed.Add(1)
	if t.Ends != nil {
		t.Ends.Add()
	}
}

// closedStep is how often AllClosed looks.
const closedStep = 5 * time.Millisecond

// AllClosed waits until this end has closed every connection, or ctx ends. No
// more may be opened meanwhile.
func (t *Tally) AllClosed(ctx context.Context) error {
	for t.Closed.Load() < t.Conns.Load() {
		select {
		case <-time.After(closedStep):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}
