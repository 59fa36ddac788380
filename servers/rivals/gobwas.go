package main

import (
	"net"
	"net/http"

	"github.com/gobwas/ws"
	"github.com/gobwas/ws/wsutil"

	"pushbench/servers/feed"
)

// gobwas is github.com/gobwas/ws: a frame is bytes, which are made once and written to
// each connection.
func gobwas(log *feed.Log) server {
	op := ws.OpBinary
	if log.Codec().IsText() {
		op = ws.OpText
	}
	return broadcast(log, library[net.Conn, []byte]{
		upgrade: func(w http.ResponseWriter, r *http.Request) (net.Conn, error) {
			conn, _, _, err := ws.UpgradeHTTP(r, w)
			if err != nil && conn != nil {
				conn.Close()
			}
			return conn, err
		},
		ready: func(event []byte) ([]byte, error) { return ws.CompileFrame(ws.NewFrame(op, true, event)) },
		send: func(c net.Conn, frame []byte) error {
			_, err := c.Write(frame)
			return err
		},
		listen: func(c net.Conn) {
			for {
				if _, _, err := wsutil.ReadClientData(c); err != nil {
					return
				}
			}
		},
		goAway: func(c net.Conn) {
			ws.WriteFrame(c, ws.NewCloseFrame(ws.NewCloseFrameBody(ws.StatusGoingAway, feed.ErrClosed.Error())))
		},
		hangUp: func(c net.Conn) { c.Close() },
	})
}
