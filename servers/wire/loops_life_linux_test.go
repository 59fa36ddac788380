package wire

import (
	"bufio"
	"context"
	"io"
	"math/rand/v2"
	"net"
	"runtime"
	"strings"
	"sync"
	"testing"
	"weak"
)

// What a receiver writes goes out when there is room for it, and waits for nobody.
func TestLoopsWrite(t *testing.T) {
	loops := newLoops(t, 1)
	const size = 16 << 20 // more than sockets hold
	letRead, got := make(chan struct{}), make(chan int64, 1)
	p := newSocketPeer(t, func(c net.Conn, r *bufio.Reader) {
		says(switching+"x")(c, r)
		<-letRead
		n, _ := io.Copy(io.Discard, r)
		got <- n
	})
	conn := respond(t, p, t.Context())
	k := newKeeper()
	sent := int64(0)
	var refused error
	k.onTake = func() {
		for refused == nil && sent < size {
			var n int
			n, refused = conn.Write(make([]byte, 10_000))
			sent += int64(n)
		}
	}
	if !loops.Attach(t.Context(), conn, k, k.done) {
		t.Fatal("it was not taken over")
	}
	<-k.first
	var d *looped
	for d == nil { // until it has written
		loops.mu.Lock()
		for _, s := range loops.scopes {
			for one := range s.members {
				one.writing.Lock()
				if r := one.rest.Load(); r != nil && len(r.bytes) > mostRest-10_000 {
					d = one
				}
				one.writing.Unlock()
			}
		}
		loops.mu.Unlock()
		runtime.Gosched()
	}
	close(letRead)
	for left := true; left; runtime.Gosched() {
		d.writing.Lock()
		left = d.rest.Load() != nil
		d.writing.Unlock()
	}
	conn.Close()
	<-k.ended
	if n := <-got; n != sent || refused == nil {
		t.Errorf("of %d bytes %d came; the last was refused with %v", sent, n, refused)
	}
	if n := p.tally.BytesWritten.Load() - p.headers.Up.Load(); n != sent {
		t.Errorf("%d bytes were counted of %d", n, sent)
	}
}

// A server that does not read what it is sent is given up in time.
func TestLoopsGiveUp(t *testing.T) {
	loops := newLoops(t, 1)
	over := make(chan struct{})
	p := newSocketPeer(t, func(c net.Conn, r *bufio.Reader) {
		says(switching+"x")(c, r)
		<-over
	})
	defer close(over)
	conn := respond(t, p, t.Context())
	k := newKeeper()
	k.onTake = func() {
		for {
			if _, err := conn.Write(make([]byte, 10_000)); err != nil {
				break
			}
		}
		for _, s := range loops.scopes { // in whose loop this is
			for d := range s.members {
				d.rest.Load().late.Reset(0)
			}
		}
	}
	if !loops.Attach(t.Context(), conn, k, k.done) {
		t.Fatal("it was not taken over")
	}
	<-k.ended
	if k.end == nil || !strings.Contains(k.end.Error(), "has not read what it was sent") {
		t.Errorf("it ended with %v", k.end)
	}
}

// Of what HTTP needed for it a connection in a loop keeps nothing.
func TestLoopsLetGo(t *testing.T) {
	for _, answer := range []string{switching + "x", chunked + "1\r\nx\r\n"} {
		loops := newLoops(t, 1)
		p := newSocketPeer(t, hold(answer))
		var kept weak.Pointer[stack]
		var buffer weak.Pointer[bufio.Reader]
		p.client.Ready = func(Setup) {
			kept, buffer = weak.Make(p.client.stack), weak.Make(p.client.stack.r)
		}
		ctx, cancel := context.WithCancel(t.Context())
		k := newKeeper()
		if !loops.Attach(ctx, bodyOf(respond(t, p, ctx)), k, k.done) {
			t.Fatal("it was not taken over")
		}
		<-k.first
		runtime.GC()
		if kept.Value() != nil || buffer.Value() != nil {
			t.Errorf("kept: the stack %v, the read buffer %v", kept.Value() != nil, buffer.Value() != nil)
		}
		cancel()
		<-k.ended
	}
}

// Connections come, go, stall and go on, many at once, while what they count is read.
// Each brings what was sent, as far as it came, and ends once.
func TestLoopsComeAndGo(t *testing.T) {
	loops := newLoops(t, 2)
	sockets, tally := new(Sockets), new(Tally)
	stop := make(chan struct{})
	var reading sync.WaitGroup
	reading.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
				tally.Counts()
				if _, err := sockets.Read(); err != nil {
					t.Error(err)
				}
				runtime.Gosched()
			}
		}
	})
	var busy sync.WaitGroup
	for seed := range uint64(6) {
		busy.Go(func() {
			rng := rand.New(rand.NewPCG(seed, 2))
			for range 40 {
				comeAndGo(t, loops, tally, sockets, rng)
			}
		})
	}
	busy.Wait()
	close(stop)
	reading.Wait()
	if c := tally.Counts(); c.Conns != c.Closed || c.Conns != 6*40 {
		t.Errorf("of %d connections %d were closed", c.Conns, c.Closed)
	}
}

// comeAndGo is the life of one connection.
func comeAndGo(t *testing.T, loops *Loops, tally *Tally, sockets *Sockets, rng *rand.Rand) {
	sent := strings.Repeat("0123456789", rng.IntN(1000))
	first, reset := rng.IntN(len(sent)+1), rng.IntN(2) == 0
	how := rng.IntN(4)
	goOn := make(chan struct{})
	p := newSocketPeer(t, func(c net.Conn, r *bufio.Reader) {
		says(switching+sent[:first])(c, r)
		<-goOn // it stalls
		io.WriteString(c, sent[first:])
		if how == 0 {
			return
		}
		if reset {
			c.(*net.TCPConn).SetLinger(0)
		}
		io.Copy(io.Discard, r)
	})
	p.client.Tally, p.client.Sockets = tally, sockets
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	conn := respond(t, p, ctx)
	k := newKeeper()
	if !loops.Attach(ctx, conn, k, k.done) {
		t.Error("it was not taken over")
		close(goOn)
		return
	}
	if first > 0 {
		<-k.first
	}
	close(goOn)
	switch how { // at 0 the server ends it
	case 1:
		cancel()
	case 2:
		conn.Close()
	case 3:
		go cancel()
		conn.Close()
	}
	<-k.ended
	got := k.got.String()
	if !strings.HasPrefix(sent, got) || how == 0 && got != sent || k.end == nil {
		t.Errorf("it got %d bytes of %d and ended with %v", len(got), len(sent), k.end)
	}
	p.serving.Wait()
}
