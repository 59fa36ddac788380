package all

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"runtime"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/coder/websocket"
	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"

	"pushbench/servers/feed"
	"pushbench/servers/wire"
)

// BenchmarkFanout is what an event costs a server beyond the write that carries it. Each
// method sends the same event to 1,000 sockets of its own, and the methods take turns
// burst by burst, so that what the host does meanwhile is the same for all. What counts is
// the process's CPU time, all of it on one core at a time. During a burst the receivers
// sleep; between two they read.
//
//	go test -run '^$' -bench Fanout -benchtime 200x ./servers/all
func BenchmarkFanout(b *testing.B) {
	const sockets = 1000
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	payload := make([]byte, 64)
	methods := []method{
		writes(b, sockets, payload),
		looped(b, "raw", sockets, payload),
		looped(b, "wsbare", sockets, payload),
		looped(b, "stream", sockets, payload),
		looped(b, "sse", sockets, payload),
		looped(b, "ws", sockets, payload),
		library(b, sockets, payload),
	}
	took := make([][]float64, len(methods))
	for n := 0; b.Loop(); n++ {
		for i := range methods {
			m := (n + i) % len(methods) // so that none always follows the same
			before := cpu(b)
			methods[m].burst()
			took[m] = append(took[m], float64(cpu(b)-before)/sockets)
			methods[m].read(b)
		}
	}
	b.ReportMetric(0, "ns/op")
	for m, method := range methods {
		against := 0
		if method.name == "ws" {
			against = len(methods) - 1
		}
		ratio, upper := compare(took[m], took[against])
		b.ReportMetric(stat.Mean(took[m], nil), method.name+"-ns")
		b.ReportMetric(ratio, method.name+"/"+methods[against].name)
		b.ReportMetric(upper, method.name+"/"+methods[against].name+"-upper")
	}
}

// cpu is what the process has used so far.
func cpu(b *testing.B) time.Duration {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// compare is the ratio of two methods, by the mean of its logarithm over bursts, and the
// upper end of its 95 % interval.
func compare(took, floor []float64) (ratio, upper float64) {
	logs := make([]float64, len(took))
	for i := range took {
		logs[i] = math.Log(took[i] / floor[i])
	}
	n := float64(len(logs))
	mean, spread := stat.MeanStdDev(logs, nil)
	if n < 2 {
		return math.Exp(mean), math.Inf(1)
	}
	t := distuv.StudentsT{Sigma: 1, Nu: n - 1}.Quantile(0.975)
	return math.Exp(mean), math.Exp(mean + t*spread/math.Sqrt(n))
}

// method is a way to send an event to many sockets.
type method struct {
	name    string
	burst   func()
	clients []syscall.RawConn
}

// read takes what has come from all sockets, without waiting.
func (m method) read(b *testing.B) {
	room := make([]byte, 4096)
	for _, c := range m.clients {
		var n int
		var err error
		c.Read(func(fd uintptr) bool {
			n, err = syscall.Read(int(fd), room)
			return true
		})
		if n <= 0 || err != nil {
			b.Fatalf("%s: a client read %d bytes, %v", m.name, n, err)
		}
	}
}

// writes is the floor: net.Conn.Write of a frame that is ready, in a loop.
func writes(b *testing.B, sockets int, payload []byte) method {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	m := method{name: "write"}
	var conns []net.Conn
	for range sockets {
		m.clients = append(m.clients, dialled(b, l.Addr(), ""))
		conn, err := l.Accept()
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { conn.Close() })
		conns = append(conns, conn)
	}
	log := feed.NewLog(feed.Text, 1, feed.NewClock())
	log.Publish(1, payload)
	records, _, err := log.Since(0, 1, nil)
	if err != nil {
		b.Fatal(err)
	}
	frame := append([]byte{0x81, byte(len(records[0].Wire))}, records[0].Wire...)
	m.burst = func() {
		for _, c := range conns {
			c.Write(frame)
		}
	}
	return m
}

// looped is a transport of the feed, as servers have it.
func looped(b *testing.B, transport string, sockets int, payload []byte) method {
	spec, err := Parse(transport)
	if err != nil {
		b.Fatal(err)
	}
	log := feed.NewLog(feed.Text, feed.DefaultRing, feed.NewClock())
	m := method{name: transport}
	addr := serving(b, spec.Transport.Handler(log))
	b.Cleanup(log.Close)
	upgrade := ""
	switch transport {
	case "raw":
		upgrade = "Connection: Upgrade\r\nUpgrade: pushbench-raw\r\n"
	case "ws", "wsbare":
		upgrade = handshake
	}
	for range sockets {
		m.clients = append(m.clients, dialled(b, addr, "GET /"+transport+"?since=0 HTTP/1.1\r\nHost: "+wire.Host+"\r\n"+upgrade+"\r\n"))
	}
	for log.Parked() < int64(sockets) {
		runtime.Gosched()
	}
	m.burst = func() {
		all := log.Fanout().Delivered + int64(sockets)
		log.Publish(1, payload)
		for log.Fanout().Delivered < all || log.Parked() < int64(sockets) {
			runtime.Gosched()
		}
	}
	return m
}

const handshake = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"

// library is coder/websocket as its users fan out: Write in a loop.
func library(b *testing.B, sockets int, payload []byte) method {
	m := method{name: "coder"}
	accepted := make(chan *websocket.Conn, 1)
	addr := serving(b, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := websocket.Accept(w, r, nil)
		if err != nil {
			b.Error(err)
			return
		}
		accepted <- c
		c.CloseRead(context.Background())
	}))
	var conns []*websocket.Conn
	for range sockets {
		m.clients = append(m.clients, dialled(b, addr, "GET / HTTP/1.1\r\nHost: "+wire.Host+"\r\n"+handshake+"\r\n"))
		conns = append(conns, <-accepted)
	}
	b.Cleanup(func() {
		for _, c := range conns {
			c.CloseNow()
		}
	})
	log := feed.NewLog(feed.Text, 1, feed.NewClock())
	log.Publish(1, payload)
	records, _, err := log.Since(0, 1, nil)
	if err != nil {
		b.Fatal(err)
	}
	m.burst = func() {
		for _, c := range conns {
			c.Write(context.Background(), websocket.MessageText, records[0].Wire)
		}
	}
	return m
}

// serving serves on loopback with a server of the feed's.
func serving(b *testing.B, h http.Handler) net.Addr {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	server := feed.NewServer(feed.NewLog(feed.Text, 1, feed.NewClock()), h, wire.Protocols())
	var ended sync.WaitGroup
	ended.Go(func() {
		if err := server.Serve(wire.Listener(l, new(wire.Tally))); !errors.Is(err, http.ErrServerClosed) {
			b.Error(err)
		}
	})
	b.Cleanup(func() {
		server.Close()
		ended.Wait()
	})
	return l.Addr()
}

// dialled is a client that has sent a request, if any, and read the head of the answer.
func dialled(b *testing.B, addr net.Addr, request string) syscall.RawConn {
	conn, err := new(net.Dialer).DialContext(context.Background(), "tcp", addr.String())
	if err != nil {
		b.Fatalf("%v; it takes some 15,000 descriptors", err)
	}
	b.Cleanup(func() { conn.Close() })
	if request != "" {
		if _, err := io.WriteString(conn, request); err != nil {
			b.Fatal(err)
		}
		if resp, err := http.ReadResponse(bufio.NewReader(conn), nil); err != nil || resp.StatusCode > 200 {
			b.Fatal(fmt.Errorf("asked %q, got %+v, %w", request, resp, err))
		}
	}
	raw, err := conn.(syscall.Conn).SyscallConn()
	if err != nil {
		b.Fatal(err)
	}
	return raw
}
