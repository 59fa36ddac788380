package feedtest

import (
	"context"
	"net"
	"net/http"
	"testing"

	"pushbench/servers/feed"
)

// endOfFeed: who subscribes to a feed that ends gets all of it and then an
// error, and does not go on asking.
func (s suite) endOfFeed(t *testing.T) {
	t.Run("while subscribed", func(t *testing.T) {
		server := Serve(t, s.transport, Config{Way: s.way})
		server.Publish(3)
		sub := server.Subscribe(0, s.knobs)
		sub.Await(3)
		server.Publish(5)
		server.Log.Close()
		if err := sub.Err(); err == nil {
			t.Error("the subscription ended without an error")
		}
		server.Check(sub.Events(), 0, 8)
	})
	for _, since := range []uint64{0, 3} {
		t.Run("before", func(t *testing.T) {
			server := Serve(t, s.transport, Config{Way: s.way})
			server.Publish(3)
			server.Log.Close()
			sub := server.Subscribe(since, s.knobs)
			if err := sub.Err(); err == nil {
				t.Error("the subscription ended without an error")
			}
			server.Check(sub.Events(), since, 3)
			if n := sub.Meter.Requests.Load(); n > 2 {
				t.Errorf("it took %d requests", n)
			}
		})
	}
}

// cancel: a subscription ends at once and without an error when its context
// does, whatever it is about; and its client is good for another one.
func (s suite) cancel(t *testing.T) {
	t.Run("before it began", func(t *testing.T) {
		server := Serve(t, s.transport, Config{Way: s.way})
		sub := server.NewSubscriber(0, s.knobs)
		sub.Dial = func(ctx context.Context) (net.Conn, error) {
			sub.cancel()
			return nil, ctx.Err()
		}
		sub.Start()
		if err := sub.Err(); err != nil {
			t.Error(err)
		}
	})
	t.Run("while it dials", func(t *testing.T) {
		server := Serve(t, s.transport, Config{Way: s.way})
		sub := server.NewSubscriber(0, s.knobs)
		dialling := make(chan struct{})
		sub.Dial = func(ctx context.Context) (net.Conn, error) {
			close(dialling)
			<-ctx.Done()
			return nil, ctx.Err()
		}
		sub.Start()
		await(t, dialling, "the client dials")
		if err := sub.Cancel(); err != nil {
			t.Error(err)
		}
	})
	for _, at := range []Point{ServeBegins, ServerWrites} {
		t.Run("while "+at.String(), func(t *testing.T) {
			held := newGate(at)
			held.shut()
			server := Serve(t, s.transport, Config{Hook: held.pass, Way: s.way})
			t.Cleanup(held.open)
			server.Publish(1)
			sub := server.Subscribe(0, s.knobs)
			held.await(t)
			if err := sub.Cancel(); err != nil {
				t.Error(err)
			}
		})
	}
	t.Run("while it emits", func(t *testing.T) {
		server := Serve(t, s.transport, Config{Way: s.way})
		server.Publish(1)
		sub := server.NewSubscriber(0, s.knobs)
		sub.OnEvent = func(feed.Event) { sub.cancel() }
		sub.Start()
		if err := sub.Err(); err != nil {
			t.Error(err)
		}
	})
	t.Run("on net/http's own client", func(t *testing.T) {
		server := Serve(t, s.transport, Config{Way: s.way})
		server.Publish(3)
		transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) { return server.dial(ctx) }}
		defer transport.CloseIdleConnections()
		sub := server.NewSubscriber(0, s.knobs)
		sub.Client = &http.Client{Transport: transport}
		sub.Start()
		sub.Await(3)
		server.Publish(2)
		sub.Await(5)
		if err := sub.Cancel(); err != nil {
			t.Error(err)
		}
		server.Check(sub.Events(), 0, 5)
	})
	t.Run("while there is nothing to get", func(t *testing.T) {
		server := Serve(t, s.transport, Config{Way: s.way})
		server.Publish(3)
		first := server.Subscribe(0, s.knobs)
		first.Await(3)
		if err := first.Cancel(); err != nil {
			t.Error(err)
		}
		server.Publish(2)
		second := server.NewSubscriber(first.Cursor(), s.knobs)
		second.Client = first.Client
		second.Start()
		second.Await(5)
		if err := second.Cancel(); err != nil {
			t.Error(err)
		}
		server.Check(append(first.Events(), second.Events()...), 0, 5)
	})
}
