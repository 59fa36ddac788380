package raw

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"pushbench/servers/feed"
)

func subscribe(ctx context.Context, client *http.Client, url string, s feed.Subscription) error {
	s.Meter.Requests.Add(1)
	conn, err := dial(ctx, client, url+"/"+name+"?"+s.Query(s.Since))
	if err != nil {
		return feed.Ended(ctx, err)
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	in := feed.NewBuffer(conn)
	for {
		event, err := next(in, s.Codec, s.Meter)
		if err != nil {
			return feed.Ended(ctx, err)
		}
		s.Emit(event)
		s.Meter.Answers.Add(1)
	}
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

// next takes the next event, which is valid until the following call.
func next(in *feed.Buffer, codec feed.Codec, meter *feed.Meter) (feed.Event, error) {
	prefix, err := in.Take(prefixLen)
	if err == io.EOF {
		return feed.Event{}, errors.New("raw: the server closed the connection")
	}
	if err != nil {
		return feed.Event{}, fmt.Errorf("raw: read an event's length: %w", err)
	}
	length := binary.BigEndian.Uint32(prefix)
	if length > maxEvent {
		return feed.Event{}, fmt.Errorf("raw: server announced an event of %d bytes, more than the %d allowed", length, maxEvent)
	}
	frame, err := in.Take(int(length))
	if err != nil {
		return feed.Event{}, fmt.Errorf("raw: read an event of %d bytes: %w", length, noEOF(err))
	}
	meter.FramingDown.Add(prefixLen)
	event, rest, err := codec.Decode(frame)
	if err != nil {
		return feed.Event{}, fmt.Errorf("raw: decode %d bytes: %w", length, err)
	}
	if len(rest) > 0 {
		return feed.Event{}, fmt.Errorf("raw: %d bytes follow the event in its frame", len(rest))
	}
	return event, nil
}

// noEOF makes an end in the middle of something what it is.
func noEOF(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
