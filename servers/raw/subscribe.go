package raw

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"pushbench/servers/feed"
)

func subscribe(ctx context.Context, client *http.Client, s feed.Subscription) error {
	s.Meter.Requests.Add(1)
	conn, err := dial(ctx, client, s.Address.URL(s.Since))
	if err != nil {
		return feed.UnlessCancelled(ctx, err)
	}
	in := newIntake(&s)
	if s.Uplink == nil {
		return s.Receive(ctx, conn, in)
	}
	return feed.Beside(ctx,
		func(ctx context.Context) error { return s.Receive(ctx, conn, in) },
		func(ctx context.Context) error { return feed.UnlessCancelled(ctx, sendAll(ctx, conn, s)) })
}

func dial(ctx context.Context, client *http.Client, url string) (io.ReadWriteCloser, error) {
	conn, answer, err := feed.Upgrade(ctx, client, url, http.Header{
		"Upgrade":    {protocol},
		"Connection": {"Upgrade"},
	})
	if err != nil {
		return nil, err
	}
	if agreed := answer.Get("Upgrade"); !strings.EqualFold(agreed, protocol) {
		conn.Close()
		return nil, fmt.Errorf("raw: the server upgraded to %q, not to %s", agreed, protocol)
	}
	return conn, nil
}

// intake hands out events, and echoes if there is an uplink. It keeps no more of the
// subscription than it needs, since a fleet has thousands.
type intake struct {
	buffer feed.Buffer
	codec  feed.Codec
	meter  *feed.Meter
	emit   func(feed.Event)
	uplink *feed.Uplink
}

func newIntake(s *feed.Subscription) *intake {
	return &intake{codec: s.Codec, meter: s.Meter, emit: s.Emit, uplink: s.Uplink}
}

// Pending implements feed.Intake.
func (in *intake) Pending() int { return len(in.buffer.Held()) }

// Take implements feed.Intake.
func (in *intake) Take(p []byte) error {
	for {
		frame, rest, err := in.buffer.Next(p, frameSize)
		if err != nil {
			return err
		}
		if frame == nil {
			in.buffer.Release()
			return nil
		}
		in.meter.FramingDown.Add(prefixLen)
		if err := in.message(frame[prefixLen:]); err != nil {
			return err
		}
		p = rest
	}
}

// End implements feed.Intake.
func (in *intake) End(err error) error {
	held := in.buffer.Held()
	switch {
	case err == io.EOF && len(held) == 0:
		return errors.New("raw: the server closed the connection")
	case err == io.EOF:
		err = io.ErrUnexpectedEOF
	}
	if len(held) < prefixLen {
		return fmt.Errorf("raw: read an event's length: %w", err)
	}
	return fmt.Errorf("raw: read an event of %d bytes: %w", binary.BigEndian.Uint32(held), err)
}

// frameSize is the size of the frame that b begins with, as feed.Buffer asks for it.
func frameSize(b []byte) (int, error) {
	if len(b) < prefixLen {
		return prefixLen, nil
	}
	length := binary.BigEndian.Uint32(b)
	if length > feed.MaxEncoded {
		return 0, fmt.Errorf("raw: server announced an event of %d bytes, more than the %d allowed", length, feed.MaxEncoded)
	}
	return prefixLen + int(length), nil
}

// message takes what a frame holds.
func (in *intake) message(message []byte) error {
	if in.uplink != nil && feed.IsUplink(message, in.codec) {
		in.meter.EchoesDown.Add(int64(len(message)))
		in.uplink.Echo(message)
		return nil
	}
	event, err := decode(in.codec, message)
	if err != nil {
		return err
	}
	in.meter.Answers.Add(1) // before its event is out, so that once the subscriber has that, it is counted
	in.emit(event)
	return nil
}

// decode reads the event that a message must be.
func decode(codec feed.Codec, message []byte) (feed.Event, error) {
	event, rest, err := codec.Decode(message)
	if err != nil {
		return feed.Event{}, fmt.Errorf("raw: decode %d bytes: %w", len(message), err)
	}
	if len(rest) > 0 {
		return feed.Event{}, fmt.Errorf("raw: %d bytes follow the event in its frame", len(rest))
	}
	return event, nil
}

// sendAll sends the uplink's messages as they are due.
func sendAll(ctx context.Context, conn io.Writer, s feed.Subscription) error {
	var frame bytes.Buffer
	for {
		message, err := s.Uplink.Next(ctx)
		if err != nil {
			return fmt.Errorf("uplink: %w", err)
		}
		frame.Reset()
		writeFrame(&frame, message)
		// Before it is out, so that once the server has it, it is counted.
		s.Meter.FramingUp.Add(prefixLen)
		s.Meter.EchoesUp.Add(int64(len(message)))
		if _, err := conn.Write(frame.Bytes()); err != nil {
			return fmt.Errorf("uplink: send a message of %d bytes: %w", len(message), err)
		}
	}
}
