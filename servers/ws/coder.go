package ws

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/coder/websocket"

	"pushbench/servers/feed"
	"pushbench/servers/wsbare"
)

// subscribeCoder is the client end on coder/websocket.
func subscribeCoder(ctx context.Context, client *http.Client, url string, s feed.Subscription) error {
	s.Meter.Requests.Add(1)
	conn, resp, err := websocket.Dial(ctx, url+"/ws?"+s.Query(s.Since), &websocket.DialOptions{HTTPClient: client})
	if err != nil {
		if resp != nil && resp.StatusCode != http.StatusSwitchingProtocols && resp.Body != nil {
			err = feed.NewStatusError(resp.StatusCode, resp.Body)
		}
		return feed.Ended(ctx, err)
	}
	defer conn.CloseNow()
	conn.SetReadLimit(wsbare.MaxMessage)
	defer context.AfterFunc(ctx, func() { conn.CloseNow() })()
	want := messageType(s.Codec)
	var buf []byte
	for {
		typ, r, err := conn.Reader(context.Background())
		if err == nil {
			buf, err = readMessage(r, buf[:0])
		}
		if err != nil {
			return feed.Ended(ctx, err)
		}
		if typ != want {
			return fmt.Errorf("ws: server sent a %v message where the feed's encoding asks for %v", typ, want)
		}
		s.Meter.FramingDown.Add(int64(headerLen(len(buf))))
		n, err := s.Codec.DecodeAll(buf, s.Emit)
		if err != nil {
			return fmt.Errorf("ws: message: %w", err)
		}
		if n == 0 {
			return errors.New("ws: server sent a message without an event")
		}
		s.Meter.Answers.Add(1)
	}
}

// headerLen is the length of an unmasked frame's header by the payload it
// announces (RFC 6455 §5.2).
func headerLen(payload int) int {
	switch {
	case payload <= 125:
		return 2
	case payload <= 0xffff:
		return 4
	}
	return 10
}

// readMessage reads r to its end into buf, grown as needed.
func readMessage(r io.Reader, buf []byte) ([]byte, error) {
	for {
		if len(buf) == cap(buf) {
			buf = append(buf, 0)[:len(buf)]
		}
		n, err := r.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		if err == io.EOF {
			return buf, nil
		}
		if err != nil {
			return buf, err
		}
	}
}
