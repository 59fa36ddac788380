package ws

import (
	"bytes"
	"context"
	"errors"
	"net/http"

	"github.com/coder/websocket"

	"pushbench/servers/feed"
	"pushbench/servers/wsbare"
)

// serve upgrades the connection, and has it pushed to and read until the
// subscriber goes or the feed ends.
func serve(log *feed.Log, req feed.Request, w http.ResponseWriter, r *http.Request) {
	if err := req.Check(log); err != nil {
		feed.Refuse(w, http.StatusBadRequest, err)
		return
	}
	mode, threshold := compression(req.Options)
	conn, err := accept(w, r, &websocket.AcceptOptions{
		Subprotocols:         wsbare.Subprotocols(req.Options),
		CompressionMode:      mode,
		CompressionThreshold: threshold,
	})
	if err != nil {
		return // accept has answered with the status and the reason
	}
	conn.SetReadLimit(maxUplink)

	// Reading tells when the subscriber has gone, and is what answers its pings.
	// Its end closes the connection, and so ends a write that is stuck.
	gone, left := context.WithCancel(context.Background())
	go func() {
		defer left()
		echo(conn, feedMessages(log.Codec()), 0) // who does not read falls behind
	}()
	defer func() {
		conn.CloseNow()
		<-gone.Done()
	}()
	if every := req.Options.Duration("ping"); every > 0 {
		go ping(gone, conn, every, req.Options.Duration("pong"))
	}
	err = req.Push(gone, log, feed.Pusher{Send: func(records []feed.Record) error {
		return send(conn, messageType(log.Codec()), records)
	}})
	if errors.Is(err, feed.ErrClosed) {
		conn.Close(websocket.StatusGoingAway, err.Error())
	}
}

// send sends records as one message. Writes end with the connection and need no
// context, which would cost each of them a timer.
func send(conn *websocket.Conn, t websocket.MessageType, records []feed.Record) error {
	if len(records) == 1 {
		return conn.Write(context.Background(), t, records[0].Wire)
	}
	b := buffers.Get().(*bytes.Buffer)
	defer free(b)
	for _, r := range records {
		b.Write(r.Wire)
	}
	return conn.Write(context.Background(), t, b.Bytes())
}
