package ws

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/coder/websocket"

	"pushbench/servers/feed"
	"pushbench/servers/wsbare"
)

// subscribeCoder is the client end on coder/websocket.
func subscribeCoder(ctx context.Context, client *http.Client, url string, s feed.Subscription) error {
	c, err := dialCoder(ctx, client, url+"/"+name+"?"+s.Query(s.Since), s)
	if err != nil {
		return feed.Ended(ctx, err)
	}
	if s.Uplink == nil {
		return c.receiveAll(ctx)
	}
	return feed.Beside(ctx, c.receiveAll, c.sendAll)
}

// coder is a connection of this client end.
type coder struct {
	conn  *websocket.Conn
	watch *watch
	sub   feed.Subscription
}

func dialCoder(ctx context.Context, client *http.Client, url string, s feed.Subscription) (*coder, error) {
	s.Meter.Requests.Add(1)
	watched, w := watching(client, s.Meter)
	mode, _ := compression(s.Options)
	conn, resp, err := websocket.Dial(ctx, url, &websocket.DialOptions{
		HTTPClient:      watched,
		Subprotocols:    subprotocols(s.Options),
		CompressionMode: mode,
		// As the other client end, it sends its own messages as they are: each of
		// thousands of clients would have a compressor of 1.2 MB.
		CompressionThreshold: feed.MaxUplink + 1,
	})
	if err != nil {
		if resp != nil && resp.StatusCode != http.StatusSwitchingProtocols && resp.Body != nil {
			err = feed.NewStatusError(resp.StatusCode, resp.Body)
		}
		return nil, err
	}
	if err := agreed(conn, resp, s.Options); err != nil {
		conn.CloseNow()
		return nil, err
	}
	conn.SetReadLimit(wsbare.MaxMessage)
	return &coder{conn, w, s}, nil
}

// agreed checks that the server does what it was asked for: a measurement of
// what it does instead would have the wrong name.
func agreed(conn *websocket.Conn, resp *http.Response, o feed.Options) error {
	if asked := subprotocols(o); len(asked) > 0 && conn.Subprotocol() != asked[0] {
		return fmt.Errorf("ws: the server picked subprotocol %q, not %q", conn.Subprotocol(), asked[0])
	}
	given := parseDeflate(resp.Header)
	if !o.Is("compress", given.compress()) {
		return fmt.Errorf("ws: the server agreed to compress=%s, not to compress=%s", given.compress(), o.Value("compress"))
	}
	return nil
}

// receiveAll takes events and echoes until the connection or ctx ends.
func (c *coder) receiveAll(ctx context.Context) error {
	defer c.conn.CloseNow()
	defer context.AfterFunc(ctx, func() { c.conn.CloseNow() })()
	c.watch.expectPings(c.sub.Options, func() { c.conn.CloseNow() })
	want := messageType(c.sub.Codec)
	var b buffer
	for {
		t, r, err := c.conn.Reader(context.Background())
		if err == nil {
			err = b.fill(r)
		}
		if err != nil {
			return feed.Ended(ctx, c.watch.explain(err))
		}
		c.watch.took(len(b.bytes))
		if t != want {
			return fmt.Errorf("ws: server sent a %v message where the feed's encoding asks for %v", t, want)
		}
		if err := c.take(b.bytes); err != nil {
			return err
		}
	}
}

// take takes a message: an echo, or events.
func (c *coder) take(message []byte) error {
	if feed.IsUplink(message, c.sub.Codec) {
		if c.sub.Uplink == nil {
			return errors.New("ws: server sent an echo of what was never said")
		}
		c.sub.Meter.EchoesDown.Add(int64(len(message)))
		c.sub.Uplink.Echo(message)
		return nil
	}
	c.sub.Meter.Answers.Add(1) // before its events are out, so that once the subscriber has them, it is counted
	n, err := c.sub.Codec.DecodeAll(message, c.sub.Emit)
	if err != nil {
		return fmt.Errorf("ws: message: %w", err)
	}
	if n == 0 {
		return errors.New("ws: server sent a message without an event")
	}
	return nil
}

// sendAll sends the subscriber's own messages, each when it is due.
func (c *coder) sendAll(ctx context.Context) error {
	t := messageType(c.sub.Codec)
	for {
		message, err := c.sub.Uplink.Next(ctx)
		if err != nil {
			return feed.Ended(ctx, fmt.Errorf("ws: uplink: %w", err))
		}
		c.sub.Meter.EchoesUp.Add(int64(len(message))) // before it is out, so that once the server has it, it is counted
		if err := c.conn.Write(context.Background(), t, message); err != nil {
			// Whatever has ended the connection, reading it tells.
			c.conn.CloseNow()
			<-ctx.Done()
			return nil
		}
	}
}
