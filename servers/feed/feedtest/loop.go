package feedtest

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"regexp"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"pushbench/servers/feed"
	"pushbench/servers/wire"
)

// loops reports whether a transport's client end leaves its connection to an event
// loop, where this system has one: whoever neither asks again nor is held.
func loops(tr *feed.Transport) bool {
	options, err := tr.Parse(nil, false)
	rhythm := tr.Rhythm(options)
	return err == nil && rhythm.Poll == 0 && rhythm.Hold == 0 && haveLoops()
}

// haveLoops reports whether this system has event loops.
var haveLoops = sync.OnceValue(func() bool {
	l, err := wire.NewLoops(1)
	if err == nil {
		l.Close()
	}
	return !errors.Is(err, errors.ErrUnsupported)
})

// newLoops is two event loops that end with the test.
func newLoops(t testing.TB) *wire.Loops {
	t.Helper()
	l, err := wire.NewLoops(2)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	return l
}

// subscribe is a transport's Subscribe, to its end, also where loops read: nil, none.
// It says by looped that they do.
func subscribe(ctx context.Context, tr *feed.Transport, client *http.Client, s feed.Subscription, loops *wire.Loops, looped *atomic.Bool) error {
	done := make(chan error, 1)
	if loops != nil {
		s.Loop, s.Done = loops, func(err error) { done <- err }
	}
	err := tr.Subscribe(ctx, client, s)
	if err == feed.ErrAttached {
		looped.Store(true)
		err = <-done
	}
	return err
}

// checkLooped checks that a loop had the subscription where one should.
func (sub *Subscriber) checkLooped() {
	sub.server.t.Helper()
	if sub.server.loops != nil {
		until(sub.server.t, "a loop has the connection", sub.looped.Load)
	}
}

// inLoop is what depends on who reads: delivery, and every end of a subscription.
func (s suite) inLoop(t *testing.T) {
	s.otherWay(t)
	t.Run("ring overrun", s.overrun)
	t.Run("gap race", s.gapRace)
	t.Run("end of feed", s.endOfFeed)
	t.Run("cancel", s.cancel)
}

// sameEnd reports whether two subscriptions ended alike. Whether what a server has left
// unread resets the connection is the kernel's business; a WebSocket's key is random.
func sameEnd(a, b error) bool {
	if a == nil || b == nil {
		return a == b
	}
	said := func(err error) string { return acceptKey.ReplaceAllString(err.Error(), "KEY") }
	return said(a) == said(b) || errors.Is(a, syscall.ECONNRESET) || errors.Is(b, syscall.ECONNRESET)
}

// acceptKey is the proof that a server has read a WebSocket's key (RFC 6455 §4.2.2).
var acceptKey = regexp.MustCompile(`[0-9A-Za-z+/]{27}=`)

// frailPath is a connection by way of somebody who cuts it after so many bytes in
// a direction: the socket itself is whole, as a loop needs it.
func frailPath(ctx context.Context, t testing.TB, dial func(context.Context) (net.Conn, error), read, written int64) (net.Conn, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	defer l.Close()
	client, err := dialTCP(l.Addr().String())(ctx)
	if err != nil {
		return nil, err
	}
	near, err := l.Accept()
	if err != nil {
		return nil, errors.Join(err, client.Close())
	}
	far, err := dial(ctx)
	if err != nil {
		return nil, errors.Join(err, near.Close(), client.Close())
	}
	var passing sync.WaitGroup
	pass := func(to, from net.Conn, n int64) {
		passing.Go(func() {
			io.CopyN(to, from, n) // whatever ends it, both ways end
			near.Close()
			far.Close()
		})
	}
	pass(near, far, read)
	pass(far, near, written)
	t.Cleanup(passing.Wait)
	return client, nil
}
