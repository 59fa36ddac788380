package ws

import (
	"bufio"
	"net"
	"net/http"
	"time"

	"github.com/coder/websocket"

	"pushbench/servers/feed"
)

// accept is websocket.Accept on a connection that is paced, which it returns bare too. It
// has answered where it returns an error.
func accept(w http.ResponseWriter, r *http.Request, o *websocket.AcceptOptions) (*websocket.Conn, net.Conn, error) {
	p := &pacing{ResponseWriter: w}
	if _, ok := w.(http.Hijacker); ok { // else the library refuses
		w = p
	}
	conn, err := websocket.Accept(w, r, o)
	return conn, p.socket, err
}

// pacing is a response whose connection is given up paced.
type pacing struct {
	http.ResponseWriter
	socket net.Conn // once it is given up
}

// Hijack implements http.Hijacker. What the client has sent already, without
// waiting for the 101, the library reads first.
func (w *pacing) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, buffered, err := w.ResponseWriter.(http.Hijacker).Hijack()
	if err != nil {
		return nil, nil, err
	}
	w.socket = conn
	c := &paced{Conn: conn}
	early, _ := buffered.Reader.Peek(buffered.Reader.Buffered())
	c.frames.pass(early)
	return c, buffered, nil
}

// paced is a connection whose client may say nothing for as long as it likes, but
// has to end a message that it has begun: the library waits for the rest of one
// for ever, and does not tell when the first byte of a header came. Only one
// goroutine reads.
type paced struct {
	net.Conn
	frames frames
	timed  int // the message that the deadline is for; 0: there is none
}

// Read sets the deadline only where it is to wait for the rest of a message, so
// that one which comes at once costs nothing.
func (c *paced) Read(p []byte) (n int, err error) {
	c.pace()
	n, err = c.Conn.Read(p)
	c.frames.pass(p[:n])
	return n, err
}

func (c *paced) pace() {
	unfinished := c.frames.unfinished()
	if unfinished == c.timed {
		return
	}
	c.timed = unfinished
	var by time.Time
	if unfinished > 0 {
		by = time.Now().Add(feed.MessageTime)
	}
	c.Conn.SetReadDeadline(by) // where it fails, so does the read
}
