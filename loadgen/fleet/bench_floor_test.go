package fleet

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pushbench/results"
	"pushbench/servers/feed"
	"pushbench/servers/wire"
)

// bare is a loop over each of the connections, which calls done for each
// operation and ends with its context or its connection.
func bare(b *testing.B, s *senderProcess, addr string, timeline *feed.Timeline,
	loop func(ctx context.Context, conn net.Conn, phase float64, done func()) error) sample {
	b.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	var count atomic.Int64
	var conns []net.Conn
	var running sync.WaitGroup
	b.Cleanup(func() {
		cancel()
		for _, conn := range conns {
			conn.Close()
		}
		running.Wait()
	})
	for _, phase := range feed.Phases(connections, feed.Rand(1, 1, "phases")) {
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			b.Fatal(err)
		}
		conns = append(conns, conn)
		running.Go(func() {
			if err := loop(ctx, conn, phase, func() { count.Add(1) }); err != nil && ctx.Err() == nil {
				b.Error(err)
			}
		})
	}
	s.pass(warmUp, rest(b, timeline))
	return func(d time.Duration) (cost, int64) {
		before := count.Load()
		c := s.measure(b, func() { s.pass(d, rest(b, timeline)) })
		return c, count.Load() - before
	}
}

// bareEvents is a loop around Read, and an event is its number of bytes. It takes
// the time and keeps the two histograms of it that a fleet does.
func bareEvents(b *testing.B, s *senderProcess) sample {
	var mu sync.Mutex
	start, stale, delivered := s.clock.Now(), results.NewHist(), results.NewHist()
	return bare(b, s, s.addrs.Bare, feed.NewTimeline(s.clock), func(_ context.Context, conn net.Conn, _ float64, done func()) error {
		buf := make([]byte, 4096)
		for read := 0; ; {
			n, err := conn.Read(buf)
			if err != nil {
				return err
			}
			for read += n; read >= senderFrame; read -= senderFrame {
				done()
				took := s.clock.Now() - start
				mu.Lock()
				stale.Record(took)
				delivered.Record(took)
				mu.Unlock()
			}
		}
	})
}

// request is one as the fleet sends it, built once.
func request(query string) []byte {
	return fmt.Appendf(nil, "GET /%s HTTP/1.1\r\nHost: %s\r\nUser-Agent: Go-http-client/1.1\r\n\r\n", query, wire.Host)
}

// exchange sends a request and reads its answer, whose size is known but for
// the first time.
func exchange(conn net.Conn, request, buf []byte, size int) (int, error) {
	if _, err := conn.Write(request); err != nil {
		return 0, err
	}
	if size > 0 {
		return io.ReadFull(conn, buf[:size])
	}
	for {
		n, err := conn.Read(buf[size:])
		size += n
		if err != nil {
			return 0, err
		}
		if head := bytes.Index(buf[:size], []byte("\r\n\r\n")); head >= 0 {
			_, length, _ := bytes.Cut(buf[:head], []byte("Content-Length: "))
			digits, _, _ := bytes.Cut(length, []byte("\r\n"))
			body, err := strconv.Atoi(string(digits))
			if err != nil {
				return 0, fmt.Errorf("read the answer's length: %w", err)
			}
			if size == head+4+body {
				return size, nil
			}
		}
	}
}

// barePolls polls the still feed, so that every answer has one event.
func barePolls(b *testing.B, s *senderProcess) sample {
	timeline := feed.NewTimeline(s.clock)
	req := request(pollSince)
	return bare(b, s, s.addrs.Still, timeline, func(ctx context.Context, conn net.Conn, phase float64, done func()) error {
		member := timeline.Join()
		defer member.Leave()
		sleep := feed.NewSleep(s.clock)
		buf := make([]byte, 4096)
		size := 0
		for due := time.Duration(phase * float64(pollInterval)); ; due += pollInterval {
			if _, err := member.Wait(ctx, due, sleep); err != nil {
				return err
			}
			var err error
			if size, err = exchange(conn, req, buf, size); err != nil {
				return err
			}
			done()
		}
	})
}

// bareLongPolls writes the cursor into the one request; every answer has the
// event after it.
func bareLongPolls(b *testing.B, s *senderProcess) sample {
	return bare(b, s, s.addrs.Live, feed.NewTimeline(s.clock), func(_ context.Context, conn net.Conn, _ float64, done func()) error {
		const start = "longpoll?since="
		req := request(start + "0000000000000000000&batch=off")
		buf := make([]byte, 4096)
		size := 0
		for cursor := int64(0); ; cursor++ {
			feed.AppendNumber(req[:len("GET /"+start)], cursor)
			var err error
			if size, err = exchange(conn, req, buf, size); err != nil {
				return err
			}
			done()
		}
	})
}
