// Package ws is WebSocket push (RFC 6455): after one upgrade, each event travels
// as one message as soon as it is published, in a text or binary frame as the
// feed's encoding asks.
//
// The server end is github.com/coder/websocket's. There are two client ends:
// that of package wsbare, which every WebSocket server is measured with, and
// coder/websocket's, so that the one can be checked against the other.
package ws

import (
	"context"
	"errors"
	"net/http"

	"github.com/coder/websocket"

	"pushbench/servers/feed"
	"pushbench/servers/wsbare"
)

// Transport is WebSocket push.
var Transport = &feed.Transport{
	Name:     "ws",
	About:    "WebSocket: one upgrade, then a message for each event",
	Upgrades: true,
	Knobs: []feed.Knob{
		{Name: "client", Default: "bare", About: "the client end: bare is this project's own, coder is coder/websocket's", Check: feed.CheckOneOf("bare", "coder")},
	},
	Serve:     serve,
	Subscribe: subscribe,
}

// burst is how many records a server end takes from the log at a time; each is
// still a message, and a write, of its own.
const burst = 32

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
	if s.Options.Is("client", "coder") {
		return subscribeCoder(ctx, client, url, s)
	}
	return wsbare.Subscribe(ctx, client, url, "ws", s)
}
