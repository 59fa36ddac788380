package wsbare

import (
	"context"
	"errors"
	"fmt"
	"net/http"

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
	in := newIntake(conn, &s)
	if s.Uplink == nil {
		return s.Receive(ctx, conn.socket, in)
	}
	return feed.Beside(ctx,
		func(ctx context.Context) error { return s.Receive(ctx, conn.socket, in) },
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
	return conn, nil
}

// intake hands out events, and echoes if there is an uplink. It keeps no more of the
// subscription than it needs, since a fleet has thousands.
type intake struct {
	conn    *Conn
	codec   feed.Codec
	path    string // of the server's, for errors
	emit    func(feed.Event)
	uplink  *feed.Uplink
	watched *watched // nil: the server has not promised to ping
}

func newIntake(c *Conn, s *feed.Subscription) *intake {
	in := &intake{conn: c, codec: s.Codec, path: s.Address.Path, emit: s.Emit, uplink: s.Uplink}
	if every := s.Options.Duration("ping"); every > 0 {
		in.watched = watch(c, every, s.Options.Duration("pong"))
	}
	return in
}

// Pending implements feed.Intake.
func (in *intake) Pending() int { return len(in.conn.buffer.Held()) }

// Take implements feed.Intake.
func (in *intake) Take(p []byte) error {
	if in.watched != nil {
		in.watched.hear()
	}
	err := in.conn.take(p, in.message)
	if err != nil && in.watched != nil {
		in.watched.stop()
	}
	return err
}

// End implements feed.Intake.
func (in *intake) End(err error) error {
	if in.watched != nil {
		err = in.watched.ended(err)
	}
	return in.conn.end(err)
}

// message takes a message: events, or an echo.
func (in *intake) message(op Opcode, message []byte) error {
	if want := opcode(in.codec); op != want {
		return fmt.Errorf("%s: server sent a %v message where the feed's encoding asks for %v", in.path, op, want)
	}
	meter := in.conn.meter
	if in.uplink != nil && feed.IsUplink(message, in.codec) {
		meter.EchoesDown.Add(int64(len(message)))
		in.uplink.Echo(message)
		return nil
	}
	meter.Answers.Add(1) // before its events are out, so that once the subscriber has them, it is counted
	n, err := in.codec.DecodeAll(message, in.emit)
	if err != nil {
		return fmt.Errorf("%s: message: %w", in.path, err)
	}
	if n == 0 {
		return errors.New(in.path + ": server sent a message without an event")
	}
	return nil
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
