package wire_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"

	"pushbench/servers/all"
	"pushbench/servers/feed"
	"pushbench/servers/wire"
)

// seen is what a server sees of a subscriber's first request, beside what both
// ends count.
type seen struct {
	request  http.Header
	proto    int
	up, down int64 // of heads
	wrote    int64
}

// subscribe runs a transport's client end with a profile against the program's
// handler, over net/http's server, up to the first event, whose body has so many
// bytes.
func subscribe(t *testing.T, transport, headers string, body int, version2 bool) seen {
	t.Helper()
	profile, err := wire.ParseProfile(headers)
	if err != nil {
		t.Fatal(err)
	}
	log := feed.NewLog(feed.Text, feed.DefaultRing, feed.NewClock())
	log.Publish(1, []byte(strings.Repeat("x", body)))
	var result seen
	var first sync.Once
	handler := profile.Handler(all.Handler(log))
	server := &http.Server{Protocols: wire.Protocols(), Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		first.Do(func() { result.request, result.proto = r.Header.Clone(), r.ProtoMajor })
		handler.ServeHTTP(w, r)
	})}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		server.Serve(l)
	}()
	defer func() {
		log.Close()
		server.Close()
		<-ended
	}()

	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var tally wire.Tally
	var heads wire.Headers
	client := &wire.Client{
		Dial: func(ctx context.Context) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, "tcp", l.Addr().String())
		},
		HTTP2:   version2,
		Profile: profile,
		Tally:   &tally,
		Headers: &heads,
	}
	spec, err := all.Parse(transport)
	if err != nil {
		t.Fatal(err)
	}
	clock := feed.NewClock()
	err = spec.Transport.Subscribe(ctx, client.HTTP(), wire.URL, feed.Subscription{
		Options:  spec.Options,
		Codec:    feed.Text,
		Clock:    clock,
		Timeline: feed.NewTimeline(clock),
		Meter:    new(feed.Meter),
		Emit: func(feed.Event) {
			result.up, result.down, result.wrote = heads.Up.Load(), heads.Down.Load(), tally.BytesWritten.Load()
			cancel()
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return result
}

// twoDigits is a body whose event takes 82 bytes, as its Content-Length says.
const twoDigits = 21

// The sizes on the wire that the profiles are made for, as the real transports
// send and get them.
func TestProfileSizes(t *testing.T) {
	for _, c := range []struct {
		transport, headers string
		up, down           int64 // down 0: not asserted
	}{
		{"poll", "minimal", 97, 117},
		{"poll", "browser", 514, 117},
		{"poll", "browser+cookie=1KB", 514 + 1024, 117},
		{"poll", "browser+cookie=64KB", 514 + 64<<10, 117},
		{"poll", "browser+cookie=1B", 514 + 1, 117},
		{"poll", "lubbers2010", 716, 193},
		{"longpoll", "browser", 514 + int64(len("long")), 117},
		{"ws", "browser", 514, 0},
		{"ws?client=coder", "browser", 514, 0},
		{"ws", "browser+cookie=1KB", 514 + 1024, 0},
	} {
		t.Run(c.transport+" "+c.headers, func(t *testing.T) {
			got := subscribe(t, c.transport, c.headers, twoDigits, false)
			if got.up != c.up || got.wrote != c.up {
				t.Errorf("the request has %d bytes, of %d written; not %d", got.up, got.wrote, c.up)
			}
			if c.down > 0 && got.down != c.down {
				t.Errorf("the answer's head has %d bytes, not %d", got.down, c.down)
			}
		})
	}
}

// Over HTTP/2 the same fields arrive, but for those that are a connection's own
// (RFC 9113 §8.2.2).
func TestProfileOverHTTP2(t *testing.T) {
	hop := []string{"Connection", "Keep-Alive"}
	for _, headers := range []string{"minimal", "browser", "browser+cookie=1KB", "lubbers2010"} {
		t.Run(headers, func(t *testing.T) {
			one, two := subscribe(t, "poll", headers, twoDigits, false), subscribe(t, "poll", headers, twoDigits, true)
			if one.proto != 1 || two.proto != 2 {
				t.Fatalf("they went over HTTP/%d and HTTP/%d", one.proto, two.proto)
			}
			for _, name := range hop {
				if headers == "lubbers2010" && one.request.Get(name) == "" {
					t.Errorf("over HTTP/1.1 there is no %s", name)
				}
				if values, ok := two.request[name]; ok {
					t.Errorf("over HTTP/2 there is %s: %q", name, values)
				}
				one.request.Del(name)
			}
			if headers == "minimal" {
				one.request.Del("User-Agent") // net/http says there which version it speaks
				two.request.Del("User-Agent")
			}
			if got, want := fmt.Sprint(two.request), fmt.Sprint(one.request); got != want {
				t.Errorf("over HTTP/2 the fields are\n%s\nnot\n%s", got, want)
			}
		})
	}
}

// What a request says itself stands; the profile that clients share stays as it
// is.
func TestProfileGivesWay(t *testing.T) {
	profile, err := wire.ParseProfile("browser")
	if err != nil {
		t.Fatal(err)
	}
	sent := make(chan http.Header, 1)
	client := &wire.Client{Profile: profile, Tally: new(wire.Tally), Headers: new(wire.Headers)}
	var serving sync.WaitGroup
	client.Dial = func(context.Context) (net.Conn, error) {
		near, far := net.Pipe()
		serving.Go(func() {
			defer far.Close()
			req, err := http.ReadRequest(bufio.NewReader(far))
			if err != nil {
				t.Error(err)
				req = new(http.Request)
			}
			sent <- req.Header
			io.WriteString(far, "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
		})
		return near, nil
	}
	for _, own := range []http.Header{{"Accept": {"application/json"}, "X-Own": {"1"}}, {}} {
		req, err := http.NewRequest(http.MethodGet, wire.URL+"/", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header = own.Clone()
		resp, err := client.HTTP().Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		got, accept := <-sent, "*/*"
		if len(own) > 0 {
			accept = "application/json"
		}
		if got.Get("Accept") != accept || got.Get("X-Own") != own.Get("X-Own") || got.Get("Sec-Fetch-Mode") != "cors" || len(got["Accept"]) != 1 {
			t.Errorf("with fields of its own, %v, it was sent %v", own, got)
		}
		if fmt.Sprint(req.Header) != fmt.Sprint(own) {
			t.Errorf("the request was changed to %v", req.Header)
		}
	}
	serving.Wait()
}

func TestBadProfiles(t *testing.T) {
	for name, want := range map[string]string{
		"":                    "use minimal, browser, browser+cookie=1KB or lubbers2010",
		"Browser":             "use minimal",
		"browser ":            "use minimal",
		"chrome":              "use minimal",
		"browser+cookie":      "use minimal",
		"minimal+cookie=1KB":  "use minimal",
		"browser+cookie=":     "the cookie's size is not a number with a known unit; write such as 1KB",
		"browser+cookie=1024": "the cookie's size has no unit",
		"browser+cookie=0B":   "is outside 1B to 64KB",
		"browser+cookie=65KB": "is outside 1B to 64KB",
	} {
		if _, err := wire.ParseProfile(name); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), fmt.Sprintf("headers %q", name)) {
			t.Errorf("the error of %q is %v, which does not say %q", name, err, want)
		}
	}
}
