package feed

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

// gulps takes whatever comes in as many events as there are dots, and holds the
// rest.
type gulps struct {
	got    bytes.Buffer
	reads  []int
	held   int
	refuse error
	ends   int
}

func (g *gulps) Take(p []byte) error {
	g.reads = append(g.reads, len(p))
	g.got.Write(p)
	if last := bytes.LastIndexByte(p, '.'); last >= 0 {
		g.held = len(p) - last - 1
	} else {
		g.held += len(p)
	}
	return g.refuse
}

func (g *gulps) Pending() int { return g.held }

func (g *gulps) End(err error) error {
	g.ends++
	return AnswerEnded(err, g.held)
}

// follow follows an answer.
func follow(ctx context.Context, media string, in Intake, meter *Meter, rt roundTripper) error {
	return Follow(ctx, &http.Client{Transport: rt}, media, Subscription{
		Address: plain,
		Since:   4,
		Meter:   meter,
	}, in)
}

func ongoing(contentType string, body io.Reader) roundTripper {
	return func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {contentType}}, Body: io.NopCloser(body)}, nil
	}
}

// One request is sent, its answer is taken as it comes, and its end is an error.
func TestFollow(t *testing.T) {
	var asked []*http.Request
	var meter Meter
	var in gulps
	err := follow(t.Context(), "text/x", &in, &meter, func(r *http.Request) (*http.Response, error) {
		asked = append(asked, r)
		return ongoing("text/x;a=b", iotest.OneByteReader(strings.NewReader("one.two.thr")))(r)
	})
	if err == nil || err.Error() != "/plain: the server ended its answer 3 bytes into an event" {
		t.Errorf("it ended with %v", err)
	}
	if got := in.got.String(); got != "one.two.thr" || meter.Requests.Load() != 1 || in.ends != 1 {
		t.Errorf("it took %q, of %d requests with %d ends", got, meter.Requests.Load(), in.ends)
	}
	if len(asked) != 1 || asked[0].URL.String() != "http://feed.test/plain?since=0000000000000000004" || asked[0].Header.Get("Accept") != "text/x" {
		t.Errorf("it asked %v", asked)
	}
}

// What was read at once is taken at once, however many events that were.
func TestFollowTakesReads(t *testing.T) {
	in := new(gulps)
	err := follow(t.Context(), "", in, new(Meter), ongoing("", io.MultiReader(
		strings.NewReader("a.b.c."), strings.NewReader("d"), strings.NewReader("."))))
	if err == nil || err.Error() != "/plain: the server ended its answer" || !slices.Equal(in.reads, []int{6, 1, 1}) {
		t.Errorf("it took pieces of %d bytes, and then %v", in.reads, err)
	}
}

// What is read at once grows with what events need, and no further.
func TestFollowGrows(t *testing.T) {
	small, large := new(gulps), new(gulps)
	follow(t.Context(), "", small, new(Meter), ongoing("", strings.NewReader(strings.Repeat("event.", 10_000))))
	follow(t.Context(), "", large, new(Meter), ongoing("", strings.NewReader(strings.Repeat("x", 1<<20))))
	most := func(reads []int) (n int) {
		for _, r := range reads {
			n = max(n, r)
		}
		return n
	}
	if got := most(small.reads); got != readSize {
		t.Errorf("small events are read %d bytes at a time", got)
	}
	if got := most(large.reads); got < maxRead || got >= 2*maxRead {
		t.Errorf("a large event is read %d bytes at a time", got)
	}
}

// silent returns nothing, for ever.
type silent struct{}

func (silent) Read([]byte) (int, error) { return 0, nil }

// Whatever else ends it is told.
func TestFollowEnds(t *testing.T) {
	failure := errors.New("failure")
	over, cancel := context.WithCancel(t.Context())
	cancel()
	for name, c := range map[string]struct {
		ctx   context.Context
		media string
		in    gulps
		rt    roundTripper
		error string
	}{
		"the connection":    {t.Context(), "", gulps{}, ongoing("", io.MultiReader(strings.NewReader("x"), iotest.ErrReader(failure))), "/plain: read the server's answer: failure"},
		"the intake":        {t.Context(), "", gulps{refuse: failure}, ongoing("", strings.NewReader("x.")), "/plain: failure"},
		"the client":        {t.Context(), "", gulps{}, func(*http.Request) (*http.Response, error) { return nil, failure }, "failure"},
		"silence":           {t.Context(), "", gulps{}, ongoing("", silent{}), "/plain: read the server's answer: multiple Read calls return no data or error"},
		"a refusal":         {t.Context(), "", gulps{}, answer(http.StatusTeapot, -1, strings.NewReader("no\n")), "server answered 418 I'm a teapot: no"},
		"no content":        {t.Context(), "", gulps{}, answer(http.StatusNoContent, 0, http.NoBody), "server answered 204 No Content: it has nothing to send, and wants no further request"},
		"another media":     {t.Context(), "text/x", gulps{}, ongoing("text/y", strings.NewReader("x.")), `/plain: the server answered with the media type "text/y", not with text/x`},
		"no media":          {t.Context(), "text/x", gulps{}, ongoing("", strings.NewReader("x.")), `/plain: the server answered with the media type "", not with text/x`},
		"its owner":         {over, "", gulps{}, func(r *http.Request) (*http.Response, error) { return nil, r.Context().Err() }, ""},
		"its owner, midway": {over, "", gulps{}, ongoing("", iotest.ErrReader(failure)), ""},
	} {
		err := follow(c.ctx, c.media, &c.in, new(Meter), c.rt)
		if c.error == "" && err != nil || c.error != "" && (err == nil || !strings.HasSuffix(err.Error(), c.error)) {
			t.Errorf("%s: %v, want %q", name, err, c.error)
		}
	}
}

// An address that is none is an error at once.
func TestFollowRefuses(t *testing.T) {
	s := Subscription{Address: &Address{Base: "http://a b"}, Meter: new(Meter)}
	if err := Follow(t.Context(), http.DefaultClient, "", s, new(gulps)); err == nil {
		t.Error("http://a b is an address")
	}
}

// ring is a Loop that takes what it is told to, and keeps it.
type ring struct {
	takes bool
	to    Receiver
	done  func(error)
}

func (r *ring) Attach(_ context.Context, _ io.ReadCloser, to Receiver, done func(error)) bool {
	r.to, r.done = to, done
	return r.takes
}

// A loop that takes the connection is all that is left of a subscription, and its end is
// told by Done as Subscribe would return it.
func TestFollowInLoop(t *testing.T) {
	failure := errors.New("failure")
	over, cancel := context.WithCancel(t.Context())
	cancel()
	for name, c := range map[string]struct {
		ctx      context.Context
		says     string
		refuse   error
		end      error
		want     string // of the error; empty: none
		together int    // ends of the intake
	}{
		"the answer's end": {t.Context(), "one.tw", nil, io.EOF, "/plain: the server ended its answer 2 bytes into an event", 1},
		"the connection":   {t.Context(), "one.", nil, failure, "/plain: read the server's answer: failure", 1},
		"the intake":       {t.Context(), "one.", failure, failure, "/plain: failure", 0},
		"its owner":        {over, "one.", nil, net.ErrClosed, "", 1},
	} {
		var loop ring
		loop.takes = true
		in := &gulps{refuse: c.refuse}
		var ended []error
		err := Follow(c.ctx, &http.Client{Transport: ongoing("", strings.NewReader("not read here"))}, "", Subscription{
			Address: plain, Meter: new(Meter), Loop: &loop, Done: func(err error) { ended = append(ended, err) },
		}, in)
		if err != ErrAttached || len(in.reads) > 0 || len(ended) > 0 {
			t.Fatalf("%s: it ended with %v and %v, after reads of %d bytes", name, err, ended, in.reads)
		}
		err = loop.to.Take([]byte(c.says))
		if err != c.refuse {
			t.Errorf("%s: it took %v", name, err)
		}
		if err == nil {
			err = loop.to.End(c.end)
		}
		loop.done(err)
		if len(ended) != 1 || c.want == "" && ended[0] != nil || c.want != "" && (ended[0] == nil || ended[0].Error() != c.want) || in.ends != c.together {
			t.Errorf("%s: it ended with %v, want %q", name, ended, c.want)
		}
	}
}

// A loop that cannot take the connection has not read it either; and one is not asked
// where there is an uplink.
func TestFollowWithoutLoop(t *testing.T) {
	for _, s := range []Subscription{
		{Loop: new(ring)},
		{Loop: &ring{takes: true}, Uplink: &Uplink{Next: func(ctx context.Context) ([]byte, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}}},
	} {
		in := new(gulps)
		s.Address, s.Meter = plain, new(Meter)
		err := Follow(t.Context(), &http.Client{Transport: ongoing("", strings.NewReader("one."))}, "", s, in)
		if err == nil || err.Error() != "/plain: the server ended its answer" || in.got.String() != "one." {
			t.Errorf("it took %q and ended with %v", in.got.String(), err)
		}
	}
}
