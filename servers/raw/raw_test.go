package raw

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"pushbench/servers/feed"
	"pushbench/servers/feed/feedtest"
	"pushbench/servers/wire"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.Cleanup(feedtest.LeakedDescriptors()))
}

func TestConformance(t *testing.T) { feedtest.Test(t, Transport, "", "batch=on", "batch=1ms") }

func TestPlainRequestIsToldToUpgrade(t *testing.T) {
	server := feedtest.Serve(t, Transport, feedtest.Config{})
	resp, reason := server.Request(http.MethodGet, "/raw?since=0")
	if resp.StatusCode != http.StatusUpgradeRequired || resp.Header.Get("Upgrade") != protocol || !strings.Contains(reason, protocol) {
		t.Errorf("status %d, Upgrade: %q, reason %q; not 426, Upgrade: %s and why",
			resp.StatusCode, resp.Header.Get("Upgrade"), reason, protocol)
	}
}

// An event costs its length and its encoding, and its subscriber nothing; each
// is sent on its own. Those that are ready together may go together: still a
// frame each, in one write.
func TestFraming(t *testing.T) {
	for knobs, want := range map[string]int64{"": 100, "batch=on": 1} {
		server := feedtest.Serve(t, Transport, feedtest.Config{})
		server.Publish(100)
		sub := server.Subscribe(0, knobs)
		sub.Await(100)
		server.Rest(sub)
		sub.CheckBytes()
		if down, up, answers := sub.Meter.FramingDown.Load(), sub.Meter.FramingUp.Load(), sub.Meter.Answers.Load(); down != 100*prefixLen || up != 0 || answers != 100 {
			t.Errorf("%q: counted %d frames with %d bytes of framing downwards and %d upwards, not 100 with %d and 0", knobs, answers, down, up, 100*prefixLen)
		}
		if writes := server.Tally.Writes.Load(); writes != 1+want {
			t.Errorf("%q: an answer and 100 events took %d writes", knobs, writes)
		}
	}
}

// Events of any size come through, those that are larger than a buffer too.
func TestSizes(t *testing.T) {
	for _, codec := range []feed.Codec{feed.Text, feed.Binary, feed.Base64} {
		for _, size := range []int{0, 1, 1000, 1024, 5000, 1 << 20} {
			server := feedtest.Serve(t, Transport, feedtest.Config{Codec: codec})
			for range 3 {
				server.Log.Publish(1, []byte(strings.Repeat("x", size)))
			}
			sub := server.Subscribe(0, "")
			sub.Await(3)
			server.Rest(sub)
			sub.CheckBytes()
			for _, e := range sub.Events() {
				if len(e.Body) != size {
					t.Errorf("%s: a body of %d bytes came as %d", codec, size, len(e.Body))
				}
			}
		}
	}
}

// upgraded is the client's end of a connection after the 101.
func upgraded(t *testing.T, server *feedtest.Server) io.ReadWriteCloser {
	t.Helper()
	conn, err := dial(t.Context(), server.NewSubscriber(0, "").Client, wire.URL+"/raw?since=0")
	if err != nil {
		t.Fatal(err)
	}
	return conn
}

// A subscriber may send uplink messages. One that says anything else is cut off,
// while the feed is quiet too.
func TestSubscriberThatBabblesIsCutOff(t *testing.T) {
	for name, says := range map[string]string{
		"nothing":             "\x00\x00\x00\x00",
		"what is not marked":  "\x00\x00\x00\x05hello",
		"the mark of binary":  "\x00\x00\x00\x01\xff",
		"an event":            sound,
		"a length too long":   "\x00\x10\x00\x01",
		"the longest length":  "\xff\xff\xff\xff",
		"HTTP":                "GET ",
		"a message, then not": frame([]byte(">hello")) + frame([]byte("hello")),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := feedtest.Serve(t, Transport, feedtest.Config{Addr: feedtest.InMemory})
				conn := upgraded(t, server)
				defer conn.Close()
				go io.WriteString(conn, says) // the server may not take all of it
				if got, err := io.ReadAll(conn); err != nil || len(got) > 0 && string(got) != frame([]byte(">hello")) {
					t.Errorf("it read %q and %v", got, err)
				}
			})
		})
	}
}

// A length that a subscriber announces costs nothing until the bytes come.
func TestAnnouncedLengthCostsNothing(t *testing.T) {
	near, far := net.Pipe()
	var b bytes.Buffer
	echoed := make(chan bool)
	s := newSubscriber(far, feed.NewLog(feed.Text, 1, feed.NewClock()), feed.Request{})
	go func() { echoed <- s.echo([]byte("\x00\x10\x00\x00"), prefixLen, &b) }()
	io.WriteString(near, ">hello")
	near.Close()
	if <-echoed {
		t.Error("a message that was cut short was echoed")
	}
	if b.Cap() > 4096 {
		t.Errorf("for six bytes a buffer of %d was made", b.Cap())
	}
}

// A subscriber who leaves is noticed while there is nothing to send.
func TestLeavingIsNoticedWhileQuiet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := net.Pipe()
		log := feed.NewLog(feed.Text, feed.DefaultRing, feed.NewClock())
		s := newSubscriber(far, log, feed.Request{})
		s.begin()
		go s.listen()
		synctest.Wait() // it waits for an event
		near.Close()
		<-s.ctx.Done() // and the bubble ends only once all of its goroutines have
	})
}

// One that stays but no longer reads holds nobody else up, and is let go when
// it leaves.
func TestLeavingIsNoticedWhileSending(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := net.Pipe()
		log := feed.NewLog(feed.Text, feed.DefaultRing, feed.NewClock())
		s := newSubscriber(far, log, feed.Request{})
		s.begin()
		go s.listen()
		log.Publish(1, []byte("body"))
		synctest.Wait() // it is stuck in its write
		near.Close()
		<-s.ctx.Done() // and the bubble ends only once all of its goroutines have
	})
}

// Between events a subscription costs nothing: no byte, no timer.
func TestQuietCostsNoBytes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := feedtest.Serve(t, Transport, feedtest.Config{Addr: feedtest.InMemory})
		server.Publish(1)
		sub := server.Subscribe(0, "")
		sub.Await(1)
		synctest.Wait()
		before := sub.Tally.Counts()
		<-time.After(24 * time.Hour)
		if after := sub.Tally.Counts(); after != before {
			t.Errorf("in a day without events the tally went from %+v to %+v", before, after)
		}
		server.Publish(1)
		synctest.Wait()
		server.Check(sub.Events(), 0, 2)
	})
}

// A response writer that does not give up its connection gets a refusal.
func TestConnectionThatCannotBeTaken(t *testing.T) {
	log := feed.NewLog(feed.Text, feed.DefaultRing, feed.NewClock())
	r := httptest.NewRequest(http.MethodGet, "/raw?since=0", nil)
	r.Header.Set("Upgrade", protocol)
	w := httptest.NewRecorder()
	Transport.Handler(log).ServeHTTP(w, r)
	if w.Code != http.StatusNotImplemented || !strings.Contains(w.Body.String(), "take over the connection") {
		t.Errorf("status %d, %q; not 501 and why", w.Code, w.Body)
	}
}
