package ws_test

import (
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"pushbench/servers/feed"
	"pushbench/servers/feed/feedtest"
	"pushbench/servers/ws"
)

// Frame headers come in three lengths (RFC 6455 §5.2), and the client end counts
// each as it is: headers, framing and events add up to what was read.
func TestFramingOfEveryLength(t *testing.T) {
	for _, codec := range []feed.Codec{feed.Text, feed.Binary, feed.Base64} {
		for _, c := range []struct{ message, header int64 }{
			{125, 2}, {126, 4}, {127, 4}, {65_535, 4}, {65_536, 10}, {1 << 20, 10},
		} {
			t.Run(fmt.Sprintf("%s of %d", codec, c.message), func(t *testing.T) {
				body := c.message
				for int64(codec.Envelope(int(body)))+body > c.message {
					body--
				}
				message := body + int64(codec.Envelope(int(body)))
				if message != c.message && codec != feed.Base64 { // whose steps are four bytes
					t.Fatalf("no body makes %d bytes", c.message)
				}
				server := feedtest.Serve(t, ws.Transport, feedtest.Config{Codec: codec})
				server.Log.Publish(1, []byte(strings.Repeat("x", int(body))))
				sub := server.Subscribe(0, "")
				sub.Await(1)
				server.Rest(sub)
				sub.CheckBytes()
				if got := sub.Meter.FramingDown.Load(); message == c.message && got != c.header {
					t.Errorf("counted %d bytes of framing, not %d", got, c.header)
				}
			})
		}
	}
}

// accept answers an upgrade as RFC 6455 §4.2.2 asks, and sends what follows.
func accept(frames ...string) func(*http.Request) string {
	return func(r *http.Request) string {
		sum := sha1.Sum([]byte(r.Header.Get("Sec-WebSocket-Key") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
		return "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
			"Sec-WebSocket-Accept: " + base64.StdEncoding.EncodeToString(sum[:]) + "\r\n\r\n" + strings.Join(frames, "")
	}
}

func TestBadFrames(t *testing.T) {
	const hold, cut = feedtest.Hold, feedtest.Close
	for _, c := range []struct {
		name, frame string
		then        feedtest.Then
	}{
		{"nothing", "", cut},
		{"cut header", "\x81", cut},
		{"cut message", "\x81\x05he", cut},
		{"not an event", "\x81\x05hello", hold},
		{"binary where the feed is text", "\x82\x3d" + string(feed.Text.Append(nil, feed.Event{Seq: 1})), hold},
		{"reserved bits", "\xf1\x05hello", hold},
		{"unknown opcode", "\x83\x00", hold},
		{"unknown control frame", "\x8b\x00", hold},
		{"empty message", "\x81\x00", hold},
		{"fragmented ping", "\x09\x00", hold},
		{"ping of 126 bytes", "\x89\x7e\x00\x7e" + strings.Repeat("x", 126), hold},
		{"continuation of nothing", "\x80\x00", hold},
		{"message within a message", "\x01\x01a\x01\x01b", hold},
		{"negative length", "\x81\x7f\xff\xff\xff\xff\xff\xff\xff\xff", hold},
		{"oversized", "\x81\x7f\x7f\xff\xff\xff\xff\xff\xff\xffhello", cut},
		{"close", "\x88\x02\x03\xe8", hold},
		{"close without a status", "\x88\x00", hold},
		{"close with half a status", "\x88\x01\x03", hold},
	} {
		t.Run(c.name, func(t *testing.T) {
			if err := feedtest.Answer(t, ws.Transport, "", accept(c.frame), c.then); err == nil {
				t.Error("the subscription ended without an error")
			}
		})
	}
}
