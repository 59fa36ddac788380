package wsbare_test

import (
	"fmt"
	"net"
	"net/http"
	"runtime"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"pushbench/servers/feed"
	"pushbench/servers/raw"
	"pushbench/servers/wire"
	"pushbench/servers/ws"
	"pushbench/servers/wsbare"
)

// rivals are the server ends that wsbare's is compared with: the floor, and the
// library's.
var rivals = []*feed.Transport{raw.Transport, wsbare.Transport, ws.Transport}

// farm is a server with subscribers that cost it nothing of their own: bare
// sockets, all read by one thread, which discards what comes.
type farm struct {
	log     *feed.Log
	server  *http.Server
	sockets []int
	epoll   int
	got     atomic.Int64 // bytes
	reads   atomic.Int64
	target  atomic.Int64 // reads of which reached hears
	reached chan struct{}
	cpu     atomic.Int64 // ns that the reader has used
	over    atomic.Bool
	ended   chan struct{}
}

func newFarm(b *testing.B, tr *feed.Transport, query string, subscribers int) *farm {
	b.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	f := &farm{log: feed.NewLog(feed.Text, feed.DefaultRing, feed.NewClock()), reached: make(chan struct{}, 1), ended: make(chan struct{})}
	mux := http.NewServeMux()
	mux.Handle("/"+tr.Name, tr.Handler(f.log))
	f.server = &http.Server{Handler: mux}
	go f.server.Serve(wire.Listener(l, new(wire.Tally))) // as the program counts
	if f.epoll, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		b.Fatal(err)
	}
	protocol := "websocket"
	if tr == raw.Transport {
		protocol = "pushbench-raw"
	}
	request := fmt.Sprintf("GET /%s?since=%d%s HTTP/1.1\r\nHost: feed.test\r\nConnection: Upgrade\r\nUpgrade: %s\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n",
		tr.Name, f.log.Newest(), query, protocol)
	port := l.Addr().(*net.TCPAddr).Port
	for range subscribers {
		f.sockets = append(f.sockets, f.subscribe(b, port, request))
	}
	go f.read()
	return f
}

// subscribe connects a socket and reads the answer's head.
func (f *farm) subscribe(b *testing.B, port int, request string) int {
	b.Helper()
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err == nil {
		err = unix.Connect(fd, &unix.SockaddrInet4{Port: port, Addr: [4]byte{127, 0, 0, 1}})
	}
	if err == nil {
		_, err = unix.Write(fd, []byte(request))
	}
	var head []byte
	for err == nil && !strings.HasSuffix(string(head), "\r\n\r\n") {
		one := make([]byte, 1)
		var n int
		if n, err = unix.Read(fd, one); n == 0 && err == nil {
			err = unix.ECONNRESET
		}
		head = append(head, one[:n]...)
	}
	if err == nil && !strings.HasPrefix(string(head), "HTTP/1.1 101 ") {
		err = fmt.Errorf("answered %q", head)
	}
	if err == nil {
		err = unix.EpollCtl(f.epoll, unix.EPOLL_CTL_ADD, fd, &unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(fd)})
	}
	if err != nil {
		b.Fatal(err)
	}
	return fd
}

// read discards what comes and keeps account of what that costs.
func (f *farm) read() {
	runtime.LockOSThread()
	defer close(f.ended)
	buf := make([]byte, 1<<20)
	events := make([]unix.EpollEvent, 256)
	for !f.over.Load() {
		n, _ := unix.EpollWait(f.epoll, events, 10)
		got := int64(0)
		for i := range max(0, n) {
			m, _ := unix.Read(int(events[i].Fd), buf)
			got += int64(max(0, m))
		}
		var ru unix.Rusage
		unix.Getrusage(unix.RUSAGE_THREAD, &ru)
		f.cpu.Store(ru.Utime.Nano() + ru.Stime.Nano())
		f.got.Add(got)
		if reads := f.reads.Add(int64(max(0, n))); reads-int64(max(0, n)) < f.target.Load() && reads >= f.target.Load() {
			f.reached <- struct{}{}
		}
	}
}

func (f *farm) close() {
	f.log.Close()
	f.over.Store(true)
	<-f.ended
	for _, fd := range f.sockets {
		unix.Close(fd)
	}
	unix.Close(f.epoll)
	f.server.Close()
}

// deliver publishes an event and waits until every subscriber has read it. A
// frame this small comes with one read.
func (f *farm) deliver(body []byte) {
	f.target.Add(int64(len(f.sockets)))
	f.log.Publish(1, body)
	<-f.reached
}

// serverCPU is the process's CPU time without the reader's (ns).
func (f *farm) serverCPU() int64 {
	var ru unix.Rusage
	unix.Getrusage(unix.RUSAGE_SELF, &ru)
	return ru.Utime.Nano() + ru.Stime.Nano() - f.cpu.Load()
}

// BenchmarkDelivery publishes an event and waits until 100 subscribers have it.
// What counts is the CPU time that the server takes for each delivery, in
// proportion between the server ends: the machine's own speed varies.
func BenchmarkDelivery(b *testing.B) {
	const subscribers = 100
	body := []byte(strings.Repeat("x", 200))
	for _, tr := range rivals {
		for _, query := range []string{"", "&compress=no-takeover", "&compress=takeover"} {
			if query != "" && tr == raw.Transport {
				continue
			}
			b.Run(tr.Name+query, func(b *testing.B) {
				f := newFarm(b, tr, query, subscribers)
				defer f.close()
				f.deliver(body) // with which buffers and compressors come
				b.ReportAllocs()
				b.ResetTimer()
				before, got := f.serverCPU(), f.got.Load()
				for range b.N {
					f.deliver(body)
				}
				b.StopTimer()
				deliveries := float64(b.N * subscribers)
				b.ReportMetric(float64(f.serverCPU()-before)/deliveries, "server-cpu-ns/delivery")
				b.ReportMetric(float64(f.got.Load()-got)/deliveries, "B/delivery")
			})
		}
	}
}

// BenchmarkIdle is what a subscriber costs the server while nothing happens.
func BenchmarkIdle(b *testing.B) {
	const subscribers = 2000
	for _, tr := range rivals {
		b.Run(tr.Name, func(b *testing.B) {
			for range b.N {
				small := newFarm(b, tr, "", 10)
				before := memory()
				f := newFarm(b, tr, "", subscribers)
				f.log.Publish(1, []byte("to everyone once"))
				time.Sleep(100 * time.Millisecond)
				b.ReportMetric(float64(memory()-before)/subscribers, "B/subscriber")
				f.close()
				small.close()
			}
		})
	}
}

// memory is what the process holds of heap and stacks after a collection.
func memory() int64 {
	for range 3 {
		debug.FreeOSMemory()
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapInuse + m.StackInuse)
}
