package ws_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"pushbench/servers/feed"
	"pushbench/servers/feed/feedtest"
	"pushbench/servers/ws"
	"pushbench/servers/wsbare"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.Cleanup(feedtest.LeakedDescriptors()))
}

// Without takeover events are batched: the library takes a compressor of 1.2 MB
// for each message from a pool that the race detector empties at random.
func TestConformance(t *testing.T) {
	feedtest.Test(t, ws.Transport, "", "batch=on", "batch=10ms", "compress=takeover", "compress=no-takeover&batch=10ms",
		"compress=takeover&batch=on&threshold=200B", "ping=15s", "subprotocol=feed.v1")
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
	server := feedtest.Serve(t, ws.Transport, feedtest.Config{})
	server.Publish(1)
	sub := server.Subscribe(0, "")
	sub.Await(1)
	server.Log.Close()
	var closed *wsbare.CloseError
	if err := sub.Err(); !errors.As(err, &closed) || closed.Status != wsbare.StatusGoingAway || !strings.Contains(err.Error(), feed.ErrClosed.Error()) {
		t.Errorf("the subscription ended with %v, not with status 1001 and the reason", err)
	}
}

// With batching, events that are ready together are one message.
func TestBatch(t *testing.T) {
	server := feedtest.Serve(t, ws.Transport, feedtest.Config{})
	server.Publish(100)
	sub := server.Subscribe(0, "batch=on")
	sub.Await(100)
	if n := sub.Meter.Answers.Load(); n != 1 {
		t.Errorf("100 events that were there came in %d messages", n)
	}
}

// Between events a subscription costs nothing: no ping, no timer.
func TestQuietCostsNoBytes(t *testing.T) {
	synctest.Test(t, quiet)
}

func quiet(t *testing.T) {
	server := feedtest.Serve(t, ws.Transport, feedtest.Config{Addr: feedtest.InMemory})
	server.Publish(1)
	sub := server.Subscribe(0, "")
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
