package feed

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
)

// Fetcher is the client end of a request/response transport: it asks one address
// again and again for what follows its cursor. Its buffers are reused, so that
// the generator's own cost stays small.
type Fetcher struct {
	Cursor uint64
	// Conditional says to ask for the same URL each time, and whether that has
	// changed since the answer before: a conditional request (RFC 9110 §13).
	Conditional bool

	sub    Subscription
	client *http.Client
	req    *http.Request
	tag    []string // the entity tag of the answer before; nil: there was none
	body   bytes.Buffer
	most   int64            // bytes of an answer
	answer io.LimitedReader // at most one byte more than that of it
}

// maxAnswer bounds what is read as one answer (bytes): a full log of the
// default size with events of 64 KB.
const maxAnswer = DefaultRing * 64 << 10

// NewFetcher makes a fetcher of the subscription's address. With last set, each
// request asks the server to close the connection after it.
func NewFetcher(ctx context.Context, client *http.Client, s Subscription, last bool) (*Fetcher, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.Address.Base+s.Address.Path, nil)
	if err != nil {
		return nil, fmt.Errorf("make a request for %s: %w", s.Address.Base+s.Address.Path, err)
	}
	req.Close = last
	return &Fetcher{Cursor: s.Since, sub: s, client: client, req: req, most: maxAnswer}, nil
}

// Fetch sends one request, emits the events of its answer and moves the cursor
// behind them. An answer without events is no error.
func (f *Fetcher) Fetch() error {
	if f.Conditional {
		f.req.URL.RawQuery = f.sub.Address.query(f.sub.Since)
	} else {
		f.req.URL.RawQuery = f.sub.Address.query(f.Cursor)
	}
	f.sub.Meter.Requests.Add(1)
	resp, err := f.client.Do(f.req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	f.body.Reset()
	f.answer = io.LimitedReader{R: resp.Body, N: f.most + 1}
	if resp.ContentLength <= f.most {
		if _, err := f.body.ReadFrom(&f.answer); err != nil {
			return fmt.Errorf("read the answer of %s: %w", f.req.URL.Path, err)
		}
	}
	if resp.ContentLength > f.most || f.answer.N == 0 {
		return fmt.Errorf("answer of %s: longer than %d bytes", f.req.URL.Path, f.most)
	}
	switch resp.StatusCode {
	case http.StatusOK:
	case http.StatusNoContent:
		f.sub.Meter.Empty.Add(1)
		return f.validate(resp)
	case http.StatusNotModified:
		if f.tag == nil { // nobody has asked whether
			return NewStatusError(resp.StatusCode, &f.body)
		}
		f.sub.Meter.Empty.Add(1)
		return nil
	default:
		return NewStatusError(resp.StatusCode, &f.body)
	}
	f.sub.Meter.Answers.Add(1) // before its events are out, so that once the subscriber has them, it is counted
	var again error
	n, err := f.sub.Codec.DecodeAll(f.body.Bytes(), func(e Event) {
		if f.Conditional && e.Cursor() <= f.Cursor {
			again = fmt.Errorf("event %d came after %d; the server takes no notice of If-None-Match, or has begun another feed", e.Cursor(), f.Cursor)
		}
		if again == nil {
			f.Cursor = e.Cursor()
			f.sub.Emit(e)
		}
	})
	switch {
	case again != nil:
		err = again
	case err == nil && n == 0:
		err = errors.New("status 200 without an event; an empty answer is 204")
	}
	if err != nil {
		return fmt.Errorf("answer of %s: %w", f.req.URL.Path, err)
	}
	return f.validate(resp)
}

// validate takes over an answer's entity tag for the request after it. To a
// client it is any text: what it means, the server knows (RFC 9110 §8.8.3).
func (f *Fetcher) validate(resp *http.Response) error {
	if !f.Conditional {
		return nil
	}
	tag := resp.Header.Get("ETag")
	if tag == "" {
		return fmt.Errorf("answer of %s: it has no ETag to ask on with", f.req.URL.Path)
	}
	f.tag = []string{tag}
	f.req.Header["If-None-Match"] = f.tag
	return nil
}

// StatusError is a server's refusal as a client end reports it.
type StatusError struct {
	Status int
	Reason string // the response's first line
}

// NewStatusError makes one of a response's status and body.
func NewStatusError(status int, body io.Reader) *StatusError {
	line, _ := bufio.NewReader(io.LimitReader(body, 1024)).ReadString('\n')
	return &StatusError{Status: status, Reason: string(bytes.TrimSpace([]byte(line)))}
}

func (e *StatusError) Error() string {
	return fmt.Sprintf("server answered %d %s: %s", e.Status, http.StatusText(e.Status), e.Reason)
}

// UnlessCancelled turns the error that a client end stopped with into nil if its context
// ended it: that is how a subscription is meant to end.
func UnlessCancelled(ctx context.Context, err error) error {
	if ctx.Err() != nil || errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}
