package main

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"pushbench/servers/feed"
)

// frames are what a client of HTTP/2 by hand sends, behind its preface.
type frames struct {
	bytes.Buffer
	framer *http2.Framer
}

func newFrames() *frames {
	f := new(frames)
	f.WriteString(http2.ClientPreface)
	f.framer = http2.NewFramer(&f.Buffer, nil)
	return f
}

// request adds a request on stream 1, whose fields are "name: value".
func (f *frames) request(method, path string, ends, headEnds bool, fields ...string) {
	var block bytes.Buffer
	encoder := hpack.NewEncoder(&block)
	for _, field := range append([]string{":method: " + method, ":scheme: http", ":authority: feed.test", ":path: " + path}, fields...) {
		at := strings.LastIndex(field, ": ")
		encoder.WriteField(hpack.HeaderField{Name: field[:at], Value: field[at+2:]})
	}
	f.framer.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: block.Bytes(), EndStream: ends, EndHeaders: headEnds})
}

// heard is what comes on a connection of HTTP/2 and when, to its end.
func heard(conn net.Conn) (said []string, took time.Duration) {
	began := time.Now()
	framer := http2.NewFramer(io.Discard, conn)
	framer.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
	for {
		frame, err := framer.ReadFrame()
		at := time.Since(began).Truncate(time.Second)
		switch f := frame.(type) {
		case *http2.MetaHeadersFrame:
			said = append(said, fmt.Sprintf("status %s at %v", f.PseudoValue("status"), at))
		case *http2.DataFrame:
			if f.StreamEnded() {
				said = append(said, fmt.Sprintf("end of stream at %v", at))
			}
		case *http2.GoAwayFrame:
			if last := fmt.Sprintf("GOAWAY %v at %v", f.ErrCode, at); !slices.Contains(said, last) { // it comes in two steps (RFC 9113 §6.8)
				said = append(said, last)
			}
		}
		if err != nil {
			return said, time.Since(began)
		}
	}
}

// What a peer may hold a connection of HTTP/2 in has a bound too: what comes
// before the first request, a request's head, its body, and the time until the
// next.
func TestHTTP2Deadlines(t *testing.T) {
	const settings = 2 * time.Second // http.Server's own time for a client's first frame
	for name, c := range map[string]struct {
		sends func(f *frames)
		said  []string
		most  time.Duration
	}{
		"the preface alone": {func(*frames) {}, nil, settings},
		"settings": {func(f *frames) { f.framer.WriteSettings() },
			[]string{"GOAWAY NO_ERROR at 1h1m0s"}, feed.IdleTime},
		"half a head": {func(f *frames) { f.framer.WriteSettings(); f.request("GET", "/poll?since=0", true, false) },
			[]string{"GOAWAY NO_ERROR at 1h1m0s"}, feed.IdleTime},
		"half a body": {func(f *frames) {
			f.framer.WriteSettings()
			f.request("POST", "/echo", false, true, "content-length: 100")
			f.framer.WriteData(1, false, []byte("x"))
		}, []string{"status 408 at 10s", "end of stream at 10s", "GOAWAY NO_ERROR at 1h1m10s"}, feed.RequestTime + feed.IdleTime},
		"a body without a length": {func(f *frames) { f.framer.WriteSettings(); f.request("POST", "/poll", false, true) },
			[]string{"status 408 at 10s", "end of stream at 10s", "GOAWAY NO_ERROR at 1h1m10s"}, feed.RequestTime + feed.IdleTime},
		"a GET with a body": {func(f *frames) { f.framer.WriteSettings(); f.request("GET", "/sse?since=0", false, true) },
			[]string{"status 400 at 0s", "end of stream at 0s", "GOAWAY NO_ERROR at 1h1m0s"}, feed.IdleTime},
	} {
		t.Run(name, func(t *testing.T) {
			bothWays(t, func(t *testing.T, secure bool) {
				s := openSite(t, secure)
				defer s.close()
				conn := s.dial()
				defer conn.Close()
				f := newFrames()
				c.sends(f)
				go conn.Write(f.Bytes())
				said, took := heard(conn)
				if !slices.Equal(said, c.said) || took > c.most+2*lingering {
					t.Errorf("it said %q and went after %v; not %q and %v", said, took, c.said, c.most)
				}
			})
		})
	}
}

// At the end of the server an answer over HTTP/2 that goes on is ended whole, with
// the last event in it, and the connection with GOAWAY (RFC 9113 §6.8).
func TestHTTP2GoesAway(t *testing.T) {
	bothWays(t, func(t *testing.T, secure bool) {
		s := openSite(t, secure)
		conn := s.dial()
		defer conn.Close()
		f := newFrames()
		f.framer.WriteSettings()
		f.request("GET", "/sse?since=0", true, true)
		go conn.Write(f.Bytes())
		told := make(chan []string)
		go func() {
			said, _ := heard(conn)
			told <- said
		}()
		synctest.Wait()
		ended := make(chan time.Duration)
		go func() {
			began := time.Now()
			shutdown(s.server, &s.tally)
			ended <- time.Since(began)
		}()
		said, want := <-told, []string{"GOAWAY NO_ERROR at 0s", "end of stream at 0s", "status 200 at 0s"}
		if slices.Sort(said); !slices.Equal(said, want) {
			t.Errorf("it said %q, not %q", said, want)
		}
		if took := <-ended; took >= endTime {
			t.Errorf("it took %v", took)
		}
		<-s.served
	})
}
