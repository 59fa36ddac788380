package ws_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"
	"go.uber.org/goleak"

	"pushbench/servers/feed"
	"pushbench/servers/feed/feedtest"
	"pushbench/servers/wire"
	"pushbench/servers/ws"
	"pushbench/servers/wsbare"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.Cleanup(feedtest.LeakedDescriptors()))
}

// clients are the knobs that choose a client end.
var clients = []string{"client=bare", "client=coder"}

func TestConformance(t *testing.T) {
	for _, client := range clients {
		t.Run(client, func(t *testing.T) { feedtest.Test(t, ws.Transport, client) })
	}
}

func TestPlainRequestIsToldToUpgrade(t *testing.T) {
	server := feedtest.Serve(t, ws.Transport, feedtest.Config{})
	resp, reason := server.Request(http.MethodGet, "/ws?since=0")
	if resp.StatusCode != http.StatusUpgradeRequired || resp.Header.Get("Upgrade") != "websocket" || !strings.Contains(reason, "Upgrade") {
		t.Errorf("status %d, Upgrade: %q, reason %q; not 426, Upgrade: websocket and why",
			resp.StatusCode, resp.Header.Get("Upgrade"), reason)
	}
}

func TestEndOfFeedIsGoingAway(t *testing.T) {
	for _, client := range clients {
		t.Run(client, func(t *testing.T) {
			server := feedtest.Serve(t, ws.Transport, feedtest.Config{})
			server.Publish(1)
			sub := server.Subscribe(0, client)
			sub.Await(1)
			server.Log.Close()
			err := sub.Err()
			status := int(websocket.CloseStatus(err))
			if closed := (*wsbare.CloseError)(nil); errors.As(err, &closed) {
				status = int(closed.Status)
			}
			if status != int(websocket.StatusGoingAway) || !strings.Contains(err.Error(), feed.ErrClosed.Error()) {
				t.Errorf("the subscription ended with %v, not with status 1001 and the reason", err)
			}
		})
	}
}

// A subscriber has nothing to say. One that does is told so (RFC 6455 §7.4.1).
// The server's end of the library takes another 15 s to notice that it has
// closed the connection, hence the bubble.
func TestMessageFromSubscriberIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := feedtest.Serve(t, ws.Transport, feedtest.Config{Addr: feedtest.InMemory})
		ctx := t.Context()
		client := server.NewSubscriber(0, "").Client
		conn, _, err := websocket.Dial(ctx, wire.URL+"/ws?since=0", &websocket.DialOptions{HTTPClient: client})
		if err != nil {
			t.Fatal(err)
		}
		defer conn.CloseNow()
		if err := conn.Write(ctx, websocket.MessageText, []byte("hello")); err != nil {
			t.Fatal(err)
		}
		if _, _, err := conn.Read(ctx); websocket.CloseStatus(err) != websocket.StatusPolicyViolation {
			t.Errorf("the connection ended with %v, not with status 1008", err)
		}
	})
}

// Between events a subscription costs nothing: no ping, no timer.
func TestQuietCostsNoBytes(t *testing.T) {
	for _, client := range clients {
		t.Run(client, func(t *testing.T) { synctest.Test(t, func(t *testing.T) { quiet(t, client) }) })
	}
}

func quiet(t *testing.T, client string) {
	server := feedtest.Serve(t, ws.Transport, feedtest.Config{Addr: feedtest.InMemory})
	server.Publish(1)
	sub := server.Subscribe(0, client)
	sub.Await(1)
	synctest.Wait()
	before := sub.Tally.Counts()
	<-time.After(24 * time.Hour)
	if after := sub.Tally.Counts(); after != before {
		t.Errorf("in a day without events the tally went from %+v to %+v", before, after)
	}
	server.Publish(1)
	synctest.Wait()
	server.Check(sub.Events(), 0, 2)
}
