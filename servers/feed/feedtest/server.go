package feedtest

import (
	"bytes"
	"context"
	"crypto/tls"
	"math/rand/v2"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pushbench/servers/count"
	"pushbench/servers/feed"
	"pushbench/servers/wire"
)

// Config is what may differ from a plain Server.
type Config struct {
	Codec   feed.Codec  // default text
	Ring    int         // default feed.DefaultRing
	Addr    string      // default a free port of 127.0.0.1; InMemory for a synctest bubble
	Clock   *feed.Clock // default one that no host's age has a part in, which reads what is below 0
	Still   bool        // trial time rests, so that a poll sends its first request only
	Way     Way
	Narrow  bool          // sockets have the smallest buffers, at both ends
	Room    func() int    // how many bytes a write of the server's takes that is tried; nil: all
	Hook    func(Point)   // called whenever a Point is passed, by whoever passes it
	Profile *wire.Profile // header fields of both ends; may be nil
}

// Server is a transport's server end on a loopback port, with a feed of its own
// behind it.
type Server struct {
	Log      *feed.Log
	Tally    wire.Tally
	Timeline *feed.Timeline
	Clock    feed.Clock

	t         testing.TB
	transport *feed.Transport
	addr      string
	dial      func(context.Context) (net.Conn, error)
	hook      func(Point)
	origin    int64 // of trial time
	way       Way
	profile   *wire.Profile
	trust     *tls.Config // of subscribers; nil: in clear
	loops     *wire.Loops // that read for subscribers; nil: goroutines do
	serving   atomic.Int64

	mu        sync.Mutex
	published []feed.Event // without bodies
}

// Serve starts a server that ends with the test, which fails if a request is
// still being served when all subscribers have gone.
func Serve(t testing.TB, tr *feed.Transport, c Config) *Server {
	t.Helper()
	if c.Codec == "" {
		c.Codec = feed.Text
	}
	if c.Ring == 0 {
		c.Ring = feed.DefaultRing
	}
	if c.Addr == "" {
		c.Addr = "127.0.0.1:0"
	}
	if c.Clock == nil {
		clock := feed.ClockAt(-int64(time.Hour))
		c.Clock = &clock
	}
	if c.Hook == nil {
		c.Hook = func(Point) {}
	}
	l, dial := listen(t, c.Addr)
	if c.Narrow {
		l, dial = narrow(l, dial)
	}
	s := &Server{
		Log:       feed.NewLog(c.Codec, c.Ring, *c.Clock),
		Timeline:  feed.NewTimeline(*c.Clock),
		Clock:     *c.Clock,
		t:         t,
		transport: tr,
		addr:      l.Addr().String(),
		dial: func(ctx context.Context) (net.Conn, error) {
			conn, err := dial(ctx)
			if err != nil || c.Way.Loop { // nobody steps in at a client's read: the loop needs the socket itself
				return conn, err
			}
			return clientConn(conn, c.Hook), nil
		},
		hook:    c.Hook,
		origin:  c.Clock.Now(),
		way:     c.Way,
		profile: c.Profile,
		trust:   c.Way.clientTLS(t),
	}
	if !c.Still {
		s.Timeline.Run(s.origin, feed.Forever)
	}
	if c.Way.Foreign != nil {
		s.serveForeign(hookedListener{Listener: l, hook: c.Hook})
		return s
	}
	mux := http.NewServeMux()
	mux.Handle("/"+tr.Name, s.observed(tr.Handler(s.Log)))
	server := feed.NewServer(s.Log, c.Profile.Handler(mux), wire.Protocols())
	counted := wire.Listener(hookedListener{l, c.Hook, c.Room}, &s.Tally)
	if config := c.Way.serverTLS(t); config != nil {
		counted = wire.TLSListener(hookedListener{l, c.Hook, c.Room}, &s.Tally, config)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		server.Serve(counted)
	}()
	if c.Way.Loop {
		s.loops = newLoops(t)
	}
	t.Cleanup(func() {
		s.Log.Close()
		server.Close()
		<-ended
		until(t, "every request is done with", func() bool { return s.serving.Load() == 0 })
	})
	return s
}

func (s *Server) observed(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.serving.Add(1)
		defer s.serving.Add(-1)
		s.hook(ServeBegins)
		defer s.hook(ServeEnds)
		h.ServeHTTP(w, r)
	})
}

// Publish publishes the next n events.
func (s *Server) Publish(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for range n {
		seq := uint64(len(s.published) + 1)
		e := s.Log.Publish(due(seq), body(s.Log.Codec(), seq))
		if e.Seq != seq {
			s.t.Errorf("published event %d where %d was next", e.Seq, seq)
		}
		s.published = append(s.published, e)
	}
}

// event is a published event as a subscriber has to get it.
func (s *Server) event(seq uint64) feed.Event {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.published[seq-1]
	e.Body = body(s.Log.Codec(), seq)
	return e
}

// Check fails the test unless got is every event after since up to newest, each
// once and in order, with the given gaps in their places.
func (s *Server) Check(got []feed.Event, since, newest uint64, gaps ...feed.Gap) {
	s.t.Helper()
	cursor := since
	for i, e := range got {
		var want feed.Event
		switch {
		case len(gaps) > 0 && gaps[0].First == cursor+1:
			want, gaps = gaps[0].Event(), gaps[1:]
		case cursor == newest:
			s.t.Fatalf("got event %d after the newest, %d", e.Seq, newest)
		default:
			want = s.event(cursor + 1)
		}
		if e.Seq != want.Seq || e.Due != want.Due || e.Sent != want.Sent || !bytes.Equal(e.Body, want.Body) {
			s.t.Fatalf("number %d of the events after %d is\n%+v, not\n%+v", i+1, since, e, want)
		}
		cursor = want.Cursor()
	}
	if cursor != newest || len(gaps) > 0 {
		s.t.Fatalf("got what follows %d up to %d, not up to %d with the gaps %v", since, cursor, newest, gaps)
	}
}

// CheckLatest fails the test unless got is what want=latest promises a
// subscriber that had everything up to since: events as they were published,
// each newer than the one before, the newest one last, and no gap.
func (s *Server) CheckLatest(got []feed.Event, since, newest uint64) {
	s.t.Helper()
	cursor := since
	for i, e := range got {
		if gap, ok := e.Gap(); ok {
			s.t.Fatalf("number %d of the newest events after %d is the %v", i+1, since, gap)
		}
		if e.Seq <= cursor || e.Seq > newest {
			s.t.Fatalf("after event %d of %d comes %d", cursor, newest, e.Seq)
		}
		if want := s.event(e.Seq); e.Due != want.Due || e.Sent != want.Sent || !bytes.Equal(e.Body, want.Body) {
			s.t.Fatalf("number %d of the newest events after %d is\n%+v, not\n%+v", i+1, since, e, want)
		}
		cursor = e.Seq
	}
	if cursor != newest {
		s.t.Fatalf("the newest event it got is %d, not %d", cursor, newest)
	}
}

// Rest lets no more polls fall due and waits until nothing is in flight, so
// that both ends have counted the same.
func (s *Server) Rest(subscribers ...*Subscriber) {
	s.t.Helper()
	s.Timeline.Run(s.origin, 1) // long past
	if err := s.Timeline.AtRest(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
	until(s.t, "both ends count the same bytes", func() bool {
		var clients wire.Counts
		for _, sub := range subscribers {
			clients = count.Add(clients, sub.Tally.Counts())
		}
		server := s.Tally.Counts()
		return server.Conns == clients.Conns && server.Pending == 0 &&
			server.BytesRead == clients.BytesWritten && server.BytesWritten == clients.BytesRead
	})
}

// bodySize is that of every event published here.
const bodySize = 40

// body is the body of event seq.
func body(c feed.Codec, seq uint64) []byte { return content(c, seq, bodySize) }

// content is n bytes made of a seed: any where the encoding allows it, else
// printable ones.
func content(c feed.Codec, seed uint64, n int) []byte {
	rng := rand.New(rand.NewPCG(seed, 1))
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(rng.Uint32())
		if c == feed.Text {
			b[i] = ' ' + b[i]%95
		}
	}
	return b
}

func due(seq uint64) int64 { return int64(1000 * seq) }
