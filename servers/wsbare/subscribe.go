package wsbare

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"pushbench/servers/feed"
)

// Subscribe is a client end as feed.Transport has it, for a server whose
// WebSocket is at path: it emits the events of every message.
func Subscribe(ctx context.Context, client *http.Client, url, path string, s feed.Subscription) error {
	s.Meter.Requests.Add(1)
	conn, err := Dial(ctx, client, url+"/"+path+"?"+s.Query(s.Since), s.Meter)
	if err != nil {
		return feed.Ended(ctx, err)
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	want := Binary
	if s.Codec.IsText() {
		want = Text
	}
	for {
		op, message, err := conn.NextMessage()
		if err != nil {
			return feed.Ended(ctx, err)
		}
		if op != want {
			return fmt.Errorf("%s: server sent a %v message where the feed's encoding asks for %v", path, op, want)
		}
		n, err := s.Codec.DecodeAll(message, s.Emit)
		if err != nil {
			return fmt.Errorf("%s: message: %w", path, err)
		}
		if n == 0 {
			return errors.New(path + ": server sent a message without an event")
		}
		s.Meter.Answers.Add(1)
	}
}
