package fleet

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"testing"
	"time"

	"pushbench/servers/all"
	"pushbench/servers/control"
	"pushbench/servers/feed"
)

// The benchmarks' server is a process of its own, so that what it costs is not
// charged to the clients. It has three addresses: a live feed behind every
// transport; a still feed of one event, whose answers are always the same; and
// the live feed on bare TCP, as many bytes an event as a WebSocket message has.
type sender struct {
	timeline *feed.Timeline
	log      *feed.Log
}

type (
	senderArgs  struct{ Rate float64 }
	senderAddrs struct{ Live, Still, Bare string }
)

// senderBody is the size of a body, and senderFrame that of a WebSocket message
// with one such event: a frame of 126 to 65,535 bytes has a header of 4 (RFC
// 6455 §5.2).
const senderBody = 128

var senderFrame = 4 + feed.Text.Envelope(senderBody) + senderBody

func init() { children["sender"] = serveSender }

func serveSender() error {
	var s sender
	return control.Serve(context.Background(), os.Stdin, os.Stdout, map[string]control.Handler{
		control.Listen: control.Handle(s.listen),
		control.Run:    control.Handle(s.run),
		control.Publish: control.Handle(func(context.Context, control.None) (uint64, error) {
			return s.log.Publish(feed.NewClock().Now(), make([]byte, senderBody)).Seq, nil
		}),
		control.Mark: control.Handle(func(context.Context, control.None) (control.Usage, error) {
			return control.ReadUsage()
		}),
	})
}

func (s *sender) listen(_ context.Context, a senderArgs) (at senderAddrs, err error) {
	clock := feed.NewClock()
	s.timeline, s.log = feed.NewTimeline(clock), feed.NewLog(feed.Text, feed.DefaultRing, clock)
	still := feed.NewLog(feed.Text, feed.DefaultRing, clock)
	for _, log := range []*feed.Log{s.log, still} {
		log.Publish(clock.Now(), make([]byte, senderBody))
	}
	schedule, err := feed.NewSchedule(a.Rate, nil)
	if err != nil {
		return at, err
	}
	body, err := feed.NewPayload("random", senderBody, feed.Text, feed.Rand(1, 1, "payload"))
	if err != nil {
		return at, err
	}
	p := &feed.Publisher{Log: s.log, Schedule: schedule, Payload: body, Timeline: s.timeline, Clock: clock}
	go p.Run(context.Background())
	for addr, serve := range map[*string]func(net.Listener){
		&at.Live:  func(l net.Listener) { http.Serve(l, all.Handler(s.log)) },
		&at.Still: func(l net.Listener) { http.Serve(l, all.Handler(still)) },
		&at.Bare:  func(l net.Listener) { serveBare(l, s.log) },
	} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return at, err
		}
		*addr = l.Addr().String()
		go serve(l)
	}
	return at, nil
}

func (s *sender) run(ctx context.Context, a control.RunArgs) (newest uint64, err error) {
	s.timeline.Run(a.Origin, a.To)
	err = s.timeline.AtRest(ctx)
	return s.log.Newest(), err
}

// serveBare sends what the WebSocket server does, in the same way, with nothing
// around it: a write of its own for each event.
func serveBare(l net.Listener, log *feed.Log) {
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			frame := make([]byte, senderFrame)
			cursor := uint64(0)
			var records []feed.Record
			for {
				if records, cursor, err = log.Since(cursor, 32, records[:0]); err != nil {
					return
				}
				for _, r := range records {
					copy(frame[4:], r.Wire)
					if _, err := conn.Write(frame); err != nil {
						return
					}
				}
				if log.Wait(context.Background(), cursor) != nil {
					return
				}
			}
		}()
	}
}

// senderProcess is a running sender, as a benchmark sees it.
type senderProcess struct {
	process
	addrs   senderAddrs
	clock   feed.Clock
	elapsed time.Duration // of trial time
}

func startSender(b *testing.B, rate float64) *senderProcess {
	b.Helper()
	self, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), childRole+"=sender", "GOMAXPROCS=1") // as a trial's server has
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, answers := io.Pipe()
	cmd.Stdout = answers
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	s := &senderProcess{process: process{b, control.NewPeer(in, out)}, clock: feed.NewClock()}
	b.Cleanup(func() {
		err := errors.Join(in.Close(), cmd.Wait(), answers.Close())
		if err != nil {
			b.Error(err)
		}
	})
	s.do(control.Listen, senderArgs{rate}, &s.addrs)
	return s
}

// pass lets trial time pass, at the sender and at a client that keeps it too.
func (s *senderProcess) pass(d time.Duration, client func(control.RunArgs)) {
	s.t.Helper()
	a := control.RunArgs{Origin: s.clock.Now() + int64(10*time.Millisecond-s.elapsed), To: s.elapsed + d}
	s.elapsed = a.To
	done := make(chan struct{})
	go func() {
		defer close(done)
		client(a)
	}()
	if err := s.peer.Call(s.t.Context(), control.Run, a, nil); err != nil {
		s.t.Fatal(err)
	}
	<-done
}

// cost is the CPU time that clients and sender take (s).
type cost struct{ client, server float64 }

// measure is the cost of f. The benchmark's own timer runs meanwhile, and at no
// other time.
func (s *senderProcess) measure(b *testing.B, f func()) cost {
	b.Helper()
	own := func() float64 {
		u, err := control.ReadUsage()
		if err != nil {
			b.Fatal(err)
		}
		return u.CPU()
	}
	var before, after control.Usage
	s.do(control.Mark, control.None{}, &before)
	b.StartTimer()
	start := own()
	f()
	c := own() - start
	b.StopTimer()
	s.do(control.Mark, control.None{}, &after)
	return cost{c, after.CPU() - before.CPU()}
}
