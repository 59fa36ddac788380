package stream_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"pushbench/servers/feed"
	"pushbench/servers/feed/feedtest"
	"pushbench/servers/stream"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.Cleanup(feedtest.LeakedDescriptors()))
}

func TestConformance(t *testing.T) {
	feedtest.Test(t, stream.Transport, "", "batch=on", "batch=10ms", "heartbeat=1m", "batch=10ms&heartbeat=1m")
}

// While the feed is quiet a heartbeat is all that passes, it is no event, and
// each of its bytes belongs to a layer.
func TestHeartbeat(t *testing.T) {
	for _, way := range []feedtest.Way{{}, {HTTP2: true}} {
		t.Run(way.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := feedtest.Serve(t, stream.Transport, feedtest.Config{Addr: feedtest.InMemory, Way: way})
				sub := server.Subscribe(0, "heartbeat=15s")
				<-time.After(10*15*time.Second + time.Second)
				synctest.Wait()
				if got := sub.Meter.FramingDown.Load(); got != 10 {
					t.Errorf("in 10 intervals %d bytes of heartbeat came, not 10", got)
				}
				if n := len(sub.Events()); n > 0 || sub.Meter.Answers.Load() != 0 {
					t.Errorf("it got %d events in %d answers where there were none", n, sub.Meter.Answers.Load())
				}
				server.Publish(2)
				synctest.Wait()
				server.Check(sub.Events(), 0, 2)
				sub.CheckBytes()
				if n := sub.Meter.Requests.Load(); n != 1 {
					t.Errorf("it took %d requests", n)
				}
			})
		})
	}
}

// A feed in binary has no heartbeat.
func TestBinaryHeartbeatIsRefused(t *testing.T) {
	server := feedtest.Serve(t, stream.Transport, feedtest.Config{Codec: feed.Binary})
	resp, reason := server.Request(http.MethodGet, "/stream?since=0&heartbeat=15s")
	if resp.StatusCode != http.StatusBadRequest || !strings.Contains(reason, "/stream?heartbeat=15s is text") {
		t.Errorf("status %d, %q", resp.StatusCode, reason)
	}
}

// served is a log behind a server of net/http's.
func served(t *testing.T, ring int) (*feed.Log, string) {
	t.Helper()
	log := feed.NewLog(feed.Text, ring, feed.NewClock())
	server := httptest.NewServer(stream.Transport.Handler(log))
	t.Cleanup(server.Close)
	t.Cleanup(log.Close)
	return log, server.Listener.Addr().String()
}

// ask sends a request over a socket of its own.
func ask(t *testing.T, addr, target string) (net.Conn, *bufio.Reader) {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(2 * time.Minute))
	fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", target)
	return conn, bufio.NewReader(conn)
}

// readHead reads an answer's head and leaves the body as it is on the wire.
func readHead(t *testing.T, r *bufio.Reader) (head string) {
	t.Helper()
	for !strings.HasSuffix(head, "\r\n\r\n") {
		line, err := r.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		head += line
	}
	return head
}

// The head comes before there is any event; then a chunk for each send, and
// after the feed's end the last one.
func TestOnTheWire(t *testing.T) {
	for knobs, together := range map[string]bool{"": false, "&batch=on": true} {
		t.Run(knobs, func(t *testing.T) {
			log, addr := served(t, 100)
			_, r := ask(t, addr, "/stream?since=0"+knobs)
			head := readHead(t, r)
			for _, field := range []string{
				"HTTP/1.1 200 OK\r\n", "\r\nTransfer-Encoding: chunked\r\n", "\r\nX-Accel-Buffering: no\r\n",
				"\r\nCache-Control: no-store\r\n", "\r\nContent-Type: text/plain; charset=utf-8\r\n",
			} {
				if !strings.Contains(head, field) {
					t.Errorf("the head is %q, without %q", head, field)
				}
			}
			var events, chunks string
			for n := range 3 {
				e := log.Publish(int64(n), []byte("hello"))
				e.Body = []byte("hello")
				event := string(feed.Text.Append(nil, e))
				events += event
				chunks += fmt.Sprintf("%x\r\n%s\r\n", len(event), event)
			}
			// A subscriber that comes later finds all three ready.
			_, later := ask(t, addr, "/stream?since=0"+knobs)
			readHead(t, later)
			want := chunks
			if together {
				want = fmt.Sprintf("%x\r\n%s\r\n", len(events), events)
			}
			got := make([]byte, len(want))
			if _, err := io.ReadFull(later, got); err != nil || string(got) != want {
				t.Errorf("the body begins %q, not %q; %v", got, want, err)
			}
			log.Close()
			if rest, err := later.Peek(5); string(rest) != "0\r\n\r\n" {
				t.Errorf("it ends with %q, %v", rest, err)
			}
		})
	}
}

// A subscriber that never reads holds up nobody else, and costs no memory beyond
// what the sockets hold: it has a cursor into the log, and no queue.
func TestSubscriberThatNeverReads(t *testing.T) {
	const size, events = 256 << 10, 600 // 150 MB in all
	log, addr := served(t, 4)
	for range 10 {
		conn, _ := ask(t, addr, "/stream?since=0&batch=on")
		conn.(*net.TCPConn).SetReadBuffer(4 << 10)
	}
	_, r := ask(t, addr, "/stream?since=0")
	readHead(t, r)
	resp, err := http.ReadResponse(bufio.NewReader(io.MultiReader(strings.NewReader("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"), r)), nil)
	if err != nil {
		t.Fatal(err)
	}
	body := make([]byte, size)
	for i := range body {
		body[i] = 'x'
	}
	lines := bufio.NewReaderSize(resp.Body, 2*size)
	for n := range events {
		log.Publish(0, body)
		line, err := lines.ReadSlice('\n')
		if err != nil || len(line) != size+feed.Text.Envelope(0) {
			t.Fatalf("event %d came as %d bytes, %v", n+1, len(line), err)
		}
	}
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	// Each that is stuck has at most one send of 1 MB in its hands, and one that
	// it was put together in.
	if m.HeapAlloc > 30<<20 {
		t.Errorf("the heap has %d MB", m.HeapAlloc>>20)
	}
}
