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
	downlink := func(ctx context.Context) error {
		defer conn.Close()
		defer context.AfterFunc(ctx, func() { conn.Close() })()
		return feed.UnlessCancelled(ctx, receive(conn, s))
	}
	if s.Uplink == nil {
		return downlink(ctx)
	}
	return feed.Beside(ctx, downlink, func(ctx context.Context) error {
		return feed.UnlessCancelled(ctx, sendAll(ctx, conn, s))
	})
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

// receive hands out events, and echoes if there is an uplink, until reading
// fails.
func receive(conn io.Reader, s feed.Subscription) error {
	in := feed.NewBuffer(conn)
	for {
		message, err := next(in, s.Meter)
		if err != nil {
			return err
		}
		if s.Uplink != nil && feed.IsUplink(message, s.Codec) {
			s.Meter.EchoesDown.Add(int64(len(message)))
			s.Uplink.Echo(message)
			continue
		}
		event, err := decode(s.Codec, message)
		if err != nil {
			return err
		}
		s.Meter.Answers.Add(1) // before its event is out, so that once the subscriber has that, it is counted
		s.Emit(event)
	}
}

// next takes the next message, which is valid until the following call.
func next(in *feed.Buffer, meter *feed.Meter) ([]byte, error) {
	prefix, err := in.Peek(prefixLen)
	if err == io.EOF {
		return nil, errors.New("raw: the server closed the connection")
	}
	if err != nil {
		return nil, fmt.Errorf("raw: read an event's length: %w", err)
	}
	length := binary.BigEndian.Uint32(prefix)
	if length > feed.MaxEncoded {
		return nil, fmt.Errorf("raw: server announced an event of %d bytes, more than the %d allowed", length, feed.MaxEncoded)
	}
	frame, err := in.Take(prefixLen + int(length))
	if err != nil {
		return nil, fmt.Errorf("raw: read an event of %d bytes: %w", length, err)
	}
	meter.FramingDown.Add(prefixLen)
	return frame[prefixLen:], nil
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
