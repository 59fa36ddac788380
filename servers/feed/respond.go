package feed

import (
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"
)

// HeartbeatKnob is the knob of a transport whose answer goes on: what passes
// between the ends while the feed is quiet, so that neither a proxy nor a
// client that times out takes the connection for dead.
var HeartbeatKnob = Knob{
	Name: "heartbeat", Default: "off", Server: true,
	About: "how often the server sends something that is no event",
	Check: CheckDuration(time.Millisecond, time.Hour, "off"),
}

// Ongoing is the server end of a transport whose answer goes on for as long as
// the subscription: what it looks like on the wire.
type Ongoing struct {
	ContentType, CacheControl string
	// Append adds a record to what is sent; nil: in the codec's encoding.
	Append func(dst []byte, r Record) ([]byte, error)
	Beat   string // is a heartbeat
}

// Respond answers a request with what it asks for as that is published: 200 and
// the head at once, so that a client knows that it is subscribed; then a write
// and a flush for each send, which is a chunk over HTTP/1.1 (RFC 9112 §7.1) and
// a DATA frame over HTTP/2 (RFC 9113 §6.1). The answer ends with the feed, and
// ends whole: with the last chunk, or the stream's end. A
// subscriber that does not read holds up this goroutine and no other: what is
// kept for it is the one send that is under way, and its cursor. This goroutine is there
// to the end, since net/http lets nobody write once it has returned.
func (r Request) Respond(log *Log, w http.ResponseWriter, from *http.Request, o Ongoing) {
	if err := r.Check(log); err != nil {
		Refuse(w, http.StatusBadRequest, err)
		return
	}
	h := w.Header()
	h.Set("Content-Type", o.ContentType)
	h.Set("Cache-Control", o.CacheControl)
	// nginx, and what is built like it, would collect the answer in a buffer
	// before it passes any of it on, and compress it in blocks.
	h.Set("X-Accel-Buffering", "no")
	out := sender{w: w, c: http.NewResponseController(w), o: o}
	out.c.SetWriteDeadline(time.Time{}) // a server's for answers, if it has one, is for those that end
	var err error
	aside(func() { err = out.c.Flush() }) // this goroutine waits to the end, with as much stack as it has ever needed
	if err != nil {
		if errors.Is(err, http.ErrNotSupported) {
			Refuse(w, http.StatusNotImplemented, fmt.Errorf("%s: send the head at once: %w", from.URL.Path, err))
		}
		return
	}
	// Whatever ends it, the answer ends with it, and the client sees that.
	r.Push(from.Context(), log, Pusher{
		Send:  out.send,
		Conn:  trier(from),
		Every: r.Options.Duration(HeartbeatKnob.Name),
		Beat:  out.beat,
	})
}

// sender sends on one ongoing answer.
type sender struct {
	w http.ResponseWriter
	c *http.ResponseController
	o Ongoing
}

// sends are buffers in which a send is put together, so that a subscriber who
// waits has none.
var sends = sync.Pool{New: func() any { return new([]byte) }}

func (s sender) send(records []Record) error {
	if s.o.Append == nil && len(records) == 1 {
		return s.write(records[0].Wire)
	}
	room := sends.Get().(*[]byte)
	defer func() {
		if cap(*room) <= 2*maxBatch {
			sends.Put(room)
		}
	}()
	*room = (*room)[:0]
	for _, r := range records {
		if s.o.Append == nil {
			*room = append(*room, r.Wire...)
			continue
		}
		var err error
		if *room, err = s.o.Append(*room, r); err != nil {
			return err
		}
	}
	return s.write(*room)
}

func (s sender) beat() error { return s.write([]byte(s.o.Beat)) }

func (s sender) write(p []byte) error {
	if _, err := s.w.Write(p); err != nil {
		return err
	}
	return s.c.Flush()
}
