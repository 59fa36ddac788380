package feed

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"

	"pgregory.net/rapid"
)

// No event is ever taken for an uplink message.
func TestEventsAreNoUplink(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		number := rapid.Int64Range(0, math.MaxInt64)
		e := Event{Seq: uint64(number.Draw(t, "seq")), Due: number.Draw(t, "due"), Sent: number.Draw(t, "sent")}
		for _, c := range codecs {
			if IsUplink(c.Append(nil, e), c) {
				t.Fatalf("%s: event %d is taken for an uplink message", c, e.Seq)
			}
		}
	})
}

func TestIsUplink(t *testing.T) {
	for _, c := range codecs {
		if message := []byte{UplinkMark(c)}; !IsUplink(message, c) || !IsUplink(append(message, 'x'), c) || IsUplink(nil, c) || IsUplink([]byte("x"), c) {
			t.Errorf("%s: messages are not told by %q", c, message)
		}
	}
}

// echoes answers as Echo does, on a request as a client sends it.
func echoes(r *http.Request) (*http.Response, error) {
	sent := *r
	sent.Body = io.NopCloser(iotest.OneByteReader(r.Body))
	w := httptest.NewRecorder()
	Echo(w, &sent)
	return w.Result(), r.Body.Close()
}

// post runs Post with the messages given, and returns the echoes and the error.
// With the last echo its context ends.
func post(t *testing.T, rt roundTripper, m *Meter, messages ...string) (echoed []string, err error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	s := Subscription{Address: plain, Codec: Text, Meter: m, Uplink: &Uplink{
		Next: func(ctx context.Context) ([]byte, error) {
			if len(messages) == 0 {
				cancel()
				return nil, ctx.Err()
			}
			next := messages[0]
			messages = messages[1:]
			return []byte(next), nil
		},
		Echo: func(message []byte) { echoed = append(echoed, string(message)) },
	}}
	s.UplinkClient = &http.Client{Transport: rt}
	err = Post(ctx, s)
	return echoed, err
}

func TestPost(t *testing.T) {
	messages := []string{">", "> second", ">" + strings.Repeat("x", 100_000)}
	var m Meter
	echoed, err := post(t, func(r *http.Request) (*http.Response, error) {
		if r.Method != http.MethodPost || r.URL.String() != "http://feed.test/plain" || r.Header.Get("Content-Type") != Text.ContentType() {
			t.Errorf("%s %s with %v", r.Method, r.URL, r.Header)
		}
		return echoes(r)
	}, &m, messages...)
	if err != nil || !slices.Equal(echoed, messages) {
		t.Errorf("%d messages came back as %d, with the error %v", len(messages), len(echoed), err)
	}
	if up, down := m.EchoesUp.Load(), m.EchoesDown.Load(); up != 100_010 || down != up {
		t.Errorf("counted %d bytes sent and %d echoed", up, down)
	}
	if n := m.Requests.Load(); n != 0 {
		t.Errorf("counted %d requests for events", n)
	}
}

// What is not the message's echo is an error, and not handed out.
func TestPostRefused(t *testing.T) {
	for name, c := range map[string]struct {
		rt   roundTripper
		want string
	}{
		"refusal":     {answer(http.StatusRequestEntityTooLarge, -1, strings.NewReader("too large\n")), "uplink: message of 6 bytes: server answered 413 Request Entity Too Large: too large"},
		"no content":  {answer(http.StatusNoContent, 0, http.NoBody), "server answered 204"},
		"nothing":     {answer(http.StatusOK, 0, http.NoBody), "another message"},
		"another":     {answer(http.StatusOK, -1, strings.NewReader(">hellO")), "another message"},
		"more":        {answer(http.StatusOK, -1, strings.NewReader(">hello!")), "another message"},
		"endless":     {answer(http.StatusOK, -1, zeros{}), "another message"},
		"cut":         {answer(http.StatusOK, -1, io.MultiReader(strings.NewReader(">he"), iotest.ErrReader(io.ErrUnexpectedEOF))), "read its echo: unexpected EOF"},
		"no network":  {func(*http.Request) (*http.Response, error) { return nil, errors.New("no network") }, "no network"},
		"endless 404": {answer(http.StatusNotFound, -1, zeros{}), "server answered 404"},
	} {
		echoed, err := post(t, c.rt, new(Meter), ">hello")
		if err == nil || !strings.Contains(err.Error(), c.want) || len(echoed) > 0 {
			t.Errorf("%s: the echoes are %q, the error is %v; not %q", name, echoed, err, c.want)
		}
	}
}

// Whatever is posted comes back; what is longer than allowed is refused.
func FuzzEcho(f *testing.F) {
	f.Add([]byte(">hello"), "")
	f.Add([]byte{}, "")
	f.Add([]byte{0xff, 0}, "since=0")
	f.Add(make([]byte, MaxUplink), "")
	f.Add(make([]byte, MaxUplink+1), "")
	f.Fuzz(func(t *testing.T, message []byte, query string) {
		r := httptest.NewRequest(http.MethodPost, "/plain", bytes.NewReader(message))
		r.URL.RawQuery = query
		w := httptest.NewRecorder()
		Echo(w, r)
		want := http.StatusOK
		switch {
		case query != "":
			want = http.StatusBadRequest
		case len(message) > MaxUplink:
			want = http.StatusRequestEntityTooLarge
		}
		if w.Code != want {
			t.Fatalf("%d bytes with the query %q: status %d, not %d", len(message), query, w.Code, want)
		}
		if got := w.Body.Bytes(); want == http.StatusOK && !bytes.Equal(got, message) || want != http.StatusOK && bytes.Count(got, []byte("\n")) != 1 {
			t.Errorf("the answer of %d is %q", w.Code, got)
		}
	})
}

// The end of the feed ends the uplink and the other way round, and the error is
// that of the one that failed.
func TestBeside(t *testing.T) {
	failure := errors.New("failure")
	fails := func(context.Context) error { return failure }
	lasts := func(ctx context.Context) error { <-ctx.Done(); return nil }
	for _, c := range []struct {
		name         string
		feed, uplink func(context.Context) error
		cancelled    bool
		want         error
	}{
		{"the feed fails", fails, lasts, false, failure},
		{"the uplink fails", lasts, fails, false, failure},
		{"both go on until they are cancelled", lasts, lasts, true, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				ended := make(chan error, 1)
				go func() { ended <- Beside(ctx, c.feed, c.uplink) }()
				synctest.Wait()
				if c.cancelled {
					select {
					case err := <-ended:
						t.Errorf("it ended by itself, with %v", err)
					default:
					}
					cancel()
				}
				if err := <-ended; err != c.want {
					t.Errorf("it ended with %v, not %v", err, c.want)
				}
			})
		})
	}
}

// A subscription without an uplink needs no second client.
func TestWithoutUplink(t *testing.T) {
	failure := errors.New("failure")
	err := WithUplink(t.Context(), Subscription{}, func(ctx context.Context) error {
		if ctx != t.Context() {
			t.Error("the feed has another context")
		}
		return failure
	})
	if err != failure {
		t.Errorf("it ended with %v", err)
	}
}
