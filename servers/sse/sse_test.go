package sse_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"pushbench/servers/feed"
	"pushbench/servers/feed/feedtest"
	"pushbench/servers/sse"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.Cleanup(feedtest.LeakedDescriptors()))
}

func TestConformance(t *testing.T) {
	feedtest.Test(t, sse.Transport, "", "batch=on", "batch=10ms", "heartbeat=1m", "batch=10ms&heartbeat=1m")
}

// While the feed is quiet a comment is all that passes, and each of its bytes
// belongs to a layer.
func TestHeartbeat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := feedtest.Serve(t, sse.Transport, feedtest.Config{Addr: feedtest.InMemory})
		sub := server.Subscribe(0, "heartbeat=15s")
		<-time.After(10*15*time.Second + time.Second)
		synctest.Wait()
		if got := sub.Meter.FramingDown.Load(); got != 10*3 {
			t.Errorf("in 10 intervals %d bytes of heartbeat came, not 30", got)
		}
		server.Publish(2)
		synctest.Wait()
		server.Check(sub.Events(), 0, 2)
		sub.CheckBytes()
		if got := sub.Meter.FramingDown.Load(); got != 10*3+2*9 {
			t.Errorf("with two events it is %d bytes, not 9 more for each", got)
		}
	})
}

// served is a feed of five events, of which the ring holds the last three.
func served(t *testing.T) (*feed.Log, *httptest.Server) {
	t.Helper()
	clock := feed.Clock{} // which reads the greatest number there is
	log := feed.NewLog(feed.Text, 3, clock)
	for n := range 5 {
		log.Publish(int64(n), fmt.Appendf(nil, "event %d", n+1))
	}
	server := httptest.NewServer(sse.Transport.Handler(log))
	t.Cleanup(server.Close)
	return log, server
}

// get asks with a Last-Event-ID if there is one, of a feed that has ended.
func get(t *testing.T, server *httptest.Server, query string, last ...string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+"/sse?"+query, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header["Last-Event-Id"] = last
	resp, err := server.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(body)
}

func number(n int64) string { return fmt.Sprintf("%019d", n) }

// The stream as browsers get it, to the byte.
func TestOnTheWire(t *testing.T) {
	log, server := served(t)
	log.Close()
	resp, body := get(t, server, "since=0")
	sent := number(1<<63 - 1)
	want := "event:gap\nid:" + number(2) + "\ndata:" + number(1) + " " + number(2) + " \n\n"
	for n := int64(3); n <= 5; n++ {
		want += "id:" + number(n) + "\ndata:" + number(n-1) + " " + sent + fmt.Sprintf(" event %d\n\n", n)
	}
	if body != want {
		t.Errorf("the stream is\n%s\nnot\n%s", body, want)
	}
	for field, want := range map[string]string{
		"Content-Type":      "text/event-stream",
		"Cache-Control":     "no-cache",
		"X-Accel-Buffering": "no",
	} {
		if got := resp.Header.Get(field); got != want {
			t.Errorf("%s: %s, not %s", field, got, want)
		}
	}
}

// An EventSource that reconnects asks for the URL it began with, and says in
// Last-Event-ID where it is.
func TestLastEventID(t *testing.T) {
	log, server := served(t)
	log.Close()
	for _, c := range []struct {
		query  string
		last   []string
		status int
		first  string // of the stream, or what the reason says
	}{
		{"since=3", nil, 200, "id:" + number(4)},
		{"since=0", []string{number(3)}, 200, "id:" + number(4)},
		{"since=5", []string{number(2)}, 200, "id:" + number(3)},
		{"since=0", []string{"4"}, 200, "id:" + number(5)},
		{"since=0", []string{number(5)}, 200, ""},
		{"since=0", []string{""}, 400, "not the number of an event"},
		{"since=0", []string{"-1"}, 400, "not the number of an event"},
		{"since=0", []string{"4 "}, 200, "id:" + number(5)}, // HTTP cuts blanks off
		{"since=0", []string{"hello"}, 400, "not the number of an event"},
		{"since=0", []string{"4", "4"}, 400, "not the number of an event"},
		{"since=0", []string{"00000000000000000001"}, 400, "not the number of an event"},
		{"since=0", []string{"6"}, 400, "ahead of the feed"},
		{"since=6", []string{"4"}, 200, "id:" + number(5)},
		{"", []string{"4"}, 400, "give since=N once"},
	} {
		resp, body := get(t, server, c.query, c.last...)
		if resp.StatusCode != c.status || c.status == 200 && !strings.HasPrefix(body, c.first) || c.status != 200 && !strings.Contains(body, c.first) || c.first == "" && body != "" {
			t.Errorf("%s with Last-Event-ID %q: status %d, %q; want %d, %q", c.query, c.last, resp.StatusCode, body, c.status, c.first)
		}
	}
}

// A carriage return ends a line of the format: a body with one cannot be
// carried, and is not carried as something else.
func TestCarriageReturn(t *testing.T) {
	log := feed.NewLog(feed.Text, 10, feed.NewClock())
	log.Publish(0, []byte("one"))
	log.Publish(0, []byte("two\rlines"))
	server := httptest.NewServer(sse.Transport.Handler(log))
	defer server.Close()
	if _, body := get(t, server, "since=0"); strings.Contains(body, "two") || !strings.Contains(body, " one\n\n") {
		t.Errorf("the stream is %q, and not the first event alone", body)
	}
}

// The client takes nothing for an event stream that is none, and a 204 for what
// it is to an EventSource: the end.
func TestOtherAnswers(t *testing.T) {
	for name, c := range map[string]struct{ head, body, error string }{
		"no type":      {"HTTP/1.1 200 OK\r\n", "", `media type "", not with text/event-stream`},
		"another type": {"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n", "<html>", `media type "text/html"`},
		"a longer one": {"HTTP/1.1 200 OK\r\nContent-Type: text/event-streams\r\n", "", "not with text/event-stream"},
		"no content":   {"HTTP/1.1 204 No Content\r\n", "", "server answered 204 No Content: it has nothing to send"},
		"parameters":   {"HTTP/1.1 200 OK\r\nContent-Type: Text/Event-Stream; charset=utf-8\r\n", "", "the server ended its answer"},
		"nothing":      {"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n", "", "the server ended its answer"},
		"half a one":   {"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n", "data:" + number(1), "19 bytes into an event"},
		"not ended":    {"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n", "id:" + number(1) + "\ndata:" + number(1) + " " + number(1) + " x\n", "into an event"},
		"no id":        {"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n", "data:" + number(1) + " " + number(1) + " x\n\n", "no id of its own"},
		"no event":     {"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n", "id:" + number(1) + "\ndata:hello\n\n", `message "` + number(1)},
	} {
		answer := c.head
		if !strings.Contains(c.head, "204") {
			answer += fmt.Sprintf("Content-Length: %d\r\n", len(c.body))
		}
		err := feedtest.Answer(t, sse.Transport, "", func(*http.Request) string { return answer + "\r\n" + c.body }, feedtest.Hold)
		if err == nil || !strings.Contains(err.Error(), c.error) {
			t.Errorf("%s: %v, which does not say %q", name, err, c.error)
		}
	}
}

// The request is an EventSource's.
func TestRequest(t *testing.T) {
	var asked *http.Request
	feedtest.Answer(t, sse.Transport, "heartbeat=15s", func(r *http.Request) string {
		asked = r
		return "HTTP/1.1 204 No Content\r\n\r\n"
	}, feedtest.Hold)
	if asked.Header.Get("Accept") != "text/event-stream" || asked.URL.String() != "/sse?since="+number(0)+"&heartbeat=15s" {
		t.Errorf("it asked for %s with %v", asked.URL, asked.Header)
	}
}

// Several events that are ready together go in one chunk, and are as many
// messages all the same.
func TestBatch(t *testing.T) {
	_, server := served(t)
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	io.WriteString(conn, "GET /sse?since=2&batch=on HTTP/1.1\r\nHost: x\r\n\r\n")
	r := bufio.NewReader(conn)
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		if line == "\r\n" {
			break
		}
	}
	const message = 61 + len("event 3") + 9
	if size, err := r.ReadString('\n'); size != fmt.Sprintf("%x\r\n", 3*message) {
		t.Errorf("the first chunk has the size %q, not %x; %v", size, 3*message, err)
	}
}
