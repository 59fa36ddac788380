// Package sse is server-sent events: HTTP streaming in the format that browsers
// take apart themselves, with EventSource (WHATWG HTML §9.2). It is stream with
// a few bytes more an event, for which a browser reconnects by itself and says
// with Last-Event-ID where it was.
//
//	event       id:<seq>␊data:<due> <sent> <body>␊␊
//	gap         event:gap␊id:<last>␊data:<first> <last> ␊␊
//	heartbeat   :␊␊
//
// Numbers have 19 digits. An event is the line of the text encoding with its
// first blank replaced by "␊data:", with "id:" before it and one line end more:
// 9 bytes. A gap's id is its last event's, so that a browser goes on behind it.
//
// The format is text in UTF-8, so it cannot carry the binary encoding.
package sse

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"

	"pushbench/servers/feed"
)

// Transport is server-sent events.
var Transport = &feed.Transport{
	Name:  "sse",
	About: "server-sent events: HTTP streaming in the format of EventSource",
	Knobs: []feed.Knob{feed.BatchKnob, feed.HeartbeatKnob},
	Rhythm: func(o feed.Options) feed.Rhythm {
		r := feed.PushRhythm(o)
		r.TextOnly = true
		return r
	},
	Serve:     serve,
	Subscribe: subscribe,
}

const mediaType = "text/event-stream"

// heartbeat is a comment, which no EventSource tells its page of.
const heartbeat = ":\n\n"

// gap is the type of the message that announces one.
const gap = "gap"

// appendRecord adds a record's encoding in the format of the stream.
func appendRecord(dst []byte, r feed.Record) ([]byte, error) {
	line := r.Wire // three numbers, each with a blank behind it, the body, a line feed
	if len(line) <= feed.Digits+1 {
		return dst, fmt.Errorf("sse: event %d has an encoding of %d bytes, which is none in text", r.Seq, len(line))
	}
	if bytes.IndexByte(line, '\r') >= 0 { // it ends a line, which the receiver would see as a line feed
		return dst, errors.New("sse: an event's body has a carriage return, which the format cannot carry; use encoding base64")
	}
	id := line[:feed.Digits]
	if g, ok := r.Gap(); ok {
		dst = append(dst, "event:"+gap+"\n"...)
		id = feed.AppendNumber(nil, int64(g.Last))
	}
	dst = append(append(dst, "id:"...), id...)
	dst = append(append(dst, "\ndata:"...), line[feed.Digits+1:]...)
	return append(dst, '\n'), nil
}

func serve(log *feed.Log, req feed.Request, w http.ResponseWriter, r *http.Request) {
	if last := r.Header.Values("Last-Event-ID"); len(last) > 0 {
		cursor, err := feed.ParseCursor(last)
		if err != nil {
			feed.Refuse(w, http.StatusBadRequest, fmt.Errorf("Last-Event-ID %q is not the number of an event; send that of the last you have, once, or leave it out", last))
			return
		}
		// An EventSource that reconnects asks for the URL that it was made with,
		// whose cursor is where it began.
		req.Since = cursor
	}
	req.Respond(log, w, r, feed.Ongoing{
		ContentType: mediaType,
		// To ask again is to ask the server: the standard's own advice.
		CacheControl: "no-cache",
		Append:       appendRecord,
		Beat:         heartbeat,
	})
}

func subscribe(ctx context.Context, client *http.Client, s feed.Subscription) error {
	return feed.Follow(ctx, client, mediaType, s, newDecoder(s.Codec, s.Emit, s.Meter))
}
