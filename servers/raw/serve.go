package raw

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"

	"pushbench/servers/feed"
)

// switching is the whole answer to an upgrade.
const switching = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: " + protocol + "\r\n\r\n"

func serve(log *feed.Log, req feed.Request, w http.ResponseWriter, r *http.Request) {
	if err := req.Check(log); err != nil {
		feed.Refuse(w, http.StatusBadRequest, err)
		return
	}
	if !strings.EqualFold(r.Header.Get("Upgrade"), protocol) {
		w.Header().Set("Connection", "Upgrade")
		w.Header().Set("Upgrade", protocol)
		feed.Refuse(w, http.StatusUpgradeRequired, fmt.Errorf("/%s: ask for Upgrade: %s", name, protocol))
		return
	}
	conn, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		feed.Refuse(w, http.StatusNotImplemented, fmt.Errorf("/%s: take over the connection: %w", name, err))
		return
	}
	if buffered.Reader.Buffered() > 0 {
		conn.Close() // the subscriber has said something already
		return
	}
	if _, err := conn.Write([]byte(switching)); err != nil {
		conn.Close()
		return
	}
	// The handler returns, so that net/http's buffers and the stack that it has
	// grown are let go. It has given up the connection and would not close it on
	// a shutdown either way: the end of the feed does.
	s := newSubscriber(conn, log, req)
	go s.push()
	// While the feed is quiet, only reading tells that the subscriber has gone.
	go s.listen()
}

// subscriber is the server's end of one subscription. Two goroutines are all that
// it holds, and their stacks must stay small: see feed.Request.Push.
type subscriber struct {
	conn net.Conn
	log  *feed.Log
	req  feed.Request
	ctx  context.Context // ends when the subscriber has gone
	gone context.CancelFunc
}

func newSubscriber(conn net.Conn, log *feed.Log, req feed.Request) *subscriber {
	s := &subscriber{conn: conn, log: log, req: req}
	s.ctx, s.gone = context.WithCancel(context.Background())
	return s
}

// push sends what the request asks for until the subscriber goes or the feed
// ends.
func (s *subscriber) push() {
	s.req.Push(s.ctx, s.log, feed.Pusher{Send: func(records []feed.Record) error {
		b := buffers.Get().(*bytes.Buffer)
		b.Reset()
		for i := range records {
			writeFrame(b, records[i].Wire)
		}
		_, err := s.conn.Write(b.Bytes()) // all in one write
		buffers.Put(b)
		return err
	}})
	s.conn.Close()
}

// listen echoes uplink messages until the subscriber goes or sends what it must not.
func (s *subscriber) listen() {
	echoAll(s.conn, s.log.Codec())
	s.conn.Close() // a write may be stuck
	s.gone()
}

// buffers are for frames under way, so that a subscriber who waits holds none.
var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// echoAll returns each uplink message as it is, until the subscriber leaves or
// sends something else. Its writes and those of push do not mix: a connection
// takes one at a time.
func echoAll(conn net.Conn, codec feed.Codec) {
	prefix := make([]byte, prefixLen) // all that is held while nothing comes
	for {
		if _, err := io.ReadFull(conn, prefix); err != nil {
			return
		}
		b := buffers.Get().(*bytes.Buffer)
		ok := echo(conn, codec, prefix, b)
		buffers.Put(b)
		if !ok {
			return
		}
	}
}

// echo returns the message whose length was read, and reports whether that was
// one of an uplink and went well.
func echo(conn net.Conn, codec feed.Codec, prefix []byte, b *bytes.Buffer) bool {
	if binary.BigEndian.Uint32(prefix) > feed.MaxUplink {
		return false
	}
	b.Reset()
	b.Write(prefix)
	length := int64(binary.BigEndian.Uint32(prefix))
	n, err := b.ReadFrom(io.LimitReader(conn, length)) // it grows with what really comes
	if err != nil || n < length || !feed.IsUplink(b.Bytes()[prefixLen:], codec) {
		return false
	}
	_, err = conn.Write(b.Bytes())
	return err == nil
}
