package ws_test

import (
	"bytes"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pushbench/servers/feed"
	"pushbench/servers/feed/feedtest"
	"pushbench/servers/ws"
)

// A subscriber may be silent for as long as it likes, but not in the middle of a
// message, wherever that is: within a header, a payload, or between two frames.
func TestMessageThatDoesNotEnd(t *testing.T) {
	fragments := clientFrame(0x01, ">he") + clientFrame(0x89, "p") + clientFrame(0x00, "") + clientFrame(0x80, "llo")
	for name, c := range map[string]struct {
		stream string
		echoes string // of what is whole
	}{
		"a frame":             {clientFrame(0x81, ">hello"), ""},
		"one, then another":   {clientFrame(0x81, ">1") + clientFrame(0x81, ">hello"), ">1"},
		"fragments":           {fragments, ""},
		"after fragments":     {fragments + clientFrame(0x81, ">hello"), ">hello"},
		"a ping":              {clientFrame(0x89, "ping"), ""},
		"a length of 16 bits": {clientFrame(0x82, strings.Repeat("x", 200)), ""},
	} {
		from := strings.LastIndex(c.stream, clientFrame(0x81, ">hello"))
		for at := max(from, 0) + 1; at < len(c.stream); at++ {
			synctest.Test(t, func(t *testing.T) {
				server := feedtest.Serve(t, ws.Transport, feedtest.Config{Addr: feedtest.InMemory})
				conn := upgraded(t, server, "")
				defer conn.Close()
				<-time.After(24 * time.Hour)
				start := time.Now()
				go io.WriteString(conn, c.stream[:at])
				echoed, _ := io.ReadAll(conn)
				// The library itself gives the payload of a control frame 5 s.
				if took := time.Since(start); took != feed.MessageTime && (took != 5*time.Second || !strings.Contains(c.stream, "\x89")) {
					t.Errorf("%s, of which %d bytes came: cut off after %v", name, at, took)
				}
				if !bytes.Contains(echoed, []byte(c.echoes)) {
					t.Errorf("%s: its echoes are %q", name, echoed)
				}
			})
		}
	}
}

// No byte buys a message more time, and one that took its time leaves the next
// one all of its own.
func TestMessageByteByByte(t *testing.T) {
	const pause = 4 * time.Second
	for name, c := range map[string]struct {
		stream string
		held   time.Duration
	}{
		"in time":        {strings.Repeat(clientFrame(0x81, ">hello"), 3) + "\x81", 3*12*pause + feed.MessageTime},
		"a frame":        {clientFrame(0x81, ">"+strings.Repeat("x", 30)), feed.MessageTime},
		"many fragments": {clientFrame(0x01, ">") + strings.Repeat(clientFrame(0x00, "x"), 10), feed.MessageTime},
		"pings between":  {clientFrame(0x01, ">") + strings.Repeat(clientFrame(0x89, "x"), 10), feed.MessageTime},
	} {
		synctest.Test(t, func(t *testing.T) {
			server := feedtest.Serve(t, ws.Transport, feedtest.Config{Addr: feedtest.InMemory})
			conn := upgraded(t, server, "")
			synctest.Wait()
			start := time.Now()
			var sender sync.WaitGroup
			sender.Go(func() {
				for i := range len(c.stream) {
					if _, err := io.WriteString(conn, c.stream[i:i+1]); err != nil {
						return
					}
					<-time.After(pause)
				}
			})
			io.Copy(io.Discard, conn)
			if took := time.Since(start); took != c.held {
				t.Errorf("%s: cut off after %v, not %v", name, took, c.held)
			}
			conn.Close()
			sender.Wait()
		})
	}
}

// What a client sends along with its request, without waiting for the 101, is its
// first frames, however much of them there is.
func TestFramesWithTheRequest(t *testing.T) {
	first, second := clientFrame(0x81, ">early"), clientFrame(0x81, ">"+strings.Repeat("x", 9000))
	want := "\x81\x06>early\x81\x7e\x23\x29>" + strings.Repeat("x", 9000)
	all := first + second
	for _, early := range []int{1, 6, len(first), len(first) + 1, 3000, len(all)} {
		server := feedtest.Serve(t, ws.Transport, feedtest.Config{})
		conn, err := server.NewSubscriber(0, "").Dial(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			io.WriteString(conn, handshake("")+all[:early])
			io.WriteString(conn, all[early:])
		}()
		got := make([]byte, 0, 2*len(all))
		for !bytes.HasSuffix(got, []byte(want)) {
			n, err := conn.Read(got[len(got):cap(got)])
			if got = got[:len(got)+n]; err != nil {
				t.Fatalf("with %d bytes early it got %d bytes, %v", early, len(got), err)
			}
		}
		conn.Close()
	}
}
