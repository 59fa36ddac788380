package main

import (
	"net/http"
	"time"

	"github.com/gorilla/websocket"

	"pushbench/servers/feed"
)

// gorilla is github.com/gorilla/websocket: its PreparedMessage, which keeps the frame,
// written to each connection.
func gorilla(log *feed.Log) server {
	kind := websocket.BinaryMessage
	if log.Codec().IsText() {
		kind = websocket.TextMessage
	}
	upgrader := new(websocket.Upgrader)
	return broadcast(log, library[*websocket.Conn, *websocket.PreparedMessage]{
		upgrade: func(w http.ResponseWriter, r *http.Request) (*websocket.Conn, error) {
			return upgrader.Upgrade(w, r, nil)
		},
		ready: func(event []byte) (*websocket.PreparedMessage, error) {
			return websocket.NewPreparedMessage(kind, event)
		},
		send: (*websocket.Conn).WritePreparedMessage,
		listen: func(c *websocket.Conn) {
			for {
				if _, _, err := c.NextReader(); err != nil {
					return
				}
			}
		},
		goAway: func(c *websocket.Conn) {
			c.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseGoingAway, feed.ErrClosed.Error()), time.Now().Add(endTime))
		},
		hangUp: func(c *websocket.Conn) { c.Close() },
	})
}
