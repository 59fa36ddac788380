package feedtest

import (
	"bytes"
	"context"
	"slices"
	"sync"
	"testing"

	"pushbench/servers/feed"
)

// uplink: what a subscriber sends while it is subscribed comes back as it was
// and in order, whatever its length, while the feed goes on; and each byte of
// either is accounted for.
func (s suite) uplink(t *testing.T) {
	server := Serve(t, s.transport, Config{Codec: s.codec, Way: s.way})
	server.Publish(1)
	sub := server.NewSubscriber(0, s.knobs)
	// Where WebSocket's frame headers grow, and beyond the buffers of any layer.
	up := newUplink(s.codec, 1, 2, 125, 126, 127, 1000, 4096, 65_535, 65_536, 200_000, 1)
	up.onNext = func() { server.Publish(1) }
	sub.Uplink = up.feed()
	sub.Start()
	up.await(sub)
	server.Publish(1)
	newest := server.Log.Newest()
	sub.Await(newest)
	server.Rest(sub)
	server.Check(sub.Events(), 0, newest)
	up.check(t, sub)
	server.CheckBytes(sub)
	if err := sub.Cancel(); err != nil {
		t.Errorf("a cancelled subscription ended with %v", err)
	}
}

// badUplink: a message that is too long ends the subscription and nothing else,
// as does one that is not marked, where that matters.
func (s suite) badUplink(t *testing.T) {
	t.Run("the longest", func(t *testing.T) {
		server := Serve(t, s.transport, Config{})
		sub := server.NewSubscriber(0, s.knobs)
		up := newUplink(s.codec, feed.MaxUplink)
		sub.Uplink = up.feed()
		sub.Start()
		up.await(sub)
		up.check(t, sub)
	})
	t.Run("too long", func(t *testing.T) {
		server := Serve(t, s.transport, Config{})
		sub := server.NewSubscriber(0, s.knobs)
		up := newUplink(s.codec, 10, feed.MaxUplink+1, 10)
		sub.Uplink = up.feed()
		sub.Start()
		if err := sub.Err(); err == nil {
			t.Error("the subscription ended without an error")
		}
		for i, echo := range up.echoed() {
			if i > 0 || !bytes.Equal(echo, up.messages[0]) {
				t.Errorf("echo %d has %d bytes", i, len(echo))
			}
		}
		server.Publish(1)
		server.Subscribe(0, s.knobs).Await(1)
	})
	t.Run("of a subscriber who leaves", func(t *testing.T) {
		server := Serve(t, s.transport, Config{})
		sub := server.NewSubscriber(0, s.knobs)
		up := newUplink(s.codec, 10, 10)
		up.onNext = func() { sub.cancel() }
		sub.Uplink = up.feed()
		sub.Start()
		if err := sub.Err(); err != nil {
			t.Errorf("a cancelled subscription ended with %v", err)
		}
	})
	t.Run("when the feed ends", func(t *testing.T) {
		server := Serve(t, s.transport, Config{})
		server.Publish(3)
		sub := server.NewSubscriber(0, s.knobs)
		up := newUplink(s.codec, 10)
		sub.Uplink = up.feed()
		sub.Start()
		up.await(sub)
		sub.Await(3)
		server.Log.Close()
		if err := sub.Err(); err == nil {
			t.Error("the subscription ended without an error")
		}
	})
}

// uplink is a subscriber's uplink of given messages, which are due at once.
type uplink struct {
	messages [][]byte
	onNext   func()
	buffer   []byte // what Next has returned
	next     int

	mu     sync.Mutex
	echoes [][]byte
}

// newUplink makes an uplink of messages with the given lengths.
func newUplink(c feed.Codec, lengths ...int) *uplink {
	up := &uplink{onNext: func() {}}
	alphabet := feed.Binary
	if c.IsText() { // also where bodies are any bytes, in base64
		alphabet = feed.Text
	}
	for i, n := range lengths {
		message := content(alphabet, uint64(i), n)
		message[0] = feed.UplinkMark(c)
		up.messages = append(up.messages, message)
	}
	return up
}

func (up *uplink) feed() *feed.Uplink {
	return &feed.Uplink{Next: up.due, Echo: up.echo}
}

// due is a feed.Uplink's Next. What it returned before is worthless at once.
func (up *uplink) due(ctx context.Context) ([]byte, error) {
	clear(up.buffer)
	if up.next == len(up.messages) {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	up.onNext()
	up.buffer = append(up.buffer[:0], up.messages[up.next]...)
	up.next++
	return up.buffer, nil
}

func (up *uplink) echo(message []byte) {
	up.mu.Lock()
	defer up.mu.Unlock()
	up.echoes = append(up.echoes, bytes.Clone(message))
}

func (up *uplink) echoed() [][]byte {
	up.mu.Lock()
	defer up.mu.Unlock()
	return slices.Clone(up.echoes)
}

// await waits until as many messages have come back as were sent.
func (up *uplink) await(sub *Subscriber) {
	t := sub.server.t
	t.Helper()
	until(t, "every message is echoed", func() bool {
		select {
		case <-sub.ended:
			t.Fatalf("the subscription ended after %d of %d echoes: %v", len(up.echoed()), len(up.messages), sub.err)
		default:
		}
		return len(up.echoed()) >= len(up.messages)
	})
}

// check holds the echoes to what was sent.
func (up *uplink) check(t *testing.T, sub *Subscriber) {
	t.Helper()
	if !slices.EqualFunc(up.echoed(), up.messages, bytes.Equal) {
		t.Error("the echoes are not what was sent")
	}
	var sent int64
	for _, m := range up.messages {
		sent += int64(len(m))
	}
	if sub.Meter.EchoesUp.Load() != sent || sub.Meter.EchoesDown.Load() != sent {
		t.Errorf("counted %d bytes sent and %d echoed, not %d", sub.Meter.EchoesUp.Load(), sub.Meter.EchoesDown.Load(), sent)
	}
}
