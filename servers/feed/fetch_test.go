package feed

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
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
	f, err := NewFetcher(t.Context(), &http.Client{Transport: rt}, Subscription{
		Address: plain,
		Since:   4,
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
		if got := UnlessCancelled(c.ctx, c.err); got != c.want {
			t.Errorf("with %v in a context that ended with %v a subscription ends with %v, not %v", c.err, c.ctx.Err(), got, c.want)
		}
	}
}

// An address that is none is an error at once.
func TestNewFetcherRefuses(t *testing.T) {
	if _, err := NewFetcher(t.Context(), http.DefaultClient, Subscription{Address: &Address{Base: "http://a b"}}, false); err == nil {
		t.Error("http://a b is an address")
	}
}

// tagged is an answer with an entity tag.
func tagged(status int, tag, body string) roundTripper {
	return func(*http.Request) (*http.Response, error) {
		h := http.Header{}
		if tag != "" {
			h.Set("ETag", tag)
		}
		return &http.Response{StatusCode: status, Header: h, Body: io.NopCloser(strings.NewReader(body))}, nil
	}
}

// A conditional fetcher asks for one URL, each time with the tag of the answer
// before it, and takes a 304 for an answer without events.
func TestConditionalFetch(t *testing.T) {
	event := func(seq uint64) string { return string(Text.Append(nil, Event{Seq: seq})) }
	answers := []roundTripper{
		tagged(http.StatusNoContent, `"four"`, ""),
		tagged(http.StatusNotModified, `"four"`, ""),
		tagged(http.StatusOK, `W/"six"`, event(5)+event(6)),
		tagged(http.StatusNotModified, "", ""),
		tagged(http.StatusOK, `"seven"`, event(7)),
	}
	var urls, tags []string
	var got []uint64
	f := newFetcher(t, func(r *http.Request) (*http.Response, error) {
		n := len(urls)
		urls, tags = append(urls, r.URL.String()), append(tags, strings.Join(r.Header["If-None-Match"], ","))
		return answers[n](r)
	}, &got)
	f.Conditional = true
	for i, cursor := range []uint64{4, 4, 6, 6, 7} {
		if err := f.Fetch(); err != nil || f.Cursor != cursor {
			t.Fatalf("answer %d leads to cursor %d, %v; not %d", i+1, f.Cursor, err, cursor)
		}
		if urls[i] != urls[0] {
			t.Errorf("request %d is %s, not %s", i+1, urls[i], urls[0])
		}
	}
	if want := []string{"", `"four"`, `"four"`, `W/"six"`, `W/"six"`}; !slices.Equal(tags, want) {
		t.Errorf("it sent the tags %q, not %q", tags, want)
	}
	if m := f.sub.Meter; m.Answers.Load() != 2 || m.Empty.Load() != 3 || !slices.Equal(got, []uint64{5, 6, 7}) {
		t.Errorf("counted %d answers, %d empty, with the events %v", m.Answers.Load(), m.Empty.Load(), got)
	}
}

// A server that does not keep to it ends the subscription, before an event comes
// twice.
func TestConditionalFetchRefuses(t *testing.T) {
	first := tagged(http.StatusOK, `"5"`, string(Text.Append(nil, Event{Seq: 5})))
	for name, c := range map[string]struct {
		answers     []roundTripper
		conditional bool
		error       string
	}{
		"no tag":          {[]roundTripper{tagged(http.StatusOK, "", string(Text.Append(nil, Event{Seq: 5})))}, true, "no ETag"},
		"no tag of none":  {[]roundTripper{tagged(http.StatusNoContent, "", "")}, true, "no ETag"},
		"304 unasked":     {[]roundTripper{tagged(http.StatusNotModified, `"5"`, "")}, true, "server answered 304"},
		"304 for a plain": {[]roundTripper{tagged(http.StatusNotModified, `"5"`, "")}, false, "server answered 304"},
		"all of it again": {[]roundTripper{first, tagged(http.StatusOK, `"6"`, string(Text.Append(Text.Append(nil, Event{Seq: 5}), Event{Seq: 6})))}, true, "event 5 came after 5"},
		"another feed":    {[]roundTripper{first, tagged(http.StatusOK, `"1"`, string(Text.Append(nil, Event{Seq: 1})))}, true, "event 1 came after 5"},
		"an old gap":      {[]roundTripper{first, tagged(http.StatusOK, `"5"`, string(Text.Append(nil, Gap{First: 1, Last: 5}.Event())))}, true, "event 5 came after 5"},
	} {
		var got []uint64
		n := 0
		f := newFetcher(t, func(r *http.Request) (*http.Response, error) {
			n++
			return c.answers[n-1](r)
		}, &got)
		f.Conditional = c.conditional
		var err error
		for err == nil && n < len(c.answers) {
			err = f.Fetch()
		}
		if err == nil || !strings.Contains(err.Error(), c.error) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v, which does not say %q", name, err, c.error)
		}
		if len(got) > 1 {
			t.Errorf("%s: emitted %v", name, got)
		}
	}
}
