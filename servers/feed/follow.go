package feed

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
)

// Intake takes an ongoing answer to pieces as it comes.
type Intake interface {
	// Take takes what was read next, which may end anywhere, emits the events
	// that are whole with it, and returns how many those were.
	Take(p []byte) (events int, err error)
	// Pending is how many bytes of an event are there that is not whole.
	Pending() int
}

const (
	// maxRead bounds what is read at once where events are large (bytes).
	maxRead = 64 << 10
	// MaxRoom is the most memory that an Intake keeps for the next event (bytes):
	// a feed whose events took it once will need it again, but one that is larger
	// than any of the scenarios' is let go of.
	MaxRoom = 2 << 20
	// MaxEncoded bounds what a client end takes for one event (bytes): that of a
	// body of 64 MB in base64 is less.
	MaxEncoded = 128 << 20
)

// Follow is the client end of a transport whose answer goes on for as long as
// the subscription: one request, and what its answer brings is taken as it
// comes. Where the server may only answer with one media type, media says which;
// it is asked for. An uplink runs beside it.
//
// Chunks, frames and segments are no messages: intermediaries may cut the stream
// up anew (RFC 6202 §3.3). So what counts as an answer with events is what was
// read at once.
func Follow(ctx context.Context, client *http.Client, media string, s Subscription, in Intake) error {
	return WithUplink(ctx, s, func(ctx context.Context) error {
		s.Meter.Requests.Add(1)
		body, err := open(ctx, client, s.Address.URL(s.Since), media)
		if err != nil {
			return UnlessCancelled(ctx, err)
		}
		defer body.Close()
		err = drain(body, in, s.Meter)
		return UnlessCancelled(ctx, fmt.Errorf("%s: %w", s.Address.Path, err))
	})
}

// open sends the request aside. It is a function of its own, since what the goroutine
// shares with Follow would be kept for as long as the subscription.
func open(ctx context.Context, client *http.Client, url, media string) (body io.ReadCloser, err error) {
	aside(func() { body, err = request(ctx, client, url, media) })
	return body, err
}

// request sends the request of an ongoing answer and returns its body.
func request(ctx context.Context, client *http.Client, url, media string) (io.ReadCloser, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, fmt.Errorf("make a request for %s: %w", url, err)
	}
	if media != "" {
		req.Header.Set("Accept", media)
	}
	resp, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	switch got := resp.Header.Get("Content-Type"); {
	case resp.StatusCode == http.StatusNoContent:
		err = &StatusError{Status: resp.StatusCode, Reason: "it has nothing to send, and wants no further request"}
	case resp.StatusCode != http.StatusOK:
		err = NewStatusError(resp.StatusCode, resp.Body)
	case media != "" && !isMedia(got, media):
		err = fmt.Errorf("%s: the server answered with the media type %q, not with %s", req.URL.Path, got, media)
	default:
		return resp.Body, nil
	}
	resp.Body.Close()
	return nil, err
}

// isMedia reports whether a Content-Type names a media type, whatever its
// parameters.
func isMedia(contentType, media string) bool {
	got, _, err := mime.ParseMediaType(contentType)
	return got == media && (err == nil || errors.Is(err, mime.ErrInvalidMediaParameter))
}

// drain reads a body to its end, through a buffer that grows only where events
// do not fit. It never returns nil: a feed does not end well.
func drain(body io.Reader, in Intake, meter *Meter) error {
	p := make([]byte, bufferSize)
	for empty := 0; ; {
		n, err := body.Read(p)
		if n > 0 {
			empty = 0
			events, bad := in.Take(p[:n])
			if events > 0 {
				meter.Answers.Add(1)
			}
			if bad != nil {
				return bad
			}
			if in.Pending() > len(p) && len(p) < maxRead {
				p = make([]byte, 2*len(p))
			}
		} else if empty++; empty == maxEmptyReads && err == nil {
			err = io.ErrNoProgress
		}
		switch {
		case err == io.EOF && in.Pending() > 0:
			return fmt.Errorf("the server ended its answer %d bytes into an event", in.Pending())
		case err == io.EOF:
			return errors.New("the server ended its answer")
		case err != nil:
			return fmt.Errorf("read the server's answer: %w", err)
		}
	}
}
