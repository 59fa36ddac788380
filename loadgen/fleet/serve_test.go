package fleet

import (
	"context"
	"errors"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"pushbench/servers/all"
	"pushbench/servers/control"
	"pushbench/servers/feed"
	"pushbench/servers/wire"
)

const (
	subscribers = 5
	payload     = 100
	patience    = 2 * time.Minute // far beyond what any step takes on a busy host
)

// server is the servers program within the test: a feed behind every transport.
type server struct {
	*feed.Publisher
	tally wire.Tally
	addr  string
	http  *http.Server
}

func serve(t *testing.T, codec feed.Codec) *server {
	t.Helper()
	clock := feed.NewClock()
	schedule, err := feed.NewSchedule(200, feed.Rand(1, 1, "arrivals"))
	if err != nil {
		t.Fatal(err)
	}
	body, err := feed.NewPayload("random", payload, codec, feed.Rand(1, 1, "payload"))
	if err != nil {
		t.Fatal(err)
	}
	s := &server{Publisher: &feed.Publisher{
		Log:      feed.NewLog(codec, feed.DefaultRing, clock),
		Schedule: schedule,
		Payload:  body,
		Timeline: feed.NewTimeline(clock),
		Clock:    clock,
		Record:   true,
	}}
	s.publish()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.addr = l.Addr().String()
	s.http = &http.Server{Handler: all.Handler(s.Log)}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 2)
	go func() { ended <- s.http.Serve(wire.Listener(l, &s.tally)) }()
	go func() { ended <- s.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		s.Log.Close()
		s.http.Close()
		for range cap(ended) {
			if err := <-ended; !errors.Is(err, context.Canceled) && !errors.Is(err, http.ErrServerClosed) {
				t.Error(err)
			}
		}
	})
	return s
}

// publish publishes one event outside the schedule.
func (s *server) publish() { s.Log.Publish(s.Clock.Now(), make([]byte, payload)) }

func (s *server) config(transport string) Config {
	return Config{
		Addr: s.addr, Headers: "minimal", Transport: transport, Encoding: string(s.Log.Codec()), Payload: payload,
		Subscribers: subscribers, DialRate: 1000, Seed: 1, Block: 1,
	}
}

// mark reads the fleet at rest, once its layers add up. They are counted a moment
// after the socket's bytes, as a subscriber makes out what those are; and a long
// poll that is held for milliseconds is asked anew again and again. What never
// adds up checkMarks finds.
func (p process) mark() (m Mark) {
	p.t.Helper()
	again := time.NewTicker(time.Millisecond)
	defer again.Stop()
	given := time.After(patience)
	for {
		p.do(control.Mark, control.None{}, &m)
		down, up := layers(m)
		if down == m.Counts.BytesRead && up == m.Counts.BytesWritten {
			return m
		}
		select {
		case <-again.C:
		case <-given:
			return m
		}
	}
}

// layers is what a mark's layers add up to.
func layers(m Mark) (down, up int64) {
	return m.Payload + m.Envelope + m.EchoesDown + m.HeadersDown + m.FramingDown + m.CompressionDown,
		m.EchoesUp + m.HeadersUp + m.FramingUp + m.CompressionUp
}

// run lets trial time pass at both ends, and waits until they rest and have
// counted the same.
func run(t *testing.T, s *server, p process, a RunArgs) {
	t.Helper()
	p.do(control.Start, a, nil) // so that it knows what is measured before the first event comes
	s.Timeline.Run(a.Origin, a.To)
	p.do(control.Run, a, nil)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := s.Timeline.AtRest(ctx); err != nil {
		t.Fatal(err)
	}
	again := time.NewTicker(time.Millisecond)
	defer again.Stop()
	for {
		var c wire.Counts
		p.do(control.Tally, control.None{}, &c)
		if own := s.tally.Counts(); own.BytesRead == c.BytesWritten && own.BytesWritten == c.BytesRead && own.Conns == c.Conns {
			return
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			t.Fatalf("at rest the fleet has counted %+v and the server %+v", c, s.tally.Counts())
		}
	}
}

// A fleet of every transport, from the first connection to what it has seen.
func TestServe(t *testing.T) {
	for _, test := range []struct {
		transport string
		codec     feed.Codec
	}{
		{"poll?interval=40ms", feed.Text},
		{"poll?interval=40ms&keepalive=off", feed.Base64},
		{"poll?interval=40ms&pace=after", feed.Binary},
		{"longpoll", feed.Text},
		{"longpoll?batch=off", feed.Binary},
		{"longpoll?hold=10ms", feed.Base64},
		{"stream", feed.Text},
		{"stream?batch=on", feed.Binary},
		{"sse", feed.Base64},
		{"ws", feed.Text},
		{"ws", feed.Binary},
		{"wsbare", feed.Text},
		{"raw", feed.Binary},
	} {
		t.Run(test.transport+" "+string(test.codec), func(t *testing.T) {
			s, p := serve(t, test.codec), startFleet(t)
			got := session(t, s, p, s.config(test.transport))
			checkCollected(t, s, got.collected, got.from, got.until)
			checkMarks(t, s, got.before, got.after)
			c, after := got.collected, got.after
			looped := 0
			if runtime.GOOS == "linux" && !strings.Contains(test.transport, "poll") {
				looped = subscribers
			}
			if c.Looped != looped {
				t.Errorf("%d subscribers are read by an event loop, not %d", c.Looped, looped)
			}
			if strings.Contains(test.transport, "keepalive=off") {
				if after.Counts.Conns != after.Requests || after.Requests <= subscribers {
					t.Errorf("%d connections for %d requests", after.Counts.Conns, after.Requests)
				}
			} else if after.Counts.Conns != subscribers || c.Setups.Ready != subscribers {
				t.Errorf("%d connections, %d set-ups, want one for each of %d subscribers", after.Counts.Conns, c.Setups, subscribers)
			}
		})
	}
}

// seen is what a fleet tells of a warm-up and a window.
type seen struct {
	before, after Mark
	collected     Collected
	newest        uint64
	from, until   int64
}

// session takes a fleet from its connections to what it has seen.
func session(t *testing.T, s *server, p process, c Config) (got seen) {
	t.Helper()
	p.do(Connect, c, nil)
	s.publish()
	const lead, warm, end = 10 * time.Millisecond, 50 * time.Millisecond, 250 * time.Millisecond
	origin := s.Clock.Now() + int64(lead)
	run(t, s, p, RunArgs{RunArgs: control.RunArgs{Origin: origin, To: warm}})
	got.before = p.mark()

	origin = s.Clock.Now() + int64(lead-warm)
	got.from, got.until = origin+int64(warm), origin+int64(end-40*time.Millisecond)
	run(t, s, p, RunArgs{RunArgs: control.RunArgs{Origin: origin, To: end}, From: got.from, Until: got.until})
	got.after = p.mark()
	got.newest = s.Log.Newest()
	var left int
	p.do(Await, AwaitArgs{Newest: got.newest, Origin: s.Clock.Now() - int64(end), Timeout: patience}, &left)
	if left != 0 {
		t.Errorf("%d subscribers did not get event %d", left, got.newest)
	}
	p.do(Collect, got.newest, &got.collected)
	return got
}

// checkCollected holds what a fleet says it saw against the feed.
func checkCollected(t *testing.T, s *server, c Collected, from, until int64) {
	t.Helper()
	var distinct int64
	dues, _, _ := s.Published()
	for _, due := range dues {
		if due >= from && due < until {
			distinct++
		}
	}
	if distinct == 0 {
		t.Error("no event was due in the window")
	}
	for _, name := range []string{staleness, delivery} {
		if h := c.Hists[name]; h.N() != distinct*subscribers || h.Min() <= 0 {
			t.Errorf("%s: %d events, the least %d ns; want %d × %d above 0", name, h.N(), h.Min(), distinct, subscribers)
		}
	}
	for _, name := range []string{ttfe, meanBySub, maxBySub} {
		if h := c.Hists[name]; h.N() != subscribers || h.Min() <= 0 {
			t.Errorf("%s: %d values, the least %d ns; want one for each of %d subscribers", name, h.N(), h.Min(), subscribers)
		}
	}
	if h := c.Hists[connect]; h.N() != c.Setups.Ready || h.Min() <= 0 {
		t.Errorf("connect: %d values, the least %d ns, for %d set-ups", h.N(), h.Min(), c.Setups.Ready)
	}
	if c.Order != (Order{}) || c.Dropped != 0 || c.Failed != 0 || len(c.Errors) != 0 {
		t.Errorf("%+v, %d samples dropped, %d subscribers failed, %q", c.Order, c.Dropped, c.Failed, c.Errors)
	}
}

// checkMarks: each layer is counted on its own, and they add up to what passed
// the socket, from the first byte on.
func checkMarks(t *testing.T, s *server, marks ...Mark) {
	t.Helper()
	for i, m := range marks {
		down, up := layers(m)
		if down != m.Counts.BytesRead {
			t.Errorf("mark %d: layers of %d bytes down, %d read", i+1, down, m.Counts.BytesRead)
		}
		if up != m.Counts.BytesWritten {
			t.Errorf("mark %d: layers of %d bytes up, %d written", i+1, up, m.Counts.BytesWritten)
		}
		if m.Payload != m.Delivered*payload || m.Envelope != m.Delivered*int64(s.Log.Codec().Envelope(payload)) {
			t.Errorf("mark %d: %d events of %d and %d bytes", i+1, m.Delivered, m.Payload, m.Envelope)
		}
		if m.Usage.CPU() <= 0 || m.Usage.Goroutines == 0 || m.At == 0 {
			t.Errorf("mark %d: usage %+v at %d", i+1, m.Usage, m.At)
		}
	}
	a, b := marks[0], marks[1]
	if n := b.Delivered - a.Delivered; n <= 0 || a.Delivered < subscribers {
		t.Errorf("%d events delivered before, %d between the marks", a.Delivered, n)
	}
	if b.Requests < a.Requests || b.Answers <= a.Answers || b.At <= a.At || b.Usage.CPU() < a.Usage.CPU() {
		t.Errorf("from %+v to %+v something ran backwards", a, b)
	}
}

func TestConnectRefuses(t *testing.T) {
	s := serve(t, feed.Text)
	for _, test := range []struct {
		name  string
		spoil func(*Config)
		want  string
	}{
		{"unknown transport", func(c *Config) { c.Transport = "carrier-pigeon" }, `transport "carrier-pigeon" is not known`},
		{"unknown knob", func(c *Config) { c.Transport = "ws?pigeons=2" }, `no option "pigeons"`},
		{"unknown encoding", func(c *Config) { c.Encoding = "morse" }, `encoding "morse" is not known`},
		{"no subscribers", func(c *Config) { c.Subscribers = 0 }, "0 subscribers dialled at 1000/s make no fleet"},
		{"no dialling", func(c *Config) { c.DialRate = 0 }, "5 subscribers dialled at 0/s make no fleet"},
		{"dialling backwards", func(c *Config) { c.DialRate = -1 }, "dialled at -1/s"},
		{"nobody listens", func(c *Config) { c.Addr = closedPort(t) }, "connection refused"},
		{"another address", func(c *Config) { c.Address = &feed.Address{Base: wire.URL, Path: "/feeds/ours", Cursor: "after"} }, "404 Not Found: no such path"},
		{"another encoding", func(c *Config) { c.Transport, c.Encoding = "ws", "binary" }, "server sent a text message where the feed's encoding asks for binary"},
		{"another size", func(c *Config) { c.Payload = 99 }, "event 1 has a body of 100 bytes, not 99"},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := s.config("longpoll")
			test.spoil(&c)
			if err := startFleet(t).try(Connect, c, nil); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want %q", err, test.want)
			}
		})
	}
}

// closedPort is an address where nothing listens.
func closedPort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// A server that goes away takes every subscriber with it, and the fleet says so
// instead of waiting.
func TestServerGoesAway(t *testing.T) {
	for _, transport := range []string{"poll?interval=5ms", "longpoll", "stream", "sse", "ws", "wsbare", "raw"} {
		t.Run(transport, func(t *testing.T) {
			s, p := serve(t, feed.Text), startFleet(t)
			p.do(Connect, s.config(transport), nil)
			s.Log.Close()
			s.http.Close()
			run := RunArgs{RunArgs: control.RunArgs{Origin: s.Clock.Now(), To: 20 * time.Millisecond}}
			p.do(control.Run, run, nil)
			var left int
			p.do(Await, AwaitArgs{Newest: 2, Origin: run.Origin, Timeout: patience}, &left)
			if left != subscribers {
				t.Errorf("%d subscribers miss what was never published, want all %d", left, subscribers)
			}
			var c Collected
			p.do(Collect, 2, &c)
			if c.Failed == 0 || len(c.Errors) == 0 || !strings.HasPrefix(c.Errors[0], "subscriber ") {
				t.Errorf("%d failed, with %q", c.Failed, c.Errors)
			}
			if c.Order != (Order{Lost: subscribers}) {
				t.Errorf("%+v, want one event lost by each", c.Order)
			}
		})
	}
}
