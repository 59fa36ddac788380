package wsbare

import (
	"encoding/binary"
	"errors"
	"io"
	"net"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pushbench/servers/feed"
)

// What came early is read first, however little of it there is.
func TestInboxBeginsEarly(t *testing.T) {
	stream := masked(frame(true, Text, "hello") + frame(true, Binary, strings.Repeat("x", 5000)) + frame(true, Text, "bye"))
	for early := range len(stream) {
		for _, cut := range []int{1, 100, 10_000} {
			c := newServer(&peer{says: []byte(stream[early:]), cut: func(most int) int { return min(most, cut) }}, []byte(stream[:early]), 6000)
			var got []int
			for {
				if early%2 == 0 {
					c.await()
				}
				_, m, err := c.NextMessage()
				if err != nil {
					break
				}
				got = append(got, len(m))
			}
			if !slices.Equal(got, []int{5, 5000, 3}) {
				t.Fatalf("with %d bytes early, by %d, messages of %d bytes came", early, cut, got)
			}
		}
	}
}

// A frame takes memory as its bytes come, not as its length says; and what was
// taken for it is given back.
func TestAnnouncedLengthTakesNoMemory(t *testing.T) {
	header := binary.BigEndian.AppendUint64([]byte{0x82, 0xff}, 64<<20)
	p := &peer{says: append(header, make([]byte, 10_000)...)}
	c := newServer(p, nil, MaxMessage)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, _, err := c.NextMessage()
	runtime.ReadMemStats(&after)
	if took := after.TotalAlloc - before.TotalAlloc; err == nil || took > 100_000 {
		t.Errorf("10 kB of 64 MB took %d bytes of memory and ended with %v", took, err)
	}

	p = &peer{says: []byte(masked(frame(true, Binary, strings.Repeat("x", 100_000))))}
	c = newServer(p, nil, MaxMessage)
	if _, _, err := c.NextMessage(); err != nil {
		t.Fatal(err)
	}
	c.await()
	if c.buffer != (feed.Buffer{}) {
		t.Errorf("a connection at rest keeps %+v", c.buffer)
	}
}

// A connection may be silent for as long as it likes, but not in the middle of a
// message, wherever that is: within a frame, or between two.
func TestMessageThatDoesNotEnd(t *testing.T) {
	for _, whole := range []string{
		masked(frame(true, Text, "hello")),
		masked(frame(false, Text, "he") + frame(true, opPing, "p") + frame(false, opContinuation, "") + frame(true, opContinuation, "llo")),
	} {
		for at := 1; at < len(whole); at++ {
			synctest.Test(t, func(t *testing.T) {
				near, far := net.Pipe()
				defer far.Close()
				c := newServer(near, nil, testLimit)
				defer c.Close()
				go func() {
					<-time.After(24 * time.Hour)
					io.WriteString(far, whole)
					<-time.After(24 * time.Hour)
					io.WriteString(far, whole[:at])
				}()
				go io.Copy(io.Discard, far)
				if _, m, err := c.NextMessage(); err != nil || string(m) != "hello" {
					t.Fatalf("after a day it got %q, %v", m, err)
				}
				start := time.Now()
				_, _, err := c.NextMessage()
				if err == nil || errors.Is(err, os.ErrDeadlineExceeded) || !strings.Contains(err.Error(), "the client began a message and did not end it within 1m0s") {
					t.Errorf("cut after %d bytes: %v", at, err)
				}
				if took := time.Since(start) - 24*time.Hour; took != feed.MessageTime {
					t.Errorf("cut after %d bytes: it was waited for %v", at, took)
				}
			})
		}
	}
}

// No byte of a message buys it more time, and a message that took its time leaves
// the next one all of its own.
func TestMessageByteByByte(t *testing.T) {
	const pause = 3 * time.Second
	for name, c := range map[string]struct {
		stream string
		whole  int // messages
	}{
		"in time":        {masked(frame(true, Text, "hello") + frame(false, Text, "he") + frame(true, opContinuation, "llo") + frame(true, Text, "hello")), 3},
		"a frame":        {masked(frame(true, Text, strings.Repeat("x", 30))), 0},
		"many fragments": {masked(frame(false, Text, "x") + strings.Repeat(frame(false, opContinuation, "x"), 10)), 0},
		"pings between":  {masked(frame(false, Text, "x") + strings.Repeat(frame(true, opPing, "x"), 10)), 0},
	} {
		synctest.Test(t, func(t *testing.T) {
			near, far := net.Pipe()
			c2 := newServer(near, nil, testLimit)
			var sender sync.WaitGroup
			sender.Go(func() {
				for i := range len(c.stream) {
					if _, err := io.WriteString(far, c.stream[i:i+1]); err != nil {
						return
					}
					<-time.After(pause)
				}
				far.Close()
			})
			go io.Copy(io.Discard, far)
			start := time.Now()
			for n := 0; ; n++ {
				_, _, err := c2.NextMessage()
				switch {
				case err == nil:
					continue
				case n != c.whole:
					t.Errorf("%s: after %d messages %v", name, n, err)
				case c.whole == 0 && time.Since(start) != feed.MessageTime:
					t.Errorf("%s: cut off after %v, with %v", name, time.Since(start), err)
				}
				break
			}
			c2.Close()
			far.Close()
			sender.Wait()
		})
	}
}
