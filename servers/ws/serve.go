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

// serve upgrades the connection, and has it sent to and read until the subscriber goes
// or the feed ends.
func serve(log *feed.Log, req feed.Request, w http.ResponseWriter, r *http.Request) {
	if err := req.Check(log); err != nil {
		feed.Refuse(w, http.StatusBadRequest, err)
		return
	}
	mode, threshold := compression(req.Options)
	conn, socket, err := accept(w, r, &websocket.AcceptOptions{
		Subprotocols:         wsbare.Subprotocols(req.Options),
		CompressionMode:      mode,
		CompressionThreshold: threshold,
	})
	if err != nil {
		return // accept has answered with the status and the reason
	}
	conn.SetReadLimit(maxUplink)

	// The handler returns, so that net/http's buffers and the stack that it has grown
	// are let go.
	s := &subscriber{conn: conn, op: messageType(log.Codec())}
	s.ctx, s.gone = context.WithCancel(context.Background())
	if every := req.Options.Duration("ping"); every > 0 {
		go ping(s.ctx, conn, every, req.Options.Duration("pong"))
	}
	p := feed.Pusher{Send: s.send, Conn: feed.AsTrier(socket)}
	if mode == websocket.CompressionContextTakeover { // it is compressed for each subscriber anew
		p.Conn = nil
	}
	s.sent = req.Begin(s.ctx, log, p, s.end)
	go s.listen(log.Codec())
}

// subscriber is the server's end of one subscription.
type subscriber struct {
	conn *websocket.Conn
	op   websocket.MessageType
	sent *feed.Delivery
	ctx  context.Context // ends when the subscriber has gone
	gone context.CancelFunc
}

// listen reads, which tells when the subscriber has gone, and is what answers its pings.
// Its end closes the connection, and so ends a write that is stuck.
func (s *subscriber) listen(codec feed.Codec) {
	echo(s.conn, feedMessages(codec), 0) // who does not read falls behind
	s.gone()
	s.sent.Leave()
}

func (s *subscriber) end(err error) {
	if errors.Is(err, feed.ErrClosed) {
		s.conn.Close(websocket.StatusGoingAway, err.Error())
	}
	s.conn.CloseNow()
}

// send sends records as one message. Writes end with the connection and need no
// context, which would cost each of them a timer.
func (s *subscriber) send(records []feed.Record) error {
	if len(records) == 1 {
		return s.conn.Write(context.Background(), s.op, records[0].Wire)
	}
	b := buffers.Get().(*bytes.Buffer)
	defer free(b)
	for _, r := range records {
		b.Write(r.Wire)
	}
	return s.conn.Write(context.Background(), s.op, b.Bytes())
}
