package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"testing"
	"time"

	"pushbench/servers/all"
	"pushbench/servers/control"
	"pushbench/servers/feed"
	"pushbench/servers/wire"
)

// steeredServer is the program as loadgen runs it.
type steeredServer struct {
	t     *testing.T
	peer  *control.Peer
	stdin io.Closer
	code  chan int
	where control.Listening
	clock feed.Clock

	at     time.Duration // trial time
	newest uint64
	extra  uint64 // events outside the schedule
}

// serveSteered starts a server of 1,000 events/s at constant intervals, and
// ends it with the test. Its publisher is at work when it returns.
func serveSteered(t *testing.T, args ...string) *steeredServer {
	t.Helper()
	stdin, commands := io.Pipe()
	answers, stdout := io.Pipe()
	var stderr bytes.Buffer
	s := &steeredServer{
		t:     t,
		peer:  control.NewPeer(commands, answers),
		stdin: commands,
		code:  make(chan int, 1),
		clock: feed.NewClock(),
		extra: 1,
	}
	ended := make(chan struct{})
	args = append([]string{"-control", "-addr", "127.0.0.1:0", "-rate", "1000/s", "-arrivals", "constant", "-payload", "32B"}, args...)
	go func() {
		defer close(ended)
		s.code <- run(context.Background(), args, stdin, stdout, &stderr)
		stdout.Close()
	}()
	t.Cleanup(func() {
		commands.Close()
		<-ended
		if stderr.Len() > 0 {
			t.Errorf("it complained: %s", &stderr)
		}
	})
	s.call(control.Listen, control.None{}, &s.where)
	for s.newest <= 1 {
		s.run(s.at + 2*time.Millisecond)
	}
	return s
}

func (s *steeredServer) call(do string, args, result any) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), time.Minute)
	defer cancel()
	if err := s.peer.Call(ctx, do, args, result); err != nil {
		s.t.Fatal(err)
	}
}

// run lets trial time pass up to a mark.
func (s *steeredServer) run(to time.Duration) {
	s.t.Helper()
	s.call(control.Run, control.RunArgs{Origin: s.clock.Now() - int64(s.at), To: to}, &s.newest)
	s.at = to
}

func (s *steeredServer) tally() (c wire.Counts) {
	s.t.Helper()
	s.call(control.Tally, control.None{}, &c)
	return c
}

// Trial time passes as it is told to; what falls due in it, and only that, is
// published and reported once.
func TestSteered(t *testing.T) {
	s := serveSteered(t)
	var m control.ServerMark
	var earlier control.PublishedAt
	s.call(control.Published, control.None{}, &earlier) // what was needed to see it at work
	before := s.newest
	for _, length := range []time.Duration{20, 1, 19} {
		from := s.at
		s.run(from + length*time.Millisecond)
		want := uint64(s.at/time.Millisecond) - 1 + s.extra // the event at the mark is not due before it
		if s.newest != want {
			t.Errorf("run from %v to %v the newest event is %d, not %d", from, s.at, s.newest, want)
		}
		var published uint64
		s.call(control.Publish, control.None{}, &published)
		s.extra++
		if s.newest++; published != s.newest {
			t.Errorf("published event %d, not %d", published, s.newest)
		}
	}
	s.call(control.Mark, control.None{}, &m)
	var p control.PublishedAt
	s.call(control.Published, control.None{}, &p)
	p.Due, p.Lag = p.Due[len(earlier.Due):], p.Lag[len(earlier.Due):]
	if want := int(s.newest-before) - 3; len(p.Due) != want || len(p.Lag) != want || m.Newest != s.newest {
		t.Errorf("it tells of %d events, %d lags up to event %d; not %d up to %d", len(p.Due), len(p.Lag), m.Newest, want, s.newest)
	}
	for i, lag := range p.Lag {
		if lag < 0 || p.Due[i]+lag > m.At {
			t.Errorf("an event due at %d was published %d ns later, by %d", p.Due[i], lag, m.At)
		}
		if i > 0 && p.Due[i] <= p.Due[i-1] {
			t.Errorf("an event is due at %d, after one at %d", p.Due[i], p.Due[i-1])
		}
	}
	if m.Usage.CPU() <= 0 || m.Usage.Goroutines <= 0 || m.PublishCPU < 0 {
		t.Errorf("the mark is %+v", m)
	}
	if err := s.peer.Call(t.Context(), "stop", control.None{}, nil); err == nil || err.Error() != `stop: there is no command "stop"` {
		t.Errorf("an unknown command ends with %v", err)
	}
}

// Trial time that was started passes while other commands are answered.
func TestSteeredStart(t *testing.T) {
	s := serveSteered(t)
	s.call(control.Start, control.RunArgs{Origin: s.clock.Now() - int64(s.at), To: feed.Forever}, nil)
	var m control.ServerMark
	for want := s.newest + 10; m.Newest < want; {
		s.call(control.Mark, control.None{}, &m)
	}
}

// The server tells when its connections ended, by its clock.
func TestSteeredTellsOfEnds(t *testing.T) {
	s := serveSteered(t)
	sub := s.subscribe("ws", feed.Text, false)
	sub.read(1)
	var none, one []int64
	s.call(control.Ends, control.EndedArgs{}, &none)
	before := s.clock.Now()
	sub.cancel()
	s.call(control.Ends, control.EndedArgs{Count: 1, Until: before + int64(time.Minute)}, &one)
	if after := s.clock.Now(); len(none) != 0 || len(one) != 1 || one[0] < before || one[0] > after {
		t.Errorf("first ends at %v, and after one between %d and %d at %v", none, before, after, one)
	}
	if c := s.tally(); c.Conns != 1 || c.Closed != 1 {
		t.Errorf("it counts %+v", c)
	}
}

// The end of its input ends the server, with a trial in hand or without.
func TestSteeredServerEndsWithInput(t *testing.T) {
	t.Run("at rest", func(t *testing.T) {
		s := serveSteered(t)
		s.stdin.Close()
		if code := <-s.code; code != 0 {
			t.Errorf("exit code %d", code)
		}
	})
	t.Run("in a trial", func(t *testing.T) {
		s := serveSteered(t)
		sub := s.subscribe("ws", feed.Text, false)
		called := make(chan error, 1)
		go func() {
			called <- s.peer.Call(context.Background(), control.Run,
				control.RunArgs{Origin: s.clock.Now() - int64(s.at), To: feed.Forever}, nil)
		}()
		sub.read(s.newest + 10)
		sub.cancel()
		s.stdin.Close()
		if code := <-s.code; code != 0 {
			t.Errorf("exit code %d", code)
		}
		if err := <-called; err == nil {
			t.Error("a trial without an end has ended")
		}
	})
}

// subscriber is one of a steered server, on a connection of its own.
type subscriber struct {
	t        *testing.T
	tally    wire.Tally
	headers  wire.Headers
	meter    feed.Meter
	timeline *feed.Timeline
	events   chan feed.Event
	cancel   context.CancelFunc
}

// subscribe starts a subscriber that ends with the test.
func (s *steeredServer) subscribe(transport string, codec feed.Codec, version2 bool) *subscriber {
	s.t.Helper()
	spec, err := all.Parse(transport)
	if err != nil {
		s.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	sub := &subscriber{t: s.t, timeline: feed.NewTimeline(s.clock), events: make(chan feed.Event, 1000), cancel: cancel}
	sub.timeline.Run(s.clock.Now(), feed.Forever)
	client := &wire.Client{
		Dial: func(ctx context.Context) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, "tcp", s.where.Addr)
		},
		HTTP2:   version2,
		Tally:   &sub.tally,
		Headers: &sub.headers,
	}
	if s.where.Authority != "" {
		if client.TLS, err = wire.ClientConfig([]byte(s.where.Authority)); err != nil {
			s.t.Fatal(err)
		}
	}
	ended := make(chan error, 1)
	go func() {
		ended <- spec.Transport.Subscribe(ctx, client.HTTP(), feed.Subscription{
			Address:  spec.Address(wire.URL, false),
			Options:  spec.Options,
			Codec:    codec,
			Clock:    s.clock,
			Timeline: sub.timeline,
			Meter:    &sub.meter,
			Emit: func(e feed.Event) {
				e.Body = bytes.Clone(e.Body)
				sub.events <- e
			},
		})
	}()
	s.t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			s.t.Errorf("%s ended with %v", transport, err)
		}
	})
	return sub
}

// read reads up to event newest, which it must get one by one.
func (sub *subscriber) read(newest uint64) (events []feed.Event) {
	sub.t.Helper()
	deadline := time.After(time.Minute)
	for seq := uint64(1); seq <= newest; seq++ {
		select {
		case e := <-sub.events:
			if e.Seq != seq {
				sub.t.Fatalf("event %d came where %d is next", e.Seq, seq)
			}
			events = append(events, e)
		case <-deadline:
			sub.t.Fatalf("event %d does not come", seq)
		}
	}
	return events
}

// What the scheduled events carry depends on the seed and the block alone: not
// on how many others there were.
func TestScheduledEventsAreTheSame(t *testing.T) {
	bodies := func(extra int, args ...string) (scheduled []string) {
		s := serveSteered(t, args...)
		for range extra {
			s.call(control.Publish, control.None{}, nil)
		}
		s.run(100 * time.Millisecond)
		var m control.ServerMark
		s.call(control.Mark, control.None{}, &m)
		due := make(map[int64]bool)
		var p control.PublishedAt
		s.call(control.Published, control.None{}, &p)
		for _, at := range p.Due {
			due[at] = true
		}
		for _, e := range s.subscribe("ws", feed.Text, false).read(m.Newest) {
			if due[e.Due] {
				scheduled = append(scheduled, string(e.Body))
			}
		}
		return scheduled
	}
	first := fmt.Sprint(bodies(0))
	if got := fmt.Sprint(bodies(5)); got != first {
		t.Error("extra events change what scheduled ones carry")
	}
	if got := fmt.Sprint(bodies(0, "-seed", "2")); got == first {
		t.Error("another seed changes nothing")
	}
	if got := fmt.Sprint(bodies(0, "-block", "1")); got == first {
		t.Error("another block changes nothing")
	}
}
