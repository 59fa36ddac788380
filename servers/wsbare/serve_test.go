package wsbare

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pushbench/servers/feed"
	"pushbench/servers/feed/feedtest"
	"pushbench/servers/wire"
)

func TestConformance(t *testing.T) {
	feedtest.Test(t, Transport, "",
		"batch=on", "batch=10ms",
		"compress=no-takeover", "compress=takeover", "compress=takeover&batch=on", "compress=no-takeover&threshold=128B",
		"ping=1h", "subprotocol=feed.v1")
}

// With pings as often as can be, delivery is what it is without.
func TestDeliveryAmongPings(t *testing.T) {
	server := feedtest.Serve(t, Transport, feedtest.Config{})
	sub := server.Subscribe(0, "ping=5ms&pong=10s")
	for n := uint64(1); sub.Meter.FramingUp.Load() < 6*10 || n < 100; n++ { // ten pongs
		server.Publish(1)
		sub.Await(n)
	}
	server.Check(sub.Events(), 0, server.Log.Newest())
	if err := sub.Cancel(); err != nil {
		t.Error(err)
	}
}

func TestPlainRequestIsToldToUpgrade(t *testing.T) {
	server := feedtest.Serve(t, Transport, feedtest.Config{})
	resp, reason := server.Request(http.MethodGet, "/wsbare?since=0")
	if resp.StatusCode != http.StatusUpgradeRequired || resp.Header.Get("Upgrade") != "websocket" || !strings.Contains(reason, "Upgrade") {
		t.Errorf("status %d, Upgrade: %q, reason %q; not 426, Upgrade: websocket and why", resp.StatusCode, resp.Header.Get("Upgrade"), reason)
	}
}

func TestEndOfFeedIsGoingAway(t *testing.T) {
	server := feedtest.Serve(t, Transport, feedtest.Config{})
	server.Publish(1)
	sub := server.Subscribe(0, "")
	sub.Await(1)
	server.Log.Close()
	var closed *CloseError
	if err := sub.Err(); !errors.As(err, &closed) || closed.Status != StatusGoingAway || closed.Reason != "the feed has ended" {
		t.Errorf("the subscription ended with %v", err)
	}
}

// subscribed is the client's end of a connection to a server of the feed.
func subscribed(t *testing.T, server *feedtest.Server, query string, o DialOptions) *Conn {
	t.Helper()
	conn, err := Dial(t.Context(), server.NewSubscriber(0, "").Client, wire.URL+"/wsbare?since=0"+query, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

// A subscriber who says what is no uplink message, or says it too long, is told
// so.
func TestSubscriberThatSaysWhatItMustNot(t *testing.T) {
	for _, c := range []struct {
		name    string
		op      Opcode
		message string
		want    Status
	}{
		{"no mark", Text, "hello", StatusPolicy},
		{"nothing", Text, "", StatusPolicy},
		{"binary where the feed is text", Binary, ">hello", StatusUnsupported},
		{"not UTF-8", Text, ">\xff", StatusBadData},
		{"too long", Text, ">" + strings.Repeat("x", feed.MaxUplink), StatusTooBig},
	} {
		t.Run(c.name, func(t *testing.T) {
			server := feedtest.Serve(t, Transport, feedtest.Config{})
			conn := subscribed(t, server, "", DialOptions{})
			if err := conn.WriteMessage(c.op, []byte(c.message)); err != nil {
				t.Fatal(err)
			}
			var closed *CloseError
			if _, _, err := conn.NextMessage(); !errors.As(err, &closed) || closed.Status != c.want {
				t.Errorf("it ended with %v, not status %d", err, c.want)
			}
		})
	}
}

// After its close frame a server sends nothing, no pong and no echo (§5.5.1),
// and closes the socket when it has the client's (§7.1.1).
func TestNothingFollowsTheClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := net.Pipe()
		log := feed.NewLog(feed.Text, feed.DefaultRing, feed.NewClock())
		options, err := Transport.Parse(nil, true)
		if err != nil {
			t.Fatal(err)
		}
		s := newSubscriber(newServer(near, nil, feed.MaxUplink), log, feed.Request{Options: options})
		s.begin()
		go s.listen()
		log.Close()
		want := frame(true, opClose, closing(StatusGoingAway, "the feed has ended"))
		got := make([]byte, len(want))
		if _, err := io.ReadFull(far, got); err != nil || string(got) != want {
			t.Fatalf("it sent %q, %v", got, err)
		}
		go io.WriteString(far, masked(frame(true, opPing, "p")+frame(true, Text, ">late")+frame(true, opClose, closing(StatusGoingAway, ""))))
		start := time.Now()
		if rest, err := io.ReadAll(far); err != nil || len(rest) > 0 || time.Since(start) > 0 {
			t.Errorf("then it sent %q, %v, and went after %v", rest, err, time.Since(start))
		}
	})
}

// A client that does not answer the close frame is not waited for for ever.
func TestCloseThatIsNotAnswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := feedtest.Serve(t, Transport, feedtest.Config{Addr: feedtest.InMemory})
		conn := subscribed(t, server, "", DialOptions{})
		server.Log.Close()
		start := time.Now()
		io.Copy(io.Discard, conn.socket)
		if took := time.Since(start); took != patience {
			t.Errorf("it took %v", took)
		}
	})
}

// A subscriber who never reads holds nobody else up and takes no memory of its
// own: it falls behind, and the events it missed are a gap.
func TestSubscriberWhoNeverReads(t *testing.T) {
	server := feedtest.Serve(t, Transport, feedtest.Config{Ring: 100})
	stuck := subscribed(t, server, "", DialOptions{})
	sub := server.Subscribe(0, "")
	body := bytes.Repeat([]byte("x"), 100<<10)
	for n := range uint64(300) { // 30 MB, more than sockets hold
		server.Log.Publish(1, body)
		sub.Await(n + 1)
	}
	var missed uint64
	for last := uint64(0); last < 300; {
		_, message, err := stuck.NextMessage()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := feed.Text.DecodeAll(message, func(e feed.Event) {
			if gap, ok := e.Gap(); ok {
				missed += gap.Last - gap.First + 1
			}
			last = e.Cursor()
		}); err != nil {
			t.Fatal(err)
		}
	}
	if missed == 0 {
		t.Error("it has missed nothing: who kept 30 MB for it?")
	}
}

// An event is framed, and compressed, once for all subscribers in step.
func TestFramesAreShared(t *testing.T) {
	log := feed.NewLog(feed.Text, feed.DefaultRing, feed.NewClock())
	s := share(log)
	if share(log) != s {
		t.Fatal("two subscribers of one log share nothing")
	}
	for range 200 {
		log.Publish(1, []byte("body"))
	}
	records, _, err := log.Since(0, 200, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, compress := range []bool{false, true} {
		newest := records[199:]
		frames := make([][]byte, 8)
		var all sync.WaitGroup
		for i := range frames {
			all.Go(func() { frames[i] = s.frame(newest, compress) })
		}
		all.Wait()
		for _, f := range frames {
			if len(f) == 0 || &f[0] != &frames[0][0] {
				t.Error("the same frame was made twice")
			}
		}
		e := end{limit: MaxMessage, deflate: new(inflater)}
		if o := e.conclude(t, &peer{says: frames[0]}); len(o.messages) != 1 || o.messages[0] != (message{Text, string(newest[0].Wire)}) {
			t.Errorf("the frame comes to %+v", o)
		}
		if f := s.frame(records[199-sharedFrames:200-sharedFrames], compress); f != nil {
			t.Error("a subscriber far behind pushed out what the others need")
		}
		if f := s.frame(records[198:200], compress); f != nil {
			t.Error("two events got the frame of one")
		}
		if n := testing.AllocsPerRun(100, func() { s.frame(newest, compress) }); n > 0 {
			t.Errorf("to find a frame takes %v allocations", n)
		}
	}
	batch := s.frame(records[195:198], true)
	if batch == nil || &batch[0] != &s.frame(records[195:198], true)[0] {
		t.Error("a batch is not compressed once")
	}
	gap := []feed.Record{{Event: feed.Gap{First: 1, Last: 2}.Event()}}
	if s.frame(gap, false) != nil {
		t.Error("a gap is one subscriber's own")
	}
	s.leave(log)
	s.leave(log)
	if logs.shared[log] != nil {
		t.Error("the frames outlive the last subscriber")
	}
}

// What the knobs say is what goes over the wire: frames that are compressed or
// not, and a subprotocol.
func TestKnobsOnTheWire(t *testing.T) {
	for _, c := range []struct {
		query    string
		o        DialOptions
		inflates bool
		rsv1     bool
	}{
		{"", DialOptions{Compress: Takeover, Subprotocols: []string{"feed.v1"}}, false, false},
		{"&compress=takeover", DialOptions{Compress: Takeover}, true, true},
		{"&compress=no-takeover", DialOptions{Compress: NoTakeover}, true, true},
		{"&compress=takeover&threshold=1KB", DialOptions{Compress: Takeover}, true, false},
		{"&compress=takeover", DialOptions{}, false, false},
		{"&subprotocol=feed.v1", DialOptions{Subprotocols: []string{"other", "feed.v1"}}, false, false},
	} {
		server := feedtest.Serve(t, Transport, feedtest.Config{})
		server.Publish(1)
		conn := subscribed(t, server, c.query, c.o)
		if inflates := conn.agreed != nil && conn.agreed.inflater != nil; inflates != c.inflates {
			t.Errorf("%s: compression is agreed on: %t", c.query, inflates)
		}
		if named := conn.Subprotocol() != ""; named != strings.Contains(c.query, "subprotocol") {
			t.Errorf("%s: the subprotocol is %q", c.query, conn.Subprotocol())
		}
		first := make([]byte, 1)
		_, err := io.ReadFull(conn.socket, first)
		if err != nil || first[0]&bitRSV1 != 0 != c.rsv1 {
			t.Errorf("%s: the first frame begins with %x, %v", c.query, first, err)
		}
	}
}

// A server that does not do what the knobs ask for is not measured.
func TestServerThatAgreesToLess(t *testing.T) {
	for query, want := range map[string]string{
		"compress=takeover":    "did not agree to compress",
		"compress=no-takeover": "did not agree to compress",
		"subprotocol=feed.v1":  "did not pick the subprotocol feed.v1",
	} {
		err := feedtest.Answer(t, Transport, query, func(r *http.Request) string {
			return "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: " +
				acceptKey(r.Header.Get("Sec-WebSocket-Key")) + "\r\n\r\n"
		}, feedtest.Hold)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", query, err)
		}
	}
}

// An event costs no memory on its way to a subscriber.
func TestSendDoesNotAllocate(t *testing.T) {
	log := feed.NewLog(feed.Text, feed.DefaultRing, feed.NewClock())
	log.Publish(1, []byte("body"))
	records, _, err := log.Since(0, 1, nil)
	if err != nil {
		t.Fatal(err)
	}
	near, far := net.Pipe()
	go io.Copy(io.Discard, far)
	defer near.Close()
	s := newSubscriber(newServer(near, nil, testLimit), log, feed.Request{})
	defer s.shared.leave(log)
	defer s.gone()
	var failed error
	if n := testing.AllocsPerRun(100, func() { failed = errors.Join(failed, s.conn.writeFrame(s.frame(records))) }); n > 0 || failed != nil {
		t.Errorf("each event takes %v allocations, %v", n, failed)
	}
}
