package wsbare

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pushbench/servers/feed"
	"pushbench/servers/feed/feedtest"
	"pushbench/servers/wire"
)

// subscribeTo subscribes to a server whose answer to the handshake is followed by a stream.
func subscribeTo(t *testing.T, ctx context.Context, codec feed.Codec, stream string) (events []feed.Event, meter *feed.Meter, err error) {
	t.Helper()
	meter = new(feed.Meter)
	socket := &peer{says: []byte(stream)}
	client := &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
		if got := r.URL.RequestURI(); got != "/elsewhere?since=0000000000000000007" {
			t.Errorf("asked for %s", got)
		}
		return &http.Response{StatusCode: http.StatusSwitchingProtocols, Body: socket, Header: http.Header{
			"Upgrade": {"websocket"}, "Connection": {"Upgrade"},
			"Sec-Websocket-Accept": {acceptKey(r.Header.Get("Sec-WebSocket-Key"))},
		}}, nil
	})}
	transport := feed.Transport{Name: "elsewhere"}
	options, err := transport.Parse(nil, false)
	if err != nil {
		t.Fatal(err)
	}
	err = Subscribe(ctx, client, feed.Subscription{
		Address: &feed.Address{Base: wire.URL, Path: "/elsewhere", Cursor: "since"}, Since: 7, Options: options, Codec: codec, Meter: meter, Emit: func(e feed.Event) { events = append(events, e) },
	})
	if ctx.Err() == nil && !socket.closed.Load() {
		t.Error("the connection was left open")
	}
	return events, meter, err
}

func TestSubscribe(t *testing.T) {
	one, two := feed.Event{Seq: 8, Due: 1, Sent: 2}, feed.Event{Seq: 9, Due: 3, Sent: 4}
	text := func(e feed.Event) string { return string(feed.Text.Append(nil, e)) }
	for _, c := range []struct {
		name, stream, want string
		codec              feed.Codec
		events             int
		answers            int64
	}{
		{"an event a message", frame(true, Text, text(one)) + frame(true, Text, text(two)), "left without a close frame", feed.Text, 2, 2},
		{"two in a message", frame(true, Text, text(one)+text(two)), "left without a close frame", feed.Text, 2, 1},
		{"binary", frame(true, Binary, string(feed.Binary.Append(nil, one))), "left without a close frame", feed.Binary, 1, 1},
		{"base64 is text", frame(true, Text, string(feed.Base64.Append(nil, one))), "left without a close frame", feed.Base64, 1, 1},
		{"binary where the feed is text", frame(true, Binary, text(one)), "elsewhere: server sent a binary message where the feed's encoding asks for text", feed.Text, 0, 0},
		{"text where the feed is binary", frame(true, Text, text(one)), "asks for binary", feed.Binary, 0, 0},
		{"empty message", frame(true, Text, ""), "elsewhere: server sent a message without an event", feed.Text, 0, 1},
		{"not an event", frame(true, Text, "hello"), "elsewhere: message: event is cut short", feed.Text, 0, 1},
		{"closed", frame(true, opClose, closing(StatusGoingAway, "over")), `status 1001: "over"`, feed.Text, 0, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			events, meter, err := subscribeTo(t, t.Context(), c.codec, c.stream)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("the error is %v, which does not say %q", err, c.want)
			}
			if len(events) != c.events || meter.Answers.Load() != c.answers || meter.Requests.Load() != 1 {
				t.Errorf("got %d events in %d messages with %d requests", len(events), meter.Answers.Load(), meter.Requests.Load())
			}
		})
	}
}

// A subscription whose owner ends it ends without an error.
func TestSubscribeEnded(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := subscribeTo(t, ctx, feed.Text, ""); err != nil {
		t.Error(err)
	}
}

// pushed is how this transport's stream is written and taken to pieces.
var pushed = feedtest.Intake{
	New: func(codec feed.Codec, emit func(feed.Event), meter *feed.Meter) feed.Intake {
		return newIntake(newClient(new(peer), meter), &feed.Subscription{Address: &feed.Address{Path: "/elsewhere"}, Codec: codec, Emit: emit})
	},
	Append: func(dst []byte, codec feed.Codec, e feed.Event) []byte {
		return append(dst, frame(true, opcode(codec), string(codec.Append(nil, e)))...)
	},
	Beat: frame(true, opPing, "are you there"),
}

// Events come out as they went in, however a stream of frames is cut up.
func TestAnySplit(t *testing.T) {
	for _, codec := range []feed.Codec{feed.Text, feed.Binary, feed.Base64} {
		t.Run(string(codec), func(t *testing.T) { pushed.AnySplit(t, codec) })
	}
}

// Who has promised to ping and falls silent is given up, whoever reads; and who does
// not is not.
func TestWatch(t *testing.T) {
	const every, pong = 20 * time.Second, 10 * time.Second
	for _, silent := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			near, far := net.Pipe()
			defer far.Close()
			c := newClient(near, new(feed.Meter))
			in := &intake{conn: c, codec: feed.Text, watched: watch(c, every, pong)}
			start, read := time.Now(), make([]byte, 100)
			over := make(chan struct{})
			defer close(over)
			go func() {
				for range 10 {
					select {
					case <-time.After(every):
					case <-over:
						return
					}
					if !silent {
						io.WriteString(far, frame(true, opPong, ""))
					}
				}
				far.Close()
			}()
			var err error
			for err == nil {
				var n int
				if n, err = near.Read(read); err == nil {
					err = in.Take(read[:n])
				}
			}
			err = in.End(err)
			if took := time.Since(start); silent && took != every+pong || !silent && took != 10*every {
				t.Errorf("silent: %t; it ended after %v with %v", silent, took, err)
			}
			if told := strings.Contains(err.Error(), "nothing came for 30s, though the server promised a ping every 20s"); told != silent {
				t.Errorf("silent: %t; it ended with %v", silent, err)
			}
		})
	}
}
