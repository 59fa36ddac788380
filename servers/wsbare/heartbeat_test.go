package wsbare

import (
	"context"
	"io"
	"net"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pushbench/servers/feed"
	"pushbench/servers/feed/feedtest"
	"pushbench/servers/test/need"
)

// Pings go out at their interval as long as each is answered, and a connection
// on which one is not is dropped after the deadline.
func TestHeartbeat(t *testing.T) {
	const every, deadline, delay = 15 * time.Second, 10 * time.Second, 3 * time.Second
	synctest.Test(t, func(t *testing.T) {
		near, far := net.Pipe()
		c := newServer(near, nil, testLimit)
		start := time.Now()
		c.startHeartbeat(every, deadline)
		defer c.heartbeat.stop()
		go func() {
			c.NextMessage()
			c.Close()
		}()
		var pings []time.Duration
		for {
			frame := make([]byte, len(pingFrame))
			if _, err := io.ReadFull(far, frame); err != nil {
				break
			}
			if !slices.Equal(frame, pingFrame) {
				t.Fatalf("it sent %x", frame)
			}
			pings = append(pings, time.Since(start))
			if len(pings) < 4 {
				<-time.After(delay)
				io.WriteString(far, masked("\x8a\x00"))
			}
		}
		if want := []time.Duration{every, 2 * every, 3 * every, 4 * every}; !slices.Equal(pings, want) {
			t.Errorf("it pinged at %v, not at %v", pings, want)
		}
		if took := time.Since(start); took != 4*every+deadline {
			t.Errorf("it was dropped after %v, not %v", took, 4*every+deadline)
		}
	})
}

// A pong that nobody asked for puts nothing off, and one that is late by less
// than the deadline is in time.
func TestUnaskedPong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := net.Pipe()
		c := newServer(near, nil, testLimit)
		start := time.Now()
		c.startHeartbeat(10*time.Second, 20*time.Second)
		defer c.heartbeat.stop()
		go func() {
			c.NextMessage()
			c.Close()
		}()
		io.WriteString(far, masked("\x8a\x01x\x8a\x00"))
		io.ReadFull(far, make([]byte, 2))
		if took := time.Since(start); took != 10*time.Second {
			t.Errorf("the first ping came after %v", took)
		}
		<-time.After(19 * time.Second)
		io.WriteString(far, masked("\x8a\x00"))
		io.ReadFull(far, make([]byte, 2)) // the ping that waited for the answer
		if took := time.Since(start); took != 29*time.Second {
			t.Errorf("the second ping came after %v", took)
		}
		io.Copy(io.Discard, far)
		if took := time.Since(start); took != 49*time.Second {
			t.Errorf("it was dropped after %v", took)
		}
	})
}

// A subscriber that takes nothing at all is dropped too, while a write to it is
// stuck. (In real time: who waits for a mutex holds a bubble's clock.)
func TestStuckSubscriberIsDropped(t *testing.T) {
	near, far := net.Pipe()
	defer far.Close()
	log := feed.NewLog(feed.Text, feed.DefaultRing, feed.NewClock())
	options, err := Transport.Parse(map[string][]string{"ping": {"5ms"}, "pong": {"5ms"}}, true)
	if err != nil {
		t.Fatal(err)
	}
	log.Publish(1, []byte("body"))
	s := newSubscriber(newServer(near, nil, testLimit), log, feed.Request{Options: options})
	s.begin()
	s.listen() // returns
}

// A client that was promised pings ends when nothing comes, and not while the
// feed is quiet but alive.
func TestSilentServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := feedtest.Serve(t, Transport, feedtest.Config{Addr: feedtest.InMemory})
		server.Publish(1)
		sub := server.NewSubscriber(0, "ping=10s&pong=5s")
		var conn *gagged
		dial := sub.Dial
		sub.Dial = func(ctx context.Context) (net.Conn, error) {
			c, err := dial(ctx)
			conn = &gagged{Conn: c, gag: make(chan struct{}), closed: make(chan struct{})}
			return conn, err
		}
		sub.Start()
		sub.Await(1)
		<-time.After(24*time.Hour + time.Second)
		if down := sub.Meter.FramingDown.Load(); down != 2+24*360*2 {
			t.Errorf("a day of pings took %d bytes", down)
		}
		if up := sub.Meter.FramingUp.Load(); up != 24*360*6 {
			t.Errorf("a day of pongs took %d bytes", up)
		}
		close(conn.gag)
		start := time.Now() // a second after the last ping
		if err := sub.Err(); err == nil || !strings.Contains(err.Error(), "nothing came for 15s, though the server promised a ping every 10s") {
			t.Errorf("it ended with %v", err)
		}
		if took := time.Since(start); took != 14*time.Second {
			t.Errorf("it was waited for %v", took)
		}
	})
}

// A client in an event loop answers pings there.
func TestPongsFromLoop(t *testing.T) {
	need.That(t, runtime.GOOS == "linux", "Linux, which has epoll")
	server := feedtest.Serve(t, Transport, feedtest.Config{Way: feedtest.Way{Loop: true}})
	server.Publish(1)
	sub := server.Subscribe(0, "ping=5ms&pong=1h")
	sub.Await(1)
	const pongs = 5
	for sub.Meter.FramingUp.Load() < pongs*6 {
		runtime.Gosched()
	}
	if err := sub.Cancel(); err != nil {
		t.Error(err)
	}
	if down, up := sub.Meter.FramingDown.Load(), sub.Meter.FramingUp.Load(); up%6 != 0 || down < 2+2*pongs {
		t.Errorf("pings took %d bytes and pongs %d", down, up)
	}
}

// gagged is a connection on which nothing is heard any more, not even its end.
type gagged struct {
	net.Conn
	gag, closed chan struct{}
	once        sync.Once
}

func (g *gagged) Read(p []byte) (int, error) {
	n, err := g.Conn.Read(p)
	select {
	case <-g.gag:
		<-g.closed
		return 0, net.ErrClosed
	default:
		return n, err
	}
}

func (g *gagged) Close() error {
	g.once.Do(func() { close(g.closed) })
	return g.Conn.Close()
}
