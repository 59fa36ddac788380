package wire_test

import (
	"testing"

	"pushbench/servers/feed/feedtest"
	"pushbench/servers/poll"
)

// With a connection for each poll too every byte belongs to a layer, TLS's
// farewell among them, which the server sends as it closes.
func TestConnectionPerPollOverTLS(t *testing.T) {
	server := feedtest.Serve(t, poll.Transport, feedtest.Config{Way: feedtest.Way{TLS: true}})
	sub := server.Subscribe(0, "interval=1ms&keepalive=off")
	for range 5 {
		server.Publish(1)
		sub.Await(server.Log.Newest())
	}
	server.Rest(sub)
	sub.CheckBytes()
	if requests, conns := sub.Meter.Requests.Load(), sub.Tally.Conns.Load(); requests < 5 || conns != requests {
		t.Errorf("%d polls took %d connections", requests, conns)
	}
	if up, down := sub.Tally.Counts(), server.Tally.Counts(); up.Handshakes <= 0 || up.Handshakes >= up.TLS || down.Handshakes <= 0 || down.Handshakes >= down.TLS {
		t.Errorf("of TLS the client sent %d bytes, %d of them handshakes; the server %d, %d", up.TLS, up.Handshakes, down.TLS, down.Handshakes)
	}
}
