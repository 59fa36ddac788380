package wsbare

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync/atomic"
	"time"

	"pushbench/servers/feed"
)

// Subscribe is a client end as feed.Transport has it, for every WebSocket whose
// knobs are Knobs: it emits the events of every message, and sends the uplink's
// messages on the same connection.
func Subscribe(ctx context.Context, client *http.Client, s feed.Subscription) error {
	conn, err := dial(ctx, client, &s)
	if err != nil {
		return feed.UnlessCancelled(ctx, err)
	}
	if s.Uplink == nil {
		return conn.receiveAll(ctx, &s)
	}
	return feed.Beside(ctx,
		func(ctx context.Context) error { return conn.receiveAll(ctx, &s) },
		func(ctx context.Context) error { return feed.UnlessCancelled(ctx, conn.sendAll(ctx, &s)) })
}

// dial opens the connection with all that the knobs ask for. What the server
// does not agree to was not measured, so that is an error.
func dial(ctx context.Context, client *http.Client, s *feed.Subscription) (*Conn, error) {
	s.Meter.Requests.Add(1)
	o := DialOptions{Meter: s.Meter, Compress: compression(s.Options), Subprotocols: Subprotocols(s.Options)}
	conn, err := Dial(ctx, client, s.Address.URL(s.Since), o)
	if err != nil {
		return nil, err
	}
	switch inflates := conn.agreed != nil && conn.agreed.inflater != nil; {
	case o.Compress != Uncompressed && !inflates:
		err = fmt.Errorf("%s: the server did not agree to compress", s.Address.Path)
	case o.Compress == Takeover && !conn.agreed.inflater.takeover:
		err = fmt.Errorf("%s: the server compresses without takeover", s.Address.Path)
	case len(o.Subprotocols) > 0 && conn.Subprotocol() == "":
		err = fmt.Errorf("%s: the server did not pick the subprotocol %s", s.Address.Path, o.Subprotocols[0])
	}
	if err != nil {
		conn.Close()
		return nil, err
	}
	if every := s.Options.Duration("ping"); every > 0 {
		conn.in = feed.NewBuffer(watch(conn.socket, every, s.Options.Duration("pong")))
	}
	return conn, nil
}

// receiveAll hands out events and echoes until the connection or ctx ends.
func (c *Conn) receiveAll(ctx context.Context, s *feed.Subscription) error {
	defer c.Close()
	defer context.AfterFunc(ctx, func() { c.Close() })()
	want := opcode(s.Codec)
	for {
		op, message, err := c.NextMessage()
		if err != nil {
			return feed.UnlessCancelled(ctx, err)
		}
		if op != want {
			return fmt.Errorf("%s: server sent a %v message where the feed's encoding asks for %v", s.Address.Path, op, want)
		}
		if s.Uplink != nil && feed.IsUplink(message, s.Codec) {
			s.Meter.EchoesDown.Add(int64(len(message)))
			s.Uplink.Echo(message)
			continue
		}
		s.Meter.Answers.Add(1) // before its events are out, so that once the subscriber has them, it is counted
		n, err := s.Codec.DecodeAll(message, s.Emit)
		if err != nil {
			return fmt.Errorf("%s: message: %w", s.Address.Path, err)
		}
		if n == 0 {
			return errors.New(s.Address.Path + ": server sent a message without an event")
		}
	}
}

// sendAll sends the uplink's messages as they are due.
func (c *Conn) sendAll(ctx context.Context, s *feed.Subscription) error {
	for {
		message, err := s.Uplink.Next(ctx)
		if err != nil {
			return fmt.Errorf("uplink: %w", err)
		}
		s.Meter.EchoesUp.Add(int64(len(message))) // before it is out, so that once the server has it, it is counted
		if err := c.WriteMessage(opcode(s.Codec), message); err != nil {
			return fmt.Errorf("uplink: send a message of %d bytes: %w", len(message), err)
		}
	}
}

// watched is a socket on which something has to come every so often, because
// the server has promised to ping.
type watched struct {
	io.ReadWriteCloser
	every, pong time.Duration
	heard       atomic.Int64 // ns after start: when something came last
	start       time.Time
	timer       *time.Timer
	silent      atomic.Bool
}

// watch closes a socket that is silent for longer than it takes a server to send
// a ping and to learn that it has been answered.
func watch(socket io.ReadWriteCloser, every, pong time.Duration) *watched {
	w := &watched{ReadWriteCloser: socket, every: every, pong: pong, start: time.Now()}
	w.timer = time.AfterFunc(every+pong, w.look)
	return w
}

// look closes the socket, or comes back when it may be time to.
func (w *watched) look() {
	quiet := time.Since(w.start) - time.Duration(w.heard.Load())
	if left := w.every + w.pong - quiet; left > 0 {
		w.timer.Reset(left)
		return
	}
	w.silent.Store(true)
	w.ReadWriteCloser.Close()
}

// Read implements io.Reader.
func (w *watched) Read(p []byte) (int, error) {
	n, err := w.ReadWriteCloser.Read(p)
	if n > 0 {
		w.heard.Store(int64(time.Since(w.start)))
	}
	if err != nil {
		w.timer.Stop()
		if w.silent.Load() {
			err = fmt.Errorf("nothing came for %v, though the server promised a ping every %v", w.every+w.pong, w.every)
		}
	}
	return n, err
}
