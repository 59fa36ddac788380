package feedtest

import (
	"context"
	"errors"
	"net"
	"testing"
)

// resume: wherever the connection is cut, in either direction, going on from
// the last event seen loses nothing and repeats nothing.
func (s suite) resume(t *testing.T) {
	server := Serve(t, s.transport, Config{Codec: s.codec, Way: s.way})

	// How much an uncut subscription to three events reads and writes.
	measured := Serve(t, s.transport, Config{Codec: s.codec, Still: true, Way: s.way})
	measured.Publish(3)
	sub := measured.Subscribe(0, s.knobs)
	sub.Await(3)
	measured.Rest(sub)
	down, up := sub.Tally.BytesRead.Load(), sub.Tally.BytesWritten.Load()

	// The next subscription may take a few bytes fewer: signatures vary in
	// length, frames may share a record, and other digits compress to another
	// length. It must be cut all the same.
	least, most := down-1, up
	if !s.way.exact() || sub.Meter.CompressionDown.Load() != 0 {
		least, most = down-slack, up-slack
	}
	for n := int64(1); n < least; n += max(1, down/40) {
		s.cut(t, server, n, 1<<40)
	}
	s.cut(t, server, least, 1<<40)
	for n := int64(0); n < most; n += max(1, up/10) {
		s.cut(t, server, 1<<40, n)
	}
}

// slack is more than two subscriptions to the same events differ by (bytes).
const slack = 64

// cut subscribes to three events on a connection that is cut after so many
// bytes read or written, publishes two more, and goes on.
func (s suite) cut(t *testing.T, server *Server, read, written int64) {
	t.Helper()
	since := server.Log.Newest()
	server.Publish(3)
	first := server.NewSubscriber(since, s.knobs)
	first.Dial = func(ctx context.Context) (net.Conn, error) {
		first.Dial = server.dial // the next connection is whole
		if s.way.Loop {
			return frailPath(ctx, t, server.dial, read, written)
		}
		c, err := server.dial(ctx)
		return &frailConn{c, read, written}, err
	}
	first.Start()
	if err := first.Err(); err == nil {
		t.Fatalf("a subscription cut after %d bytes read and %d written ended without an error", read, written)
	}
	server.Publish(2)
	second := server.Subscribe(first.Cursor(), s.knobs)
	second.Await(since + 5)
	if err := second.Cancel(); err != nil {
		t.Fatal(err)
	}
	server.Check(append(first.Events(), second.Events()...), since, since+5)
}

// frailConn closes after so many bytes in a direction.
type frailConn struct {
	net.Conn
	read, written int64 // left
}

var errCut = errors.New("the connection was cut by the test")

func (c *frailConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p[:min(int64(len(p)), c.read)])
	if c.read -= int64(n); c.read == 0 {
		c.Conn.Close()
		return n, errCut
	}
	return n, err
}

func (c *frailConn) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p[:min(int64(len(p)), c.written)])
	if c.written -= int64(n); c.written == 0 && err == nil {
		c.Conn.Close()
		return n, errCut
	}
	return n, err
}
