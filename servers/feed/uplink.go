package feed

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"sync"
	"time"
)

// Uplink is what a subscriber sends while it is subscribed, on a schedule of
// its own. The server returns each message unchanged. What either is called by
// is the transport's business: one may be under way beside the other, and beside
// Emit.
type Uplink struct {
	// Next blocks until the next message is due, or until ctx ends, when it
	// returns the reason. The message begins with UplinkMark and is valid until
	// the next call.
	Next func(ctx context.Context) (message []byte, err error)
	// Echo takes each echo as it arrives, valid until it returns.
	Echo func(message []byte)
}

const (
	// MaxUplink bounds an uplink message (bytes).
	MaxUplink = 1 << 20
	// MessageTime is how long a message may take to come whole once it has begun,
	// on a connection that has left HTTP. It is no secret how to hold such a
	// connection for longer: say nothing.
	MessageTime = time.Minute
)

// UplinkMark is the first byte of every uplink message. On a connection that
// carries events too it tells the one from the other: an event in text begins
// with a digit, and one in binary with a number below 2⁶³.
func UplinkMark(c Codec) byte {
	if c.IsText() {
		return '>'
	}
	return 0xff
}

// IsUplink reports whether a message is one of an uplink, or its echo.
func IsUplink(message []byte, c Codec) bool {
	return len(message) > 0 && message[0] == UplinkMark(c)
}

// bodies are buffers for what is posted.
var bodies = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// Echo answers a POST with the message that it carries.
func Echo(w http.ResponseWriter, r *http.Request) {
	if r.URL.RawQuery != "" {
		Refuse(w, http.StatusBadRequest, fmt.Errorf("POST %s echoes its body and takes no query; the feed is read with GET", r.URL.Path))
		return
	}
	body := bodies.Get().(*bytes.Buffer)
	defer bodies.Put(body)
	body.Reset()
	_, err := body.ReadFrom(http.MaxBytesReader(w, r.Body, MaxUplink))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		Refuse(w, http.StatusRequestEntityTooLarge, fmt.Errorf("POST %s: the message is larger than %d bytes", r.URL.Path, tooLarge.Limit))
		return
	case errors.Is(err, os.ErrDeadlineExceeded):
		closeAfter(w, r) // as RFC 9110 §15.5.9 advises
		Refuse(w, http.StatusRequestTimeout, fmt.Errorf("POST %s: the message did not come whole in time; %d bytes came", r.URL.Path, body.Len()))
		return
	case err != nil:
		Refuse(w, http.StatusBadRequest, fmt.Errorf("POST %s: read the message: %w", r.URL.Path, err))
		return
	}
	h := w.Header()
	h.Set("Content-Type", Binary.ContentType()) // whatever it is, nobody is to render it
	h.Set("Content-Length", strconv.Itoa(body.Len()))
	w.Write(body.Bytes()) // an error here is the connection's: the client sees it
}

// WithUplink runs the client end of a transport whose connection carries the
// feed only, and beside it, over the subscription's second client, the uplink if
// there is one.
func WithUplink(ctx context.Context, s Subscription, feed func(context.Context) error) error {
	if s.Uplink == nil {
		return feed(ctx)
	}
	return Beside(ctx, feed, func(ctx context.Context) error { return Post(ctx, s) })
}

// Beside runs the two halves of a subscription with an uplink. The end of
// either ends the other's context; it returns when both have ended, with the
// error of the one that failed, or nil if ctx ended them.
func Beside(ctx context.Context, feed, uplink func(context.Context) error) error {
	both, cancel := context.WithCancel(ctx)
	defer cancel()
	ended := make(chan error, 1)
	go func() {
		defer cancel()
		ended <- uplink(both)
	}()
	err := feed(both)
	cancel()
	if failure := <-ended; err == nil {
		err = failure
	}
	// The end of ctx may have closed a connection before both was told of it.
	return UnlessCancelled(ctx, err)
}

// Post sends the subscription's uplink messages as they are due, each in a request of its
// own over the uplink's client. It returns nil when ctx ends, and an error when a message
// is refused or comes back changed. It is an open loop as far as one connection allows: a
// message that is due while the one before is under way goes next.
func Post(ctx context.Context, s Subscription) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.Address.Base+s.Address.Path, nil)
	if err != nil {
		return fmt.Errorf("uplink: make a request for %s: %w", s.Address.Base+s.Address.Path, err)
	}
	req.Header.Set("Content-Type", s.Codec.ContentType())
	p := poster{client: s.UplinkClient, req: req, meter: s.Meter}
	for {
		message, err := s.Uplink.Next(ctx)
		if err != nil {
			return UnlessCancelled(ctx, fmt.Errorf("uplink: %w", err))
		}
		echo, err := p.exchange(message)
		if err != nil {
			return UnlessCancelled(ctx, fmt.Errorf("uplink: message of %d bytes: %w", len(message), err))
		}
		s.Uplink.Echo(echo)
	}
}

// poster sends one message after the other. What it needs is reused, so that
// the generator's own cost stays small.
type poster struct {
	client *http.Client
	req    *http.Request
	meter  *Meter
	body   bytes.Reader
	answer bytes.Buffer
}

// exchange sends a message and returns its echo.
func (p *poster) exchange(message []byte) ([]byte, error) {
	p.body.Reset(message)
	p.req.Body, p.req.ContentLength = io.NopCloser(&p.body), int64(len(message))
	p.meter.EchoesUp.Add(int64(len(message))) // before it is out, so that once the server has it, it is counted
	resp, err := p.client.Do(p.req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, NewStatusError(resp.StatusCode, resp.Body)
	}
	p.answer.Reset()
	n, err := p.answer.ReadFrom(io.LimitReader(resp.Body, int64(len(message))+1))
	p.meter.EchoesDown.Add(n)
	if err != nil {
		return nil, fmt.Errorf("read its echo: %w", err)
	}
	if !bytes.Equal(p.answer.Bytes(), message) {
		return nil, fmt.Errorf("its echo is another message, of %d bytes or more", n)
	}
	return p.answer.Bytes(), nil
}
