package main

import (
	"context"
	"net/http"

	"github.com/coder/websocket"

	"pushbench/servers/feed"
)

// coder is github.com/coder/websocket, on which our own ws is built: Write in a loop,
// which frames the event for each connection.
func coder(log *feed.Log) server {
	kind := websocket.MessageBinary
	if log.Codec().IsText() {
		kind = websocket.MessageText
	}
	return broadcast(log, library[*websocket.Conn, []byte]{
		upgrade: func(w http.ResponseWriter, r *http.Request) (*websocket.Conn, error) {
			return websocket.Accept(w, r, nil)
		},
		ready:  func(event []byte) ([]byte, error) { return event, nil },
		send:   func(c *websocket.Conn, event []byte) error { return c.Write(context.Background(), kind, event) },
		listen: func(c *websocket.Conn) { <-c.CloseRead(context.Background()).Done() },
		goAway: func(c *websocket.Conn) { c.Close(websocket.StatusGoingAway, feed.ErrClosed.Error()) },
		hangUp: func(c *websocket.Conn) { c.CloseNow() },
	})
}
