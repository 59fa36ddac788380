package ws_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/coder/websocket"

	"pushbench/servers/feed"
	"pushbench/servers/feed/feedtest"
	"pushbench/servers/ws"
)

// An uplink that fails ends the subscription, and says why.
func TestUplinkThatFails(t *testing.T) {
	broken := errors.New("nothing more to say")
	server := feedtest.Serve(t, ws.Transport, feedtest.Config{})
	sub := server.NewSubscriber(0, "")
	sub.Uplink = &feed.Uplink{Next: func(context.Context) ([]byte, error) { return nil, broken }, Echo: func([]byte) {}}
	sub.Start()
	if err := sub.Err(); !errors.Is(err, broken) {
		t.Errorf("the subscription ended with %v", err)
	}
}

// What is none of an uplink's messages is refused: a subscriber is told so by
// the status of RFC 6455 §7.4.1.
func TestWhatIsNotEchoed(t *testing.T) {
	mark := string(rune(feed.UplinkMark(feed.Text)))
	for _, c := range []struct {
		name, message string
		typ           websocket.MessageType
		status        websocket.StatusCode
	}{
		{"not an uplink's", "hello", websocket.MessageText, websocket.StatusPolicyViolation},
		{"empty", "", websocket.MessageText, websocket.StatusPolicyViolation},
		{"binary where the feed is text", mark, websocket.MessageBinary, websocket.StatusPolicyViolation},
		{"mark of the other encoding", "\xff", websocket.MessageText, websocket.StatusPolicyViolation},
		{"not UTF-8", mark + "\xff", websocket.MessageText, websocket.StatusInvalidFramePayloadData},
		{"a byte too long", mark + strings.Repeat("x", feed.MaxUplink), websocket.MessageText, websocket.StatusMessageTooBig},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := feedtest.Serve(t, ws.Transport, feedtest.Config{Addr: feedtest.InMemory})
				conn := dial(t, server, "", websocket.DialOptions{})
				// In a goroutine: a pipe holds nothing, and what is too long is not
				// read to its end before the close frame is.
				go conn.Write(t.Context(), c.typ, []byte(c.message))
				if _, _, err := conn.Read(t.Context()); websocket.CloseStatus(err) != c.status {
					t.Errorf("the connection ended with %v, not with status %d", err, c.status)
				}
			})
		})
	}
}
