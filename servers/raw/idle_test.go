package raw

import (
	"context"
	"io"
	"net"
	"net/http"
	"runtime"
	"runtime/debug"
	"sync"
	"testing"

	"pushbench/servers/feed"
	"pushbench/servers/wire"
)

// BenchmarkIdle holds a thousand subscribers that have had some events, and tells
// what each takes at both ends while nothing comes: in the process, stacks and
// what the heap keeps. The subscribers' own ends are bare sockets, of which the
// process holds a few hundred bytes.
func BenchmarkIdle(b *testing.B) {
	for range b.N {
		b.ReportMetric(idle(b, 1000), "B/subscriber")
	}
	b.ReportMetric(0, "ns/op")
}

func idle(b *testing.B, subscribers int) float64 {
	log := feed.NewLog(feed.Text, feed.DefaultRing, feed.NewClock())
	log.Publish(1, make([]byte, 200))
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	server := &http.Server{Handler: Transport.Handler(log)}
	var serving sync.WaitGroup
	serving.Go(func() { server.Serve(wire.Listener(l, new(wire.Tally))) })
	defer serving.Wait()
	defer server.Close()
	defer log.Close()

	const request = "GET /raw?since=0 HTTP/1.1\r\nHost: feed.test\r\nConnection: Upgrade\r\nUpgrade: " + protocol + "\r\n\r\n"
	event := prefixLen + len(feed.Text.Append(nil, feed.Event{Body: make([]byte, 200)}))
	const more = 50
	answer := make([]byte, max(len(switching)+event, more*event))
	before := inUse()
	conns := make([]net.Conn, subscribers)
	for i := range conns {
		if conns[i], err = new(net.Dialer).DialContext(context.Background(), "tcp", l.Addr().String()); err != nil {
			b.Fatal(err)
		}
		defer conns[i].Close()
		if _, err := conns[i].Write([]byte(request)); err != nil {
			b.Fatal(err)
		}
		if _, err := io.ReadFull(conns[i], answer[:len(switching)+event]); err != nil {
			b.Fatal(err)
		}
	}
	for range more { // all at a time, so that they get into each other's way
		log.Publish(1, make([]byte, 200))
	}
	for _, conn := range conns {
		if _, err := io.ReadFull(conn, answer[:more*event]); err != nil {
			b.Fatal(err)
		}
	}
	return float64(inUse()-before) / float64(subscribers)
}

// inUse is what the process holds when garbage is collected and stacks have
// shrunk.
func inUse() uint64 {
	for range 4 {
		debug.FreeOSMemory()
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapInuse + m.StackInuse
}
