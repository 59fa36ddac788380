package fleet

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"runtime"
	"testing"

	"golang.org/x/sys/unix"

	"pushbench/results"
	"pushbench/servers/control"
	"pushbench/servers/feed"
	"pushbench/servers/wire"
)

// What a fleet in an event loop costs against the least that one in Go can: epoll_wait,
// read, a time stamp and two histograms. Both read the same transport of a server of
// their own, and take turns burst by burst, an operation: an event to each of a thousand
// connections. So a host that grows slower does so for both. The interval is that of the
// mean ratio of neighbouring bursts, at 95 %.
//
//	go test -run='^$' -bench=ClientBursts -benchtime=200x ./loadgen/fleet
func BenchmarkClientBursts(b *testing.B) {
	for _, c := range []struct {
		transport, request string
		size               int // of an event on the wire
	}{
		{"raw", upgradeTo("raw", "pushbench-raw"), senderFrame},
		{"wsbare", upgradeTo("wsbare", "websocket"), senderFrame},
		{"ws", upgradeTo("ws", "websocket"), senderFrame},
		{"stream", getOngoing("stream"), senderFrame - 4 + len("bd\r\n\r\n")},
		{"sse", getOngoing("sse"), senderFrame - 4 + 9 + len("c6\r\n\r\n")},
	} {
		b.Run(c.transport, func(b *testing.B) {
			defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1)) // as a trial's fleet has
			own, floor := loopFleet(b, c.transport), bareLoop(b, c.request, c.size)
			for range 20 {
				own()
				floor()
			}
			var sums [2]float64
			var ratios moments
			for i := 0; b.Loop(); i++ {
				var took [2]float64
				for turn := range took { // each goes first as often as second
					which := (i + turn) % 2
					took[which] = []func() float64{own, floor}[which]()
					sums[which] += took[which]
				}
				ratios.add(math.Log(took[0] / took[1]))
			}
			b.ReportMetric(0, "ns/op")
			n := float64(ratios.n)
			b.ReportMetric(sums[0]/n/burstConns*1e9, "cpu-ns/event")
			b.ReportMetric(sums[1]/n/burstConns*1e9, "floor-cpu-ns/event")
			mean, within := ratios.interval()
			b.ReportMetric(math.Exp(mean), "×floor")
			b.ReportMetric(math.Exp(mean-within), "×floor-from")
			b.ReportMetric(math.Exp(mean+within), "×floor-to")
		})
	}
}

// burstConns is how many connections a burst goes to.
const burstConns = 1000

// moments are those of a sample.
type moments struct {
	n           int
	sum, square float64
}

func (m *moments) add(x float64) {
	m.n++
	m.sum += x
	m.square += x * x
}

// interval is the sample's mean, and how far its 95 % interval goes to either side.
func (m *moments) interval() (mean, within float64) {
	n := float64(m.n)
	mean = m.sum / n
	return mean, 1.96 * math.Sqrt((m.square/n-mean*mean)/max(1, n-1))
}

// cpuTime is what this process has used (s).
func cpuTime(b *testing.B) float64 {
	b.Helper()
	var ru unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &ru); err != nil {
		b.Fatal(err)
	}
	return float64(ru.Utime.Nano()+ru.Stime.Nano()) / 1e9
}

// burst is what it costs this process to have the sender publish an event and to wait
// until it is there.
func (s *senderProcess) burst(b *testing.B, there <-chan struct{}) float64 {
	before := cpuTime(b)
	s.do(control.Publish, control.None{}, nil)
	<-there
	return cpuTime(b) - before
}

// loopFleet is a fleet, in this process itself.
func loopFleet(b *testing.B, transport string) func() float64 {
	b.Helper()
	s := startSender(b, 1)
	ctx, cancel := context.WithCancel(context.Background())
	loops, err := wire.NewLoops(1)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		cancel()
		loops.Close()
	})
	f := &fleet{clock: s.clock, timeline: feed.NewTimeline(s.clock), seen: newRecorder(s.clock), life: ctx}
	f.loop = counted{loops, f.seen}
	f.seen.open(window{until: math.MaxInt64})
	if _, err := f.connect(ctx, toSender(s, transport, burstConns)); err != nil {
		b.Fatal(err)
	}
	if f.seen.looped != burstConns {
		b.Fatalf("%d subscribers are in the loop", f.seen.looped)
	}
	newest := uint64(1)
	return func() float64 {
		newest++
		all := make(chan struct{})
		f.seen.mu.Lock() // as await does, which looks at each subscriber
		f.seen.target, f.seen.behind = newest, countdown{left: burstConns, none: all}
		f.seen.mu.Unlock()
		return s.burst(b, all)
	}
}

func upgradeTo(path, protocol string) string {
	return fmt.Sprintf("GET /%s?since=1 HTTP/1.1\r\nHost: %s\r\nConnection: Upgrade\r\nUpgrade: %s\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n", path, wire.Host, protocol)
}

func getOngoing(path string) string {
	return fmt.Sprintf("GET /%s?since=1 HTTP/1.1\r\nHost: %s\r\n\r\n", path, wire.Host)
}

// bareLoop is an epoll loop and nothing else: an event is its number of bytes.
func bareLoop(b *testing.B, request string, size int) func() float64 {
	b.Helper()
	s := startSender(b, 1)
	var host [4]byte
	var port int
	if _, err := fmt.Sscanf(s.addrs.Live, "%d.%d.%d.%d:%d", &host[0], &host[1], &host[2], &host[3], &port); err != nil {
		b.Fatal(err)
	}
	poll, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		b.Fatal(err)
	}
	var fds []int
	for range burstConns {
		fd, err := ask(&unix.SockaddrInet4{Addr: host, Port: port}, request)
		if err == nil {
			err = unix.EpollCtl(poll, unix.EPOLL_CTL_ADD, fd, &unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(fd)})
		}
		if err != nil {
			b.Fatal(err)
		}
		fds = append(fds, fd)
	}
	arrived, over := make(chan struct{}, 1), make(chan struct{})
	go func() {
		defer close(over)
		buf, events := make([]byte, 64<<10), make([]unix.EpollEvent, 256)
		stale, delivered := results.NewHist(), results.NewHist()
		start := s.clock.Now()
		for came, want := 0, burstConns*size; ; {
			n, err := unix.EpollWait(poll, events, -1)
			if err != nil && err != unix.EINTR {
				return
			}
			for _, e := range events[:max(0, n)] {
				m, err := unix.Read(int(e.Fd), buf)
				if m <= 0 || err != nil {
					return // the sender has ended
				}
				for range m / size {
					took := s.clock.Now() - start
					stale.Record(took)
					delivered.Record(took)
				}
				came += m
			}
			if came == want {
				came = 0
				arrived <- struct{}{}
			}
		}
	}()
	b.Cleanup(func() {
		for _, fd := range fds {
			unix.Shutdown(fd, unix.SHUT_RDWR) // which wakes the loop
		}
		<-over
		for _, fd := range append(fds, poll) {
			unix.Close(fd)
		}
	})
	return func() float64 { return s.burst(b, arrived) }
}

// ask connects a socket, sends a request and reads the answer's head.
func ask(at unix.Sockaddr, request string) (fd int, err error) {
	if fd, err = unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0); err != nil {
		return 0, err
	}
	if err = unix.Connect(fd, at); err == nil {
		_, err = unix.Write(fd, []byte(request))
	}
	var head []byte
	for err == nil && !bytes.HasSuffix(head, []byte("\r\n\r\n")) {
		one := make([]byte, 1)
		var n int
		if n, err = unix.Read(fd, one); n == 0 && err == nil {
			err = unix.ECONNRESET
		}
		head = append(head, one[:n]...)
	}
	return fd, err
}
