package raw

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

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
	// What a subscriber has sent that did not wait for the 101 is its first
	// messages all the same: its request was whole (RFC 9110 §7.8).
	early, err := buffered.Reader.Peek(buffered.Reader.Buffered())
	if err == nil {
		_, err = conn.Write([]byte(switching))
	}
	if err != nil {
		conn.Close()
		return
	}
	// The handler returns, so that net/http's buffers and the stack that it has
	// grown are let go. It has given up the connection and would not close it on
	// a shutdown either way: the end of the feed does.
	s := newSubscriber(conn, log, req)
	if len(early) > 0 {
		s.in = io.MultiReader(bytes.NewReader(bytes.Clone(early)), conn)
	}
	s.begin()
	// While the feed is quiet, only reading tells that the subscriber has gone.
	go s.listen()
}

// subscriber is the server's end of one subscription. While it has all events, one
// goroutine is all that it holds: see feed.Delivery.
type subscriber struct {
	conn net.Conn
	in   io.Reader // of conn, and of what came before the 101
	log  *feed.Log
	req  feed.Request
	sent *feed.Delivery
	ctx  context.Context // ends when the subscriber has gone
	gone context.CancelFunc
}

func newSubscriber(conn net.Conn, log *feed.Log, req feed.Request) *subscriber {
	s := &subscriber{conn: conn, in: conn, log: log, req: req}
	s.ctx, s.gone = context.WithCancel(context.Background())
	return s
}

// begin has it sent what the request asks for until the subscriber goes or the feed ends.
func (s *subscriber) begin() {
	s.sent = s.req.Begin(s.ctx, s.log, feed.Pusher{Send: s.send, Conn: feed.AsTrier(s.conn)}, s.end)
}

func (s *subscriber) send(records []feed.Record) error {
	b := buffers.Get().(*bytes.Buffer)
	b.Reset()
	for i := range records {
		writeFrame(b, records[i].Wire)
	}
	_, err := s.conn.Write(b.Bytes()) // all in one write
	buffers.Put(b)
	return err
}

func (s *subscriber) end(err error) {
	if errors.Is(err, feed.ErrClosed) {
		s.seeOff()
	}
	s.conn.Close()
}

// patience is how long a subscriber may take to leave once the feed has ended.
const patience = 10 * time.Second

// seeOff says that nothing follows the last event, and waits until the subscriber
// has left. To close a connection with bytes in it that nobody has read resets it
// (RFC 9293 §3.10.4), and the reset may overtake the last events.
func (s *subscriber) seeOff() {
	half, ok := s.conn.(interface{ CloseWrite() error })
	if !ok || half.CloseWrite() != nil {
		return
	}
	late := time.AfterFunc(patience, func() { s.conn.Close() })
	defer late.Stop()
	<-s.ctx.Done()
}

// listen echoes uplink messages until the subscriber goes or sends what it must
// not. Once the feed has ended, what still comes is dropped.
func (s *subscriber) listen() {
	s.echoAll()
	if s.log.Life().Err() != nil {
		io.Copy(io.Discard, s.in) // until it leaves, or is no longer waited for
	}
	s.conn.Close() // a write may be stuck
	s.gone()
	s.sent.Leave()
}

// buffers are for frames under way, so that a subscriber who waits holds none.
var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// echoAll returns each uplink message as it is, until the subscriber leaves or
// sends something else. Its writes and those of events do not mix: a connection
// takes one at a time.
func (s *subscriber) echoAll() {
	prefix := make([]byte, prefixLen) // all that is held while nothing comes
	for {
		n, err := s.in.Read(prefix)
		if err != nil {
			return
		}
		b := buffers.Get().(*bytes.Buffer)
		ok := s.echo(prefix, n, b)
		buffers.Put(b)
		if !ok {
			return
		}
	}
}

// echo returns the message of whose prefix n bytes have come, and reports whether
// that came whole in time, was one of an uplink and went well.
func (s *subscriber) echo(prefix []byte, n int, b *bytes.Buffer) bool {
	if s.conn.SetReadDeadline(time.Now().Add(feed.MessageTime)) != nil {
		return false
	}
	if _, err := io.ReadFull(s.in, prefix[n:]); err != nil || binary.BigEndian.Uint32(prefix) > feed.MaxUplink {
		return false
	}
	b.Reset()
	b.Write(prefix)
	length := int64(binary.BigEndian.Uint32(prefix))
	came, err := b.ReadFrom(io.LimitReader(s.in, length)) // it grows with what really comes
	if err != nil || came < length || !feed.IsUplink(b.Bytes()[prefixLen:], s.log.Codec()) {
		return false
	}
	if s.conn.SetReadDeadline(time.Time{}) != nil {
		return false
	}
	_, err = s.conn.Write(b.Bytes())
	return err == nil
}
