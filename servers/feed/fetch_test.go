package feed

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
)

// roundTripper answers a request without a network.
type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func answer(status int, length int64, body io.Reader) roundTripper {
	return func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: status, ContentLength: length, Body: io.NopCloser(body)}, nil
	}
}

func newFetcher(t *testing.T, rt roundTripper, got *[]uint64) *Fetcher {
	t.Helper()
	spec, err := ParseSpec(table, "plain")
	if err != nil {
		t.Fatal(err)
	}
	f, err := NewFetcher(t.Context(), &http.Client{Transport: rt}, "http://feed.test", "plain", Subscription{
		Since:   4,
		Options: spec.Options,
		Codec:   Text,
		Emit:    func(e Event) { *got = append(*got, e.Seq) },
		Meter:   new(Meter),
	}, false)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// A fetcher asks for what follows its cursor, and moves it behind events and
// gaps alike.
func TestFetchMovesCursor(t *testing.T) {
	gap := Text.Append(nil, Gap{First: 5, Last: 8}.Event())
	nine := Text.Append(nil, Event{Seq: 9})
	var asked []string
	answers := []roundTripper{
		answer(http.StatusOK, -1, bytes.NewReader(append(gap, nine...))),
		answer(http.StatusNoContent, 0, http.NoBody),
		answer(http.StatusOK, -1, bytes.NewReader(gap)),
	}
	var got []uint64
	f := newFetcher(t, func(r *http.Request) (*http.Response, error) {
		n := len(asked)
		asked = append(asked, r.URL.String())
		return answers[n](r)
	}, &got)
	for i, cursor := range []uint64{9, 9, 8} {
		if err := f.Fetch(); err != nil || f.Cursor != cursor {
			t.Fatalf("answer %d leads to cursor %d, %v; not %d", i+1, f.Cursor, err, cursor)
		}
	}
	for i, since := range []string{"4", "9", "9"} {
		if want := "http://feed.test/plain?since=000000000000000000" + since; asked[i] != want {
			t.Errorf("request %d is %s, not %s", i+1, asked[i], want)
		}
	}
	m := f.sub.Meter
	if m.Requests.Load() != 3 || m.Answers.Load() != 2 || m.Empty.Load() != 1 || len(got) != 3 {
		t.Errorf("counted %d requests, %d answers, %d empty, with the events %v", m.Requests.Load(), m.Answers.Load(), m.Empty.Load(), got)
	}
}

// An answer without an end is given up.
func TestFetchIsBounded(t *testing.T) {
	event := string(Text.Append(nil, Event{Seq: 5, Body: []byte("body")}))
	for name, c := range map[string]struct {
		rt    roundTripper
		error string
	}{
		"as long as allowed": {answer(http.StatusOK, -1, strings.NewReader(strings.Repeat(event, 10))), ""},
		"a byte too long":    {answer(http.StatusOK, -1, strings.NewReader(strings.Repeat(event, 10)+"0")), "longer than"},
		"endless":            {answer(http.StatusOK, -1, zeros{}), "longer than"},
		"said to be endless": {answer(http.StatusOK, 1<<60, strings.NewReader(event)), "longer than"},
		"endless refusal":    {answer(http.StatusTeapot, -1, zeros{}), "longer than"},
	} {
		var got []uint64
		f := newFetcher(t, c.rt, &got)
		f.most = int64(10 * len(event))
		err := f.Fetch()
		if c.error == "" && err != nil || c.error != "" && (err == nil || !strings.Contains(err.Error(), c.error)) {
			t.Errorf("%s: %v", name, err)
		}
		if c.error != "" && len(got) > 0 {
			t.Errorf("%s: emitted %v", name, got)
		}
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = '0'
	}
	return len(p), nil
}

// What a server refuses with is reported with its status and first line.
func TestStatusError(t *testing.T) {
	for body, reason := range map[string]string{
		"":                          "",
		"no such feed\n":            "no such feed",
		"  first line \r\nsecond\n": "first line",
		"no line break":             "no line break",
		strings.Repeat("x", 5000):   strings.Repeat("x", 1024),
	} {
		var got []uint64
		err := newFetcher(t, answer(http.StatusTeapot, -1, strings.NewReader(body)), &got).Fetch()
		var status *StatusError
		if !errors.As(err, &status) || status.Status != http.StatusTeapot || status.Reason != reason {
			t.Errorf("%.40q is reported as %v", body, err)
		}
	}
	if got, want := (&StatusError{400, "why"}).Error(), "server answered 400 Bad Request: why"; got != want {
		t.Errorf("the error is %q, not %q", got, want)
	}
}

func TestEnded(t *testing.T) {
	failure := errors.New("failure")
	over, cancel := context.WithCancel(t.Context())
	cancel()
	for _, c := range []struct {
		ctx  context.Context
		err  error
		want error
	}{
		{t.Context(), failure, failure},
		{over, failure, nil},
		{over, context.Canceled, nil},
		{t.Context(), context.Canceled, nil},
	} {
		if got := Ended(c.ctx, c.err); got != c.want {
			t.Errorf("with %v in a context that ended with %v a subscription ends with %v, not %v", c.err, c.ctx.Err(), got, c.want)
		}
	}
}

// An address that is none is an error at once.
func TestNewFetcherRefuses(t *testing.T) {
	if _, err := NewFetcher(t.Context(), http.DefaultClient, "http://a b", "plain", Subscription{}, false); err == nil {
		t.Error("http://a b is an address")
	}
}
