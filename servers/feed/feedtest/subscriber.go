package feedtest

import (
	"bytes"
	"context"
	"net"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pushbench/servers/feed"
	"pushbench/servers/wire"
)

// patience is how long anything here may take. It is no expectation: a test
// that runs into it has failed.
const patience = 2 * time.Minute

// Subscriber is one subscriber of a Server, on a wire.Client of its own.
type Subscriber struct {
	Since   uint64
	Knobs   string
	Dial    func(context.Context) (net.Conn, error)
	OnEvent func(feed.Event) // called by Emit
	Client  *http.Client     // may be that of an earlier subscriber
	Latest  bool             // it wants the newest event only
	Uplink  *feed.Uplink     // what it sends meanwhile; nil: nothing

	Tally   wire.Tally // of both its clients, if it has an uplink
	Headers wire.Headers
	Meter   feed.Meter

	server *Server
	cancel context.CancelFunc
	ended  chan struct{}
	err    error       // once ended
	looped atomic.Bool // its connection was left to a loop

	mu      sync.Mutex
	got     []feed.Event
	changed chan struct{} // closed by the next Emit
}

// NewSubscriber makes a subscriber to start when its fields are as they should
// be.
func (s *Server) NewSubscriber(since uint64, knobs string) *Subscriber {
	sub := &Subscriber{Since: since, Knobs: knobs, server: s, ended: make(chan struct{}), changed: make(chan struct{})}
	sub.Dial = s.dial
	sub.Client = sub.client(func(ctx context.Context) (net.Conn, error) { return sub.Dial(ctx) })
	return sub
}

// client makes a client of the subscriber's.
func (sub *Subscriber) client(dial func(context.Context) (net.Conn, error)) *http.Client {
	client := &wire.Client{
		Dial:    dial,
		TLS:     sub.server.trust,
		HTTP2:   sub.server.way.HTTP2,
		Profile: sub.server.profile,
		Tally:   &sub.Tally,
		Headers: &sub.Headers,
	}
	return client.HTTP()
}

// Subscribe starts a subscriber.
func (s *Server) Subscribe(since uint64, knobs string) *Subscriber {
	sub := s.NewSubscriber(since, knobs)
	sub.Start()
	return sub
}

// Start subscribes. The subscription ends with the test at the latest.
func (sub *Subscriber) Start() {
	t := sub.server.t
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	sub.cancel = cancel
	subscription := subscription(t, sub.server.transport, sub.Knobs, sub.Latest)
	subscription.Since = sub.Since
	subscription.Codec = sub.server.Log.Codec()
	subscription.Clock = sub.server.Clock
	subscription.Timeline = sub.server.Timeline
	subscription.Emit = sub.emit
	subscription.Meter = &sub.Meter
	if sub.Uplink != nil {
		subscription.Uplink = sub.Uplink
		subscription.UplinkClient = sub.client(sub.server.dial)
	}
	go func() {
		defer close(sub.ended)
		sub.err = subscribe(ctx, sub.server.transport, sub.Client, subscription, sub.server.loops, &sub.looped)
	}()
	t.Cleanup(func() {
		cancel()
		sub.Err()
	})
}

// subscription is one with the given knobs, to be filled in.
func subscription(t testing.TB, tr *feed.Transport, knobs string, latest bool) feed.Subscription {
	t.Helper()
	values, err := url.ParseQuery(knobs)
	if err != nil {
		t.Fatal(err)
	}
	options, err := tr.Parse(values, false)
	if err != nil {
		t.Fatal(err)
	}
	at := feed.Spec{Transport: tr, Options: options}.Address(wire.URL, latest)
	return feed.Subscription{Address: at, Options: options, Phase: 0.5}
}

func (sub *Subscriber) emit(e feed.Event) {
	e.Body = bytes.Clone(e.Body)
	sub.mu.Lock()
	sub.got = append(sub.got, e)
	close(sub.changed)
	sub.changed = make(chan struct{})
	sub.mu.Unlock()
	sub.server.hook(Emitted)
	if sub.OnEvent != nil {
		sub.OnEvent(e)
	}
}

// Events is what the subscriber got so far.
func (sub *Subscriber) Events() []feed.Event {
	sub.mu.Lock()
	defer sub.mu.Unlock()
	return slices.Clone(sub.got)
}

// Cursor is where another subscriber would go on.
func (sub *Subscriber) Cursor() uint64 {
	sub.mu.Lock()
	defer sub.mu.Unlock()
	return sub.cursor()
}

func (sub *Subscriber) cursor() uint64 {
	if len(sub.got) == 0 {
		return sub.Since
	}
	return sub.got[len(sub.got)-1].Cursor()
}

// Await waits until the subscriber has event seq.
func (sub *Subscriber) Await(seq uint64) {
	t := sub.server.t
	t.Helper()
	deadline := time.After(patience)
	for {
		sub.mu.Lock()
		cursor, changed := sub.cursor(), sub.changed
		sub.mu.Unlock()
		if cursor >= seq {
			return
		}
		select {
		case <-changed:
		case <-sub.ended:
			if sub.Cursor() < seq {
				t.Fatalf("the subscription ended at event %d, before %d: %v", sub.Cursor(), seq, sub.err)
			}
		case <-deadline:
			t.Fatalf("no event after %d, waiting for %d", cursor, seq)
		}
	}
}

// Err waits for the end of the subscription and returns what it ended with.
func (sub *Subscriber) Err() error {
	t := sub.server.t
	t.Helper()
	await(t, sub.ended, "the subscription ends")
	return sub.err
}

// Cancel ends the subscription as its owner does, and returns what it ended
// with.
func (sub *Subscriber) Cancel() error {
	sub.server.t.Helper()
	sub.cancel()
	return sub.Err()
}

// await waits for a signal and returns what came with it.
func await[T any](t testing.TB, signal <-chan T, what string) (v T) {
	t.Helper()
	select {
	case v = <-signal:
	case <-time.After(patience):
		t.Fatalf("waited in vain until %s", what)
	}
	return v
}

// until waits for a condition that nothing signals.
func until(t testing.TB, what string, holds func() bool) {
	t.Helper()
	deadline := time.After(patience)
	look := time.NewTicker(time.Millisecond / 2)
	defer look.Stop()
	for !holds() {
		select {
		case <-look.C:
		case <-deadline:
			t.Fatalf("waited in vain until %s", what)
		}
	}
}
