// Package ws is WebSocket push (RFC 6455) on github.com/coder/websocket: after
// one upgrade, each event travels as one message as soon as it is published, in
// a text or binary frame as the feed's encoding asks. Package wsbare is the same
// by hand.
//
//	serve.go   the upgrade, and events downwards
//	echo.go    uplink messages, and whoever says more
//	ping.go    pings, and who no longer answers them
//	paced.go   who does not end a message
//
// The server end is the library's. The client end is that of package wsbare, with
// which every WebSocket server is measured; tests drive the server end by the
// library's as well.
//
// A page may subscribe only from the origin that it subscribes to (RFC 6455
// §10.2), which is the library's rule; others get 403. Clients that are no
// browsers send no Origin and are let in.
package ws

import (
	"github.com/coder/websocket"

	"pushbench/servers/feed"
	"pushbench/servers/wsbare"
)

// Transport is WebSocket push.
var Transport = &feed.Transport{
	Name:      "ws",
	About:     "WebSocket: one upgrade, then a message for each event",
	Upgrades:  true,
	Knobs:     wsbare.Knobs,
	Rhythm:    wsbare.Rhythm,
	Serve:     serve,
	Subscribe: wsbare.Subscribe,
}

// messageType is that of the feed's messages, and of those of its uplink.
func messageType(c feed.Codec) websocket.MessageType {
	if c.IsText() {
		return websocket.MessageText
	}
	return websocket.MessageBinary
}

// compression is what the server agrees to, and from what size of message on.
func compression(o feed.Options) (websocket.CompressionMode, int) {
	// The library takes a threshold of 0 for one of its own choice. No message of
	// the feed is empty, so that 1 stands for all.
	threshold := max(1, o.Size("threshold"))
	switch {
	case o.Is("compress", "takeover"):
		return websocket.CompressionContextTakeover, threshold
	case o.Is("compress", "no-takeover"):
		return websocket.CompressionNoContextTakeover, threshold
	}
	return websocket.CompressionDisabled, 0
}
