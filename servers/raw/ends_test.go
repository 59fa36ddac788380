package raw

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pushbench/servers/feed"
	"pushbench/servers/feed/feedtest"
)

const request = "GET /raw?since=0 HTTP/1.1\r\nHost: feed.test\r\nConnection: Upgrade\r\nUpgrade: " + protocol + "\r\n\r\n"

// What a subscriber sends along with its request, without waiting for the 101, is
// taken for its first messages; what is none of an uplink's cuts it off.
func TestSubscriberThatSpeaksEarly(t *testing.T) {
	message := frame([]byte(">hello"))
	for name, c := range map[string]struct{ early, late, want string }{
		"a message":              {message, "", message},
		"two messages":           {message + message, "", message + message},
		"one, and half of one":   {message + message[:7], message[7:], message + message},
		"a byte":                 {message[:1], message[1:], message},
		"a prefix":               {message[:prefixLen], message[prefixLen:], message},
		"nothing of an uplink's": {"early", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			server := feedtest.Serve(t, Transport, feedtest.Config{})
			conn, err := server.NewSubscriber(0, "").Dial(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			if _, err := io.WriteString(conn, request+c.early); err != nil {
				t.Fatal(err)
			}
			r := bufio.NewReader(conn)
			resp, err := http.ReadResponse(r, nil)
			if err != nil || resp.StatusCode != http.StatusSwitchingProtocols {
				t.Fatalf("got %+v, %v", resp, err)
			}
			if _, err := io.WriteString(conn, c.late); err != nil {
				t.Fatal(err)
			}
			got := make([]byte, len(c.want))
			if _, err := io.ReadFull(r, got); err != nil || string(got) != c.want {
				t.Errorf("its echoes are %q, %v; not %q", got, err, c.want)
			}
			if c.want != "" {
				return
			}
			if n, err := r.Read(make([]byte, 1)); n > 0 || err == nil { // the end may be a reset: not all of it was read
				t.Errorf("it was not cut off: read %d bytes, %v", n, err)
			}
		})
	}
}

// A subscriber that begins a message and does not end it is cut off in time, and
// one that says nothing stays.
func TestMessageThatNeverEnds(t *testing.T) {
	message := frame([]byte(">hello"))
	for name, says := range map[string]string{
		"half a prefix":             message[:2],
		"a prefix":                  message[:prefixLen],
		"half a message":            message[:8],
		"one, and half of the next": message + message[:8],
	} {
		for _, pause := range []time.Duration{0, 5 * time.Second} { // at once, or a byte at a time
			synctest.Test(t, func(t *testing.T) {
				near, far := net.Pipe()
				s := newSubscriber(far, feed.NewLog(feed.Text, 1, feed.NewClock()), feed.Request{})
				s.begin()
				go s.listen()
				<-time.After(24 * time.Hour) // it may say nothing for as long as it likes
				var sender sync.WaitGroup
				sender.Go(func() {
					for i := range len(says) {
						<-time.After(pause)
						io.WriteString(near, says[i:i+1])
					}
				})
				begun := time.Duration(0) // the message that does not end
				if len(says) > len(message) {
					begun = time.Duration(len(message)) * pause
				}
				start := time.Now()
				io.Copy(io.Discard, near)
				if took, want := time.Since(start), begun+pause+feed.MessageTime; took != want {
					t.Errorf("%s, with %v before each byte: cut off after %v, not %v", name, pause, took, want)
				}
				near.Close()
				sender.Wait()
			})
		}
	}
}

// When the feed ends, a subscriber gets all of it and then the end of what the
// server sends, whatever it is sending itself; then the server waits for it to
// leave, but not for ever.
func TestEndOfFeedIsAHalfClose(t *testing.T) {
	log := feed.NewLog(feed.Text, 10, feed.NewClock())
	near, far := halves()
	s := newSubscriber(far, log, feed.Request{})
	s.begin()
	go s.listen()
	log.Publish(1, []byte("body"))
	log.Close()
	got, err := io.ReadAll(near)
	if want := frame([]byte("")); err != nil || len(got) <= len(want) {
		t.Fatalf("it got %q, %v", got, err)
	}
	for range 3 { // it has not heard yet
		if _, err := io.WriteString(near, frame([]byte(">hello"))); err != nil {
			t.Fatalf("the server has closed what it reads from: %v", err)
		}
	}
	near.Close()
	<-s.ctx.Done()
}

// halves are the two ends of a connection that can be ended one way.
func halves() (near, far *half) {
	toFar, fromNear := io.Pipe()
	toNear, fromFar := io.Pipe()
	c, d := net.Pipe()
	return &half{c, toNear, fromNear}, &half{d, toFar, fromFar}
}

type half struct {
	net.Conn // of which the ends are used alone
	r        *io.PipeReader
	w        *io.PipeWriter
}

func (h *half) Read(p []byte) (int, error)      { return h.r.Read(p) }
func (h *half) Write(p []byte) (int, error)     { return h.w.Write(p) }
func (h *half) CloseWrite() error               { return h.w.Close() }
func (h *half) SetReadDeadline(time.Time) error { return nil }
func (h *half) Close() error                    { h.r.Close(); h.w.Close(); return h.Conn.Close() }

// A subscriber that does not leave, or does not read, is not waited for.
func TestSubscriberThatStays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := feed.NewLog(feed.Text, 10, feed.NewClock())
		near, far := halves()
		s := newSubscriber(far, log, feed.Request{})
		s.begin()
		go s.listen()
		log.Close()
		start := time.Now()
		for {
			if _, err := io.WriteString(near, frame([]byte(">hello"))); err != nil {
				break
			}
			<-time.After(time.Second)
		}
		if took := time.Since(start); took < patience || took > patience+time.Second {
			t.Errorf("it was held for %v, not %v", took, patience)
		}
		near.Close()
	})
}
