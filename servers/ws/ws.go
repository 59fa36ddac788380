// Package ws is WebSocket push (RFC 6455) on github.com/coder/websocket: after
// one upgrade, each event travels as one message as soon as it is published.
//
// Both ends read and write the same encoding as every other transport, in text
// or binary frames as the encoding asks.
package ws

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/coder/websocket"

	"pushbench/servers/feed"
)

// Transport is WebSocket push.
var Transport = &feed.Transport{
	Name:      "ws",
	About:     "WebSocket: one upgrade, then a message for each event",
	Serve:     serve,
	Subscribe: subscribe,
}

// burst is how many records a server end takes from the log at a time; each is
// still a message, and a write, of its own.
const burst = 32

// maxMessage bounds what the client end reads as one message (bytes).
const maxMessage = 128 << 20

func serve(log *feed.Log, req feed.Request, w http.ResponseWriter, r *http.Request) {
	records, cursor, err := log.Since(req.Since, burst, nil)
	if err != nil {
		feed.Refuse(w, http.StatusBadRequest, err)
		return
	}
	conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{CompressionMode: websocket.CompressionDisabled})
	if err != nil {
		return // Accept has answered with the status and the reason
	}
	defer conn.CloseNow()
	push(conn, log, cursor, records)
}

// push writes records and then whatever follows cursor, until the peer goes or
// the feed ends.
func push(conn *websocket.Conn, log *feed.Log, cursor uint64, records []feed.Record) {
	// Pings and the peer's close are handled by CloseRead. Its context ends with
	// the connection, and so do writes, which therefore need no context.
	gone := conn.CloseRead(context.Background())
	for {
		for _, r := range records {
			if err := conn.Write(context.Background(), messageType(log.Codec()), r.Wire); err != nil {
				return
			}
		}
		var err error
		if records, cursor, err = log.Since(cursor, burst, records[:0]); err != nil {
			return
		}
		if len(records) > 0 {
			continue
		}
		if err := log.Wait(gone, cursor); err != nil {
			if errors.Is(err, feed.ErrClosed) {
				conn.Close(websocket.StatusGoingAway, err.Error())
			}
			return
		}
	}
}

func messageType(c feed.Codec) websocket.MessageType {
	if c.IsText() {
		return websocket.MessageText
	}
	return websocket.MessageBinary
}

func subscribe(ctx context.Context, client *http.Client, url string, s feed.Subscription) error {
	s.Meter.Requests.Add(1)
	conn, resp, err := websocket.Dial(ctx, url+"/ws?"+s.Query(s.Since), &websocket.DialOptions{HTTPClient: client})
	if err != nil {
		if resp != nil && resp.StatusCode != http.StatusSwitchingProtocols && resp.Body != nil {
			err = feed.NewStatusError(resp.StatusCode, resp.Body)
		}
		return feed.Ended(ctx, err)
	}
	defer conn.CloseNow()
	conn.SetReadLimit(maxMessage)
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
