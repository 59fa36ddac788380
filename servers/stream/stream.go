// Package stream is HTTP streaming, the other form of Comet beside long polling
// (RFC 6202 §3): one request, and one answer that never ends, to which the
// server adds each event as it is published. Nothing is asked for anew, so that
// an event costs its chunk's framing and no head.
//
//	text, base64   the codec's lines, one after the other; an empty line is a heartbeat
//	binary         the codec's events, one after the other; there is no heartbeat
//
// What it pays for that is that a proxy which collects answers holds the events
// up (RFC 6202 §3.2), and that nothing but the connection's end ends it.
package stream

import (
	"context"
	"net/http"

	"pushbench/servers/feed"
)

// Transport is HTTP streaming.
var Transport = &feed.Transport{
	Name:  "stream",
	About: "HTTP streaming: one request, and an answer that goes on",
	Knobs: []feed.Knob{feed.BatchKnob, feed.HeartbeatKnob},
	Rhythm: func(o feed.Options) feed.Rhythm {
		r := feed.PushRhythm(o)
		// Binary events have no room for a heartbeat: in a line's place there is a number,
		// and any number is one.
		r.TextOnly = r.Beat > 0
		return r
	},
	Serve:     serve,
	Subscribe: subscribe,
}

// heartbeat is a line that no event is.
const heartbeat = "\n"

func serve(log *feed.Log, req feed.Request, w http.ResponseWriter, r *http.Request) {
	req.Respond(log, w, r, feed.Ongoing{
		ContentType: log.Codec().ContentType(),
		// A cache that kept an answer without an end would fill up with it, and
		// give old events to whoever asks from the same cursor (RFC 9111 §5.2.2.5).
		CacheControl: "no-store",
		Beat:         heartbeat,
	})
}

func subscribe(ctx context.Context, client *http.Client, s feed.Subscription) error {
	return feed.Follow(ctx, client, "", s, &decoder{codec: s.Codec, emit: s.Emit, meter: s.Meter})
}
