package wsbare

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"pushbench/servers/feed"
)

func serve(log *feed.Log, req feed.Request, w http.ResponseWriter, r *http.Request) {
	if err := req.Check(log); err != nil {
		feed.Refuse(w, http.StatusBadRequest, err)
		return
	}
	conn, err := Accept(w, r, Options{
		Subprotocols: Subprotocols(req.Options),
		Compress:     compression(req.Options),
		Threshold:    req.Options.Size("threshold"),
		Limit:        feed.MaxUplink,
	})
	if err != nil {
		return // Accept has answered with the status and the reason
	}
	// The handler returns, so that net/http's buffers and the stack that it has
	// grown are let go. One goroutine stays, which listens: that is also how it is
	// noticed that the subscriber has gone.
	s := newSubscriber(conn, log, req)
	s.begin()
	go s.listen()
}

// subscriber is the server's end of one subscription. The stack of its goroutine is most
// of what it takes, and has to stay as small as it begins.
type subscriber struct {
	conn   *Conn
	log    *feed.Log
	req    feed.Request
	shared *shared
	sent   *feed.Delivery
	ctx    context.Context // ends when the subscriber has gone
	gone   context.CancelFunc
}

func newSubscriber(conn *Conn, log *feed.Log, req feed.Request) *subscriber {
	s := &subscriber{conn: conn, log: log, req: req, shared: share(log)}
	s.ctx, s.gone = context.WithCancel(context.Background())
	if every := req.Options.Duration("ping"); every > 0 {
		conn.startHeartbeat(every, req.Options.Duration("pong"))
	}
	return s
}

// begin has it sent what it has asked for until it goes or the feed ends. What is
// compressed for it alone takes a goroutine of its own, which another core may run.
func (s *subscriber) begin() {
	p := feed.Pusher{Send: s.push, Conn: feed.AsTrier(s.conn.socket)}
	if d := s.conn.deflater(); d != nil && d.takeover {
		p.Conn = nil
	}
	s.sent = s.req.Begin(s.ctx, s.log, p, s.end)
}

// push sends records as one message.
func (s *subscriber) push(records []feed.Record) error {
	if frame := s.frame(records); frame != nil {
		return s.conn.writeFrame(frame)
	}
	return s.send(records)
}

// end closes the connection, after the last event with a close frame.
func (s *subscriber) end(err error) {
	s.conn.heartbeat.stop() // no ping may follow a close frame, and so none is answered
	switch {
	case errors.Is(err, feed.ErrClosed):
		s.conn.goAway(err, s.ctx.Done())
	case !errors.Is(err, errClosing): // else the listener has closed it, and says why
		s.conn.Close()
	}
	<-s.ctx.Done()
	s.shared.leave(s.log)
}

// frame is the frame of a message of these records that all subscribers share,
// or nil if this one has to have its own.
//
//go:noinline
func (s *subscriber) frame(records []feed.Record) []byte {
	compress := false
	if d := s.conn.deflater(); d != nil {
		if compress = size(records) >= d.threshold; compress && d.takeover {
			return nil
		}
	}
	return s.shared.frame(records, compress)
}

// send sends records as one message in a frame of the subscriber's own.
//
//go:noinline
func (s *subscriber) send(records []feed.Record) error {
	scratch := takeScratch()
	defer scratch.giveBack()
	scratch.bytes = join(scratch.begin(), records)
	return s.conn.writeBody(s.shared.op, scratch.bytes)
}

// size is the length of the message that the records make.
func size(records []feed.Record) (n int) {
	for i := range records {
		n += len(records[i].Wire)
	}
	return n
}

// listen reads until the subscriber leaves, or says what it must not.
func (s *subscriber) listen() {
	for {
		s.conn.await()
		op, message, err := s.conn.NextMessage()
		if err == nil {
			err = s.answer(op, message)
		}
		if err != nil {
			s.conn.leave(err)
			break
		}
	}
	s.gone()
	s.sent.Leave()
}

// answer returns an uplink message as it came. Its error is how the connection
// is to be closed: nothing else is a subscriber's to say.
func (s *subscriber) answer(op Opcode, message []byte) error {
	switch {
	case op != s.shared.op:
		return violation(StatusUnsupported, "%v message, where those of this feed are %v", op, s.shared.op)
	case !feed.IsUplink(message, s.log.Codec()):
		return violation(StatusPolicy, "message that does not begin with %q: a subscriber sends nothing else", feed.UplinkMark(s.log.Codec()))
	}
	err := s.conn.WriteMessage(op, message)
	if errors.Is(err, errClosing) {
		return nil // the feed has ended: what comes before the close frame is dropped
	}
	if err != nil {
		return fmt.Errorf("echo a message of %d bytes: %w", len(message), err)
	}
	return nil
}
