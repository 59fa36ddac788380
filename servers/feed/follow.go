package feed

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
)

// Follow is the client end of a transport whose answer goes on for as long as
// the subscription: one request, and what its answer brings is taken as it
// comes. Where the server may only answer with one media type, media says which;
// it is asked for. An uplink runs beside it.
//
// Chunks, frames and segments are no messages: intermediaries may cut the stream
// up anew (RFC 6202 §3.3). So what counts as an answer with events is what was
// read at once: the intake counts it.
func Follow(ctx context.Context, client *http.Client, media string, s Subscription, in Intake) error {
	return WithUplink(ctx, s, func(ctx context.Context) error {
		s.Meter.Requests.Add(1)
		body, err := open(ctx, client, s.Address.URL(s.Since), media)
		if err != nil {
			return UnlessCancelled(ctx, err)
		}
		if s.attach(ctx, body, in, s.Address.Path) {
			return ErrAttached
		}
		defer body.Close()
		return ended(ctx, s.Address.Path, read(body, in))
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
