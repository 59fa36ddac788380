package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pushbench/servers/all"
	"pushbench/servers/feed"
	"pushbench/servers/wire"
)

// held sends something, and then either nothing or one byte after the other, and
// returns what the server answered and how long it went on listening.
func held(s *site, conn net.Conn, sends string, pause time.Duration) (answer string, took time.Duration) {
	s.t.Helper()
	began := time.Now()
	var sender sync.WaitGroup
	sender.Go(func() {
		io.WriteString(conn, sends)
		for pause > 0 {
			<-time.After(pause)
			if _, err := io.WriteString(conn, "x"); err != nil {
				return
			}
		}
	})
	got, _ := io.ReadAll(conn) // until the server has had enough
	took = time.Since(began)
	conn.Close()
	sender.Wait()
	return string(got), took
}

// lingering is how long http.Server waits behind an answer that ends a connection,
// for the client to leave.
const lingering = time.Second

// paths are where something is served, and where nothing is.
func paths() []string {
	paths := []string{all.EchoPath, "/nowhere"}
	for _, tr := range all.Transports {
		paths = append(paths, "/"+tr.Name)
	}
	return paths
}

const upgrade = "Connection: Upgrade\r\nUpgrade: %s\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"

// Who sends a request's head byte by byte is cut off in time, whatever it asks for
// and however far it has come; each byte does not buy it more.
func TestSlowHead(t *testing.T) {
	for name, sends := range map[string]string{
		"nothing":          "",
		"a byte":           "G",
		"a request line":   "GET /poll?since=0 HTTP/1.1\r\n",
		"half an upgrade":  "GET /ws?since=0 HTTP/1.1\r\nHost: h\r\n" + fmt.Sprintf(upgrade, "websocket"),
		"another's":        "GET /wsbare?since=0 HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n",
		"HTTP/2's preface": "PRI * HTTP/2.0\r\n",
	} {
		for _, pause := range []time.Duration{0, time.Second} {
			t.Run(fmt.Sprintf("%s, then a byte every %v", name, pause), func(t *testing.T) {
				bothWays(t, func(t *testing.T, secure bool) {
					s := openSite(t, secure)
					defer s.close()
					if answer, took := held(s, s.dial(), sends, pause); took > feed.RequestTime+lingering {
						t.Errorf("held for %v, not %v at most, and answered with %q", took, feed.RequestTime, answer)
					}
				})
			})
		}
	}
}

// bodies are of requests, and do not come whole.
var bodies = map[string]string{
	"a length and a byte":  "Content-Length: 100\r\n\r\nx",
	"a length and nothing": "Content-Length: 1\r\n\r\n",
	"the longest length":   "Content-Length: 9223372036854775807\r\n\r\n",
	"half a chunk":         "Transfer-Encoding: chunked\r\n\r\n5\r\nhel",
	"half a chunk's size":  "Transfer-Encoding: chunked\r\n\r\n5",
	"no last chunk":        "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
	"no trailer's end":     "Transfer-Encoding: chunked\r\n\r\n0\r\n",
}

// A body that does not come is waited for no longer than a head is, wherever it is
// sent to and by whatever method: a message that is posted is answered with 408,
// and a GET, which has no body, at once with 400.
func TestBodyThatNeverComes(t *testing.T) {
	for _, path := range append(paths(), "*") {
		for name, body := range bodies {
			t.Run(path+" "+name, func(t *testing.T) {
				bothWays(t, func(t *testing.T, secure bool) {
					s := openSite(t, secure)
					defer s.close()
					methods := []string{"POST", "GET", "PUT", "OPTIONS"}
					if path == "*" {
						methods = []string{"OPTIONS"}
					}
					for _, method := range methods {
						answer, took := held(s, s.dial(), method+" "+path+" HTTP/1.1\r\nHost: feed.test\r\n"+body, 0)
						if took > feed.RequestTime+lingering {
							t.Errorf("%s: held for %v, not %v at most", method, took, feed.RequestTime)
						}
						want := ""
						switch {
						case path == "/nowhere" || method == "PUT" || method == "OPTIONS":
						case method == "GET":
							want = "HTTP/1.1 400 "
						case strings.HasPrefix(name, "no trailer"):
							want = "HTTP/1.1 400 " // http.Server does not tell that it was time
						default:
							want = "HTTP/1.1 408 "
						}
						if !strings.HasPrefix(answer, want) || want != "" && !strings.Contains(answer, "Connection: close\r\n") {
							t.Errorf("%s: answered with %q, not with %q and the end of the connection", method, answer, want)
						}
					}
				})
			})
		}
	}
}

// No byte of a body buys it more time.
func TestSlowBody(t *testing.T) {
	for _, path := range paths() {
		t.Run(path, func(t *testing.T) {
			bothWays(t, func(t *testing.T, secure bool) {
				s := openSite(t, secure)
				defer s.close()
				for _, method := range []string{"POST", "GET"} {
					answer, took := held(s, s.dial(), method+" "+path+" HTTP/1.1\r\nHost: feed.test\r\nContent-Length: 100\r\n\r\n", time.Second)
					if took > feed.RequestTime+lingering {
						t.Errorf("%s: held for %v, not %v at most, and answered with %q", method, took, feed.RequestTime, answer)
					}
				}
			})
		})
	}
}

// An upgrade with a body is refused, and no byte of that is read as a frame, be it
// there or still to come.
func TestUpgradeWithBody(t *testing.T) {
	const frame = "\x81\x85\x00\x00\x00\x00hello"
	for target, protocol := range map[string]string{
		"/ws?since=0": "websocket", "/wsbare?since=0": "websocket", "/raw?since=0": "pushbench-raw",
		all.EchoPath: "websocket", all.EchoPath + "?end=ws": "websocket",
	} {
		for name, body := range map[string]string{
			"a length":              fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(frame), frame),
			"more than its length":  "Content-Length: 3\r\n\r\n" + frame,
			"less than its length":  "Content-Length: 100\r\n\r\n" + frame,
			"chunks":                fmt.Sprintf("Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n", len(frame), frame),
			"no chunk but the last": "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
			"one that is expected":  "Expect: 100-continue\r\nContent-Length: 100\r\n\r\n",
		} {
			t.Run(target+" "+name, func(t *testing.T) {
				bothWays(t, func(t *testing.T, secure bool) {
					s := openSite(t, secure)
					defer s.close()
					conn := s.dial()
					began := time.Now()
					go io.WriteString(conn, "GET "+target+" HTTP/1.1\r\nHost: feed.test\r\n"+fmt.Sprintf(upgrade, protocol)+body)
					resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
					if err != nil {
						t.Fatal(err)
					}
					reason := make([]byte, resp.ContentLength)
					if _, err := io.ReadFull(resp.Body, reason); err != nil {
						t.Fatal(err)
					}
					if resp.StatusCode != http.StatusBadRequest || !resp.Close || !strings.Contains(string(reason), "has a body") || time.Since(began) > 0 {
						t.Errorf("status %d, %q, after %v; not 400 at once and the end", resp.StatusCode, reason, time.Since(began))
					}
					if rest, _ := io.ReadAll(conn); len(rest) > 0 {
						t.Errorf("then came %q", rest)
					}
					conn.Close()
				})
			})
		}
	}
	bothWays(t, func(t *testing.T, secure bool) { // a length of 0 is none
		s := openSite(t, secure)
		defer s.close()
		conn := s.dial()
		go io.WriteString(conn, "GET /raw?since=0 HTTP/1.1\r\nHost: feed.test\r\nContent-Length: 0\r\n"+fmt.Sprintf(upgrade, "pushbench-raw")+"\r\n")
		if resp, err := http.ReadResponse(bufio.NewReader(conn), nil); err != nil || resp.StatusCode != http.StatusSwitchingProtocols {
			t.Errorf("with a length of 0 it is answered with %+v, %v", resp, err)
		}
		conn.Close()
	})
}

// A connection that is kept alive may be silent for longer than polls are apart,
// but not for ever; and the next request has as long as the first.
func TestKeptAlive(t *testing.T) {
	const ask = "GET /poll?since=0 HTTP/1.1\r\nHost: feed.test\r\n\r\n"
	for next, want := range map[string]time.Duration{"": feed.IdleTime, "GET /poll": feed.RequestTime, "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nx": feed.RequestTime} {
		bothWays(t, func(t *testing.T, secure bool) {
			s := openSite(t, secure)
			defer s.close()
			conn := s.dial()
			r := bufio.NewReader(conn)
			for range 3 {
				go io.WriteString(conn, ask)
				resp, err := http.ReadResponse(r, nil)
				if err != nil {
					t.Fatal(err)
				}
				io.Copy(io.Discard, resp.Body)
				if next != "" || t.Failed() {
					<-time.After(time.Hour) // a poll's longest interval
				}
			}
			if _, took := held(s, conn, next, 0); took < want || took > want+lingering {
				t.Errorf("after %q it is held for %v, not %v", next, took, want)
			}
		})
	}
}

// An answer that ends is not held up for ever by who does not read it.
func TestAnswerThatNobodyReads(t *testing.T) {
	for _, target := range []string{"/poll?since=0", "/longpoll?since=0&hold=1ms", "/longpoll?since=0&hold=1h"} {
		bothWays(t, func(t *testing.T, secure bool) {
			s := openSite(t, secure)
			defer s.close()
			for range 100 {
				s.log.Publish(1, make([]byte, 10_000)) // more than http.Server's buffers hold
			}
			conn := s.dial()
			began := time.Now()
			if _, err := io.WriteString(conn, "GET "+target+" HTTP/1.1\r\nHost: feed.test\r\n\r\n"); err != nil {
				t.Fatal(err)
			}
			for s.tally.Closed.Load() == 0 {
				<-time.After(time.Second)
			}
			most := feed.AnswerTime + lingering
			if strings.HasSuffix(target, "1h") {
				most += time.Hour
			}
			if took := time.Since(began); took > most+5*time.Second { // TLS tries to say farewell
				t.Errorf("%s: held for %v, not %v at most", target, took, most)
			}
			conn.Close()
		})
	}
}

// Nor is an echo, and nothing of a message that has begun, at either server end.
func TestEchoHasDeadlines(t *testing.T) {
	const frame = "\x81\x85\x00\x00\x00\x00hello"
	for _, query := range []string{"", "?end=ws"} {
		for says, reads := range map[string]bool{frame: false, frame[:3]: true, "\x01" + frame[1:]: true, frame + frame[:7]: true} {
			bothWays(t, func(t *testing.T, secure bool) {
				s := openSite(t, secure)
				defer s.close()
				conn := s.dial()
				go io.WriteString(conn, "GET "+all.EchoPath+query+" HTTP/1.1\r\nHost: feed.test\r\n"+fmt.Sprintf(upgrade, "websocket")+"\r\n")
				readHead(t, conn)
				<-time.After(24 * time.Hour)
				began := time.Now()
				if _, err := io.WriteString(conn, says); err != nil {
					t.Fatal(err)
				}
				if reads {
					go io.Copy(io.Discard, conn)
				}
				for s.tally.Closed.Load() == 0 {
					<-time.After(time.Second)
				}
				if took := time.Since(began); took < feed.MessageTime || took > feed.MessageTime+lingering+5*time.Second { // TLS tries to say farewell
					t.Errorf("after %q it is held for %v", says, took)
				}
				conn.Close()
			})
		}
	}
}

// None of these bounds is one of a subscription, which lasts over every way, and
// with it the answer to a request that is parked.
func TestSubscriptionsLast(t *testing.T) {
	for _, tr := range all.Transports {
		if tr.Name == "poll" {
			continue
		}
		spec, err := all.Parse(map[string]string{"longpoll": "longpoll?hold=1h"}[tr.Name])
		if err != nil {
			spec = feed.Spec{}
			if spec, err = all.Parse(tr.Name); err != nil {
				t.Fatal(err)
			}
		}
		for _, version2 := range []bool{false, true} {
			if version2 && tr.Upgrades {
				continue
			}
			t.Run(fmt.Sprintf("%s, HTTP 2: %t", tr.Name, version2), func(t *testing.T) {
				bothWays(t, func(t *testing.T, secure bool) {
					s := openSite(t, secure)
					defer s.close()
					ctx, cancel := context.WithCancel(t.Context())
					defer cancel()
					var got []uint64
					ended := make(chan error, 1)
					go func() {
						ended <- tr.Subscribe(ctx, s.client(version2).HTTP(), feed.Subscription{
							Address: spec.Address(wire.URL, false), Options: spec.Options, Codec: feed.Text, Clock: s.clock, Meter: new(feed.Meter),
							Emit: func(e feed.Event) { got = append(got, e.Seq) },
						})
					}()
					for n := 1; n <= 3; n++ {
						synctest.Wait()
						if len(got) != n {
							t.Fatalf("it got %v, of %d events", got, n)
						}
						<-time.After(24 * time.Hour)
						select {
						case err := <-ended:
							t.Fatalf("after %d days: %v", n, err)
						default:
						}
						s.log.Publish(1, []byte("next"))
					}
					cancel()
					if err := <-ended; err != nil {
						t.Error(err)
					}
				})
			})
		}
	}
}
