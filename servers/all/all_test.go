package all_test

import (
	"context"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"pushbench/servers/all"
	"pushbench/servers/feed"
	"pushbench/servers/feed/feedtest"
	"pushbench/servers/wire"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.Cleanup(feedtest.LeakedDescriptors()))
}

// The table's rows are whole, and no two are the same.
func TestTable(t *testing.T) {
	seen := make(map[string]bool)
	for _, tr := range all.Transports {
		if tr.Name == "" || tr.About == "" || tr.Serve == nil || tr.Subscribe == nil {
			t.Errorf("the row of %q has an empty field", tr.Name)
		}
		if seen[tr.Name] {
			t.Errorf("there are two of %s", tr.Name)
		}
		seen[tr.Name] = true
		spec, err := all.Parse(tr.Name)
		if err != nil || spec.String() != tr.Name || spec.Transport != tr {
			t.Errorf("%s is parsed as %v, %v", tr.Name, spec, err)
		}
		for _, k := range tr.Knobs {
			if k.Name == "since" || k.Name == "want" || k.About == "" || k.Check == nil {
				t.Errorf("knob %q of %s has an empty field, or a name that requests have for themselves", k.Name, tr.Name)
			} else if err := k.Check(k.Default); err != nil {
				t.Errorf("the default of %s's knob %s is refused: %v", tr.Name, k.Name, err)
			}
		}
	}
}

// Transports of the scenarios that are shipped, as they are written and as they
// are printed.
func TestParse(t *testing.T) {
	for text, want := range map[string]string{
		"poll":                                      "poll",
		"poll?interval=1s":                          "poll",
		"poll?interval=100ms":                       "poll?interval=100ms",
		"poll?pace=after&keepalive=off":             "poll?keepalive=off&pace=after",
		"longpoll?hold=50ms&batch=off#twin":         "longpoll?hold=50ms&batch=off#twin",
		"poll?conditional=on":                       "poll?conditional=on",
		"stream?heartbeat=15s&batch=on":             "stream?batch=on&heartbeat=15s",
		"stream?batch=off&heartbeat=off":            "stream",
		"sse":                                       "sse",
		"sse?batch=10ms":                            "sse?batch=10ms",
		"ws#twin":                                   "ws#twin",
		"ws?ping=15s&compress=takeover":             "ws?compress=takeover&ping=15s",
		"wsbare":                                    "wsbare",
		"wsbare?threshold=0B&batch=off":             "wsbare",
		"wsbare?ping=15s&subprotocol=feed":          "wsbare?ping=15s&subprotocol=feed",
		"wsbare?compress=no-takeover&threshold=1KB": "wsbare?compress=no-takeover&threshold=1KB",
		"raw":            "raw",
		"raw?batch=10ms": "raw?batch=10ms",
	} {
		if spec, err := all.Parse(text); err != nil || spec.String() != want {
			t.Errorf("%s is parsed as %v, %v; not %s", text, spec, err, want)
		}
	}
	for text, want := range map[string]string{
		"comet":                "there are poll, longpoll, stream, sse, ws, wsbare, raw",
		"ws?interval=1s":       "it has batch",
		"ws?client=coder":      `no option "client"`,
		"wsbare?compress=on":   "use off or no-takeover or takeover",
		"wsbare?threshold=512": "use a size with its unit",
		"raw?ping=15s":         "it has batch",
		"sse?heartbeat=15":     "use off or a duration with its unit",
		"poll?hold=1s":         "it has interval, keepalive, pace",
		"poll?want=latest":     `no option "want"`,
		"longpoll?interval=1s": "it has hold, batch",
	} {
		if _, err := all.Parse(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("the error of %s is %v, which does not say %q", text, err, want)
		}
	}
}

// Each transport is at the path of its name and nowhere else; whoever asks
// elsewhere is told where.
func TestHandler(t *testing.T) {
	log := feed.NewLog(feed.Text, feed.DefaultRing, feed.NewClock())
	log.Publish(1, []byte("body"))
	server := httptest.NewServer(all.Handler(log))
	defer server.Close()
	addr := server.Listener.Addr().String()
	for _, tr := range all.Transports {
		if resp, reason := feedtest.Request(t, addr, http.MethodGet, "/"+tr.Name+"?since=2"); resp.StatusCode != http.StatusBadRequest {
			t.Errorf("%s ahead of the feed: status %d, %s", tr.Name, resp.StatusCode, reason)
		}
	}
	for _, path := range []string{"/", "/feed", "/poll/", "/Poll?since=0", "/poll/0", "/longpol?since=0", "/echo/", "/index.html", "/%00"} {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			resp, reason := feedtest.Request(t, addr, method, path)
			if resp.StatusCode != http.StatusNotFound || !strings.Contains(reason, "/poll, /longpoll, /stream, /sse, /ws, /wsbare, /raw, an echo at /echo") {
				t.Errorf("%s %s: status %d, %q; not 404 and where the feed is", method, path, resp.StatusCode, reason)
			}
		}
	}
}

// renamed serves the same also as a server of somebody else may: with another path
// and another parameter for the cursor, and a topic that has to be given.
func renamed(ours http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if name, elsewhere := strings.CutPrefix(r.URL.Path, "/feeds/"); elsewhere && r.URL.Query().Get("topic") == "a" {
			r.URL.Path, r.URL.RawQuery = "/"+name, "since="+r.URL.Query().Get("after")
		}
		ours.ServeHTTP(w, r)
	})
}

// All transports carry the same feed, event for event, wherever their client end is
// told that it is.
func TestOneFeed(t *testing.T) {
	log := feed.NewLog(feed.Text, feed.DefaultRing, feed.NewClock())
	for range 5 {
		log.Publish(1, []byte("body"))
	}
	server := httptest.NewServer(renamed(all.Handler(log)))
	defer server.Close()
	defer log.Close()
	records, _, err := log.Since(2, math.MaxInt, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, tr := range all.Transports {
		for _, at := range []*feed.Address{
			feed.Spec{Transport: tr}.Address(wire.URL, false),
			{Base: wire.URL, Path: "/feeds/" + tr.Name, Query: "topic=a", Cursor: "after"},
		} {
			got := collect(t, tr, server.Listener.Addr().String(), at, 2, len(records))
			for i, e := range got {
				if want := records[i].Event; e.Seq != want.Seq || e.Due != want.Due || e.Sent != want.Sent {
					t.Errorf("%s: event %d is %+v, not %+v", at.Path, i+1, e, want)
				}
			}
		}
	}
}

// collect subscribes to a server at addr and returns the first n events after
// since.
func collect(t *testing.T, tr *feed.Transport, addr string, at *feed.Address, since uint64, n int) []feed.Event {
	t.Helper()
	spec, err := all.Parse(tr.Name)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	client := &wire.Client{
		Dial: func(ctx context.Context) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, "tcp", addr)
		},
		Tally:   new(wire.Tally),
		Headers: new(wire.Headers),
	}
	clock := feed.NewClock()
	var got []feed.Event
	err = tr.Subscribe(ctx, client.HTTP(), feed.Subscription{
		Address:  at,
		Since:    since,
		Options:  spec.Options,
		Codec:    feed.Text,
		Clock:    clock,
		Timeline: feed.NewTimeline(clock),
		Meter:    new(feed.Meter),
		Emit: func(e feed.Event) {
			if got = append(got, e); len(got) == n {
				cancel()
			}
		},
	})
	if err != nil || len(got) != n {
		t.Fatalf("%s: got %d of %d events, and the error %v", at.Path, len(got), n, err)
	}
	return got
}
