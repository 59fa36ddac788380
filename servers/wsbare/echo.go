package wsbare

import (
	"context"
	"errors"
	"net/http"
	"time"

	"pushbench/servers/feed"
)

// maxEcho bounds a message that is echoed (bytes).
const maxEcho = 16 << 20

// echoOptions: the subprotocols are those of the article's example, which mean
// nothing here but that one of them is picked; messages are compressed for a
// client that offers to, each by itself, so that no connection holds a
// compressor.
var echoOptions = Options{
	Subprotocols: []string{"json", "xml"},
	Compress:     NoTakeover,
	Limit:        maxEcho,
}

// Echo is a WebSocket that returns every message as it came: text as text,
// binary as binary, in one frame however many it came in. It is closed with 1007
// on text that is not UTF-8 and with 1009 on a message of more than 16 MB; and
// with 1001 when life ends, whose cause is the reason.
func Echo(life context.Context, w http.ResponseWriter, r *http.Request) {
	conn, err := Accept(w, r, echoOptions)
	if err != nil {
		return // Accept has answered with the status and the reason
	}
	go conn.echoAll(life) // as for a subscriber: net/http's share of the memory is let go
}

// echoAll echoes until the client leaves or breaks a rule, or life ends.
func (c *Conn) echoAll(life context.Context) {
	left := make(chan struct{})
	defer close(left)
	defer context.AfterFunc(life, func() { c.goAway(context.Cause(life), left) })()
	for {
		c.await()
		op, message, err := c.NextMessage()
		if err == nil {
			err = c.echo(op, message)
		}
		if err != nil && !errors.Is(err, errClosing) { // else what comes before the client's close frame is dropped
			c.leave(err)
			return
		}
	}
}

// echo returns a message. A client that does not read it is not waited for for
// ever: it subscribes to nothing that it could fall behind with.
func (c *Conn) echo(op Opcode, message []byte) error {
	late := time.AfterFunc(feed.MessageTime, func() { c.Close() })
	defer late.Stop()
	return c.WriteMessage(op, message)
}
