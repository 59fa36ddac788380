package feed

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
)

// pushing is a transport whose answers go on.
var pushing = &Transport{Name: "pushing", Knobs: []Knob{BatchKnob, HeartbeatKnob}}

// writes records what is written and flushed, and fails where it is told to.
type writes struct {
	http.ResponseWriter // of the recorder
	got                 []string
	failAt              int // the write that fails, from 1
}

var errGone = errors.New("the connection is gone")

func (w *writes) Write(p []byte) (int, error) {
	w.got = append(w.got, string(p))
	if len(w.got) == w.failAt {
		return 0, errGone
	}
	return len(p), nil
}

func (w *writes) FlushError() error {
	w.got = append(w.got, "flush")
	return nil
}

// respond answers a request for all of a feed that has ended.
func respond(t *testing.T, query string, o Ongoing, failAt int) []string {
	t.Helper()
	log := NewLog(Text, 10, NewClock())
	for range 3 {
		log.Publish(0, []byte("x"))
	}
	log.Close()
	w := &writes{ResponseWriter: httptest.NewRecorder(), failAt: failAt}
	req, err := pushing.readRequest(log, query)
	if err != nil {
		t.Fatal(err)
	}
	req.Respond(log, w, httptest.NewRequest(http.MethodGet, "/pushing", nil), o)
	return w.got
}

// The head goes out first; then each send is a write and a flush.
func TestRespond(t *testing.T) {
	numbered := Ongoing{Append: func(dst []byte, r Record) ([]byte, error) {
		if r.Seq == 0 {
			return dst, errors.New("no number")
		}
		return fmt.Appendf(dst, "<%d>", r.Seq), nil
	}}
	stubborn := Ongoing{Append: func(dst []byte, r Record) ([]byte, error) {
		if r.Seq == 2 {
			return dst, errors.New("cannot be sent")
		}
		return fmt.Appendf(dst, "<%d>", r.Seq), nil
	}}
	for name, c := range map[string]struct {
		query  string
		o      Ongoing
		failAt int
		want   []string
	}{
		"each":            {"since=0", numbered, 0, []string{"flush", "<1>", "flush", "<2>", "flush", "<3>", "flush"}},
		"together":        {"since=0&batch=on", numbered, 0, []string{"flush", "<1><2><3>", "flush"}},
		"the rest":        {"since=2", numbered, 0, []string{"flush", "<3>", "flush"}},
		"nothing":         {"since=3", numbered, 0, []string{"flush"}},
		"the latest":      {"since=0&want=latest", numbered, 0, []string{"flush", "<3>", "flush"}},
		"gone":            {"since=0", numbered, 4, []string{"flush", "<1>", "flush", "<2>"}},
		"not to be sent":  {"since=0", stubborn, 0, []string{"flush", "<1>", "flush"}},
		"nor with others": {"since=0&batch=on", stubborn, 0, []string{"flush"}},
	} {
		if got := respond(t, c.query, c.o, c.failAt); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, not %q", name, got, c.want)
		}
	}
	each, together := respond(t, "since=1", Ongoing{}, 0), respond(t, "since=1&batch=on", Ongoing{}, 0)
	if len(each) != 5 || len(together) != 3 || len(each[1]+each[3]) != len(together[1]) || strings.Count(together[1], "\n") != 2 {
		t.Errorf("in the codec's encoding: %q, and together %q", each, together)
	}
}

// A cursor ahead of the feed, and a server that cannot flush, are answered as
// what they are.
func TestRespondRefuses(t *testing.T) {
	log := NewLog(Text, 10, NewClock())
	for name, c := range map[string]struct {
		w      func(*httptest.ResponseRecorder) http.ResponseWriter
		since  uint64
		status int
	}{
		"ahead":    {func(r *httptest.ResponseRecorder) http.ResponseWriter { return r }, 1, http.StatusBadRequest},
		"no flush": {func(r *httptest.ResponseRecorder) http.ResponseWriter { return struct{ http.ResponseWriter }{r} }, 0, http.StatusNotImplemented},
	} {
		r := httptest.NewRecorder()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		Request{Since: c.since, Options: Options{transport: pushing, values: []string{"off", "off"}}}.Respond(
			log, c.w(r), httptest.NewRequest(http.MethodGet, "/pushing", nil).WithContext(ctx), Ongoing{ContentType: "text/x"})
		if r.Code != c.status || strings.Count(r.Body.String(), "\n") != 1 {
			t.Errorf("%s: status %d, %q", name, r.Code, r.Body)
		}
	}
}
