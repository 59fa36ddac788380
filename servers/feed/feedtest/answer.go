package feedtest

import (
	"bufio"
	"context"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"pushbench/servers/feed"
	"pushbench/servers/wire"
)

// badAnswers: a server that answers nonsense gets the client end to return an
// error, not to hang, to panic or to emit what was never sent.
func (s suite) badAnswers(t *testing.T) {
	const ok = "HTTP/1.1 200 OK\r\n"
	for _, c := range []struct {
		name, answer string
		then         Then
	}{
		{"nothing", "", Close},
		{"another protocol", "SSH-2.0-OpenSSH_9.9\r\n", Hold},
		{"random bytes", "\x00\xff\x16\x03\x01\n\n", Hold},
		{"endless line", strings.Repeat("x", 2<<20), Hold},
		{"endless header", ok + "A: " + strings.Repeat("x", 2<<20), Hold},
		{"endless headers", ok + strings.Repeat("A: x\r\n", 2<<18), Hold},
		{"cut header", ok + "Content-Le", Close},
		{"negative length", ok + "Content-Length: -5\r\n\r\n", Hold},
		{"two lengths", ok + "Content-Length: 5\r\nContent-Length: 6\r\n\r\n", Hold},
		{"oversized", ok + "Content-Length: 1125899906842624\r\n\r\n", Close},
		{"cut body", ok + "Content-Length: 100\r\n\r\n0000000000000000001 00000", Close},
		{"no event", ok + "Content-Length: 0\r\n\r\n", Hold},
		{"not an event", ok + "Content-Length: 6\r\n\r\nhello\n", Hold},
		{"broken chunks", ok + "Transfer-Encoding: chunked\r\n\r\nzz\r\n", Close},
		{"redirect", "HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n", Hold},
		{"failure", "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 5\r\n\r\noops\n", Hold},
		{"bad upgrade", "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
			"Sec-WebSocket-Accept: nonsense\r\n\r\n", Close},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := Answer(t, s.transport, s.knobs, func(*http.Request) string { return c.answer }, c.then)
			if err == nil {
				t.Error("the subscription ended without an error")
			} else if strings.Contains(err.Error(), "\n") {
				t.Errorf("the error has more than a line: %q", err)
			}
		})
	}
}

// Then is what becomes of the connection after an answer.
type Then bool

// A client end must end by itself where the connection is held open.
const (
	Close Then = false
	Hold  Then = true
)

// Answer subscribes to a server that answers each connection's first request
// with what answer says, to the byte, and returns what the subscription ended
// with. It must not emit anything. In a loop it must end with the same.
func Answer(t *testing.T, tr *feed.Transport, knobs string, answer func(*http.Request) string, then Then) error {
	t.Helper()
	err := answerTo(t, tr, knobs, answer, then, nil)
	if loops(tr) {
		if looped := answerTo(t, tr, knobs, answer, then, newLoops(t)); !sameEnd(err, looped) {
			t.Errorf("it ended with %v, and in a loop with %v", err, looped)
		}
	}
	return err
}

func answerTo(t *testing.T, tr *feed.Transport, knobs string, answer func(*http.Request) string, then Then, loops *wire.Loops) error {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var serving sync.WaitGroup
	over := make(chan struct{})
	serving.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return // closed
			}
			serving.Go(func() {
				defer c.Close()
				req, err := http.ReadRequest(bufio.NewReader(c))
				if err != nil {
					return
				}
				c.Write([]byte(answer(req))) // the client may have gone already
				if then == Hold {
					<-over
				}
			})
		}
	})
	defer serving.Wait()
	defer l.Close()
	defer close(over)

	clock := feed.ClockAt(0)
	timeline := feed.NewTimeline(clock)
	timeline.Run(clock.Now(), feed.Forever)
	client := &wire.Client{Dial: dialTCP(l.Addr().String()), Tally: new(wire.Tally), Headers: new(wire.Headers)}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended := make(chan error, 1)
	go func() {
		s := subscription(t, tr, knobs, false)
		s.Codec, s.Clock, s.Timeline, s.Meter = feed.Text, clock, timeline, new(feed.Meter)
		s.Emit = func(e feed.Event) { t.Errorf("emitted %+v", e) }
		ended <- subscribe(ctx, tr, client.HTTP(), s, loops, new(atomic.Bool))
	}()
	return await(t, ended, "the subscription ends")
}
