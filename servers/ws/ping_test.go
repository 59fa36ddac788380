package ws_test

import (
	"bufio"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"pushbench/servers/feed/feedtest"
	"pushbench/servers/ws"
)

// Pings and their answers are counted, to the byte, and keep a subscription to a
// quiet feed alive at both ends.
func TestPings(t *testing.T) {
	synctest.Test(t, pings)
}

func pings(t *testing.T) {
	server := feedtest.Serve(t, ws.Transport, feedtest.Config{Addr: feedtest.InMemory})
	server.Publish(1)
	sub := server.Subscribe(0, "ping=15s&pong=10s")
	sub.Await(1)
	synctest.Wait()
	before := sub.Tally.Counts()
	down, up := sub.Meter.FramingDown.Load(), sub.Meter.FramingUp.Load()
	<-time.After(time.Hour + time.Second)
	after := sub.Tally.Counts()
	if counted, read := sub.Meter.FramingDown.Load()-down, after.BytesRead-before.BytesRead; counted != read || read < 240*2 {
		t.Errorf("in an hour of pings %d bytes came, %d of them counted", read, counted)
	}
	if counted, wrote := sub.Meter.FramingUp.Load()-up, after.BytesWritten-before.BytesWritten; counted != wrote || wrote < 240*6 {
		t.Errorf("in an hour of pongs %d bytes went, %d of them counted", wrote, counted)
	}
	if reads := after.Reads - before.Reads; reads > 2*240 {
		t.Errorf("240 pings took %d reads", reads)
	}
	server.Publish(1)
	synctest.Wait()
	server.Check(sub.Events(), 0, 2)
}

// A peer that has gone without a word is let go when its answer is overdue,
// whether or not there is something to send to it.
func TestPeerThatDoesNotAnswer(t *testing.T) {
	for name, events := range map[string]int{"while quiet": 0, "while sending": 1} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				server := feedtest.Serve(t, ws.Transport, feedtest.Config{Addr: feedtest.InMemory})
				conn := upgraded(t, server, "&ping=15s&pong=10s")
				defer conn.Close()
				if events == 0 {
					go func() { // it reads, and does not answer
						for b := make([]byte, 100); ; {
							if _, err := conn.Read(b); err != nil {
								return
							}
						}
					}()
				}
				server.Publish(events)
				for server.Tally.Closed.Load() == 0 {
					<-time.After(time.Millisecond)
				}
				if took := time.Since(start).Round(time.Second); took != 25*time.Second {
					t.Errorf("it took %v, not 25s", took)
				}
			})
		})
	}
}

// upgraded is the client's end of a connection after the 101, bare.
func upgraded(t *testing.T, server *feedtest.Server, knobs string) net.Conn {
	t.Helper()
	conn, err := server.NewSubscriber(0, "").Dial(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	go conn.Write([]byte(handshake(knobs)))
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	if resp.StatusCode != http.StatusSwitchingProtocols {
		t.Fatalf("the server answered %s", resp.Status)
	}
	return conn
}

// handshake is a subscriber's request.
func handshake(knobs string) string {
	return "GET /ws?since=0" + knobs + " HTTP/1.1\r\nHost: feed.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
}

// A subscriber that does not read gets no memory: it is written to once, and
// what follows stays in the feed.
func TestSubscriberThatDoesNotRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var writes int
		server := feedtest.Serve(t, ws.Transport, feedtest.Config{Addr: feedtest.InMemory, Ring: 8, Hook: func(p feedtest.Point) {
			if p == feedtest.ServerWrites {
				writes++
			}
		}})
		conn := upgraded(t, server, "")
		defer conn.Close()
		synctest.Wait()
		writes = 0
		server.Publish(100)
		synctest.Wait()
		if writes != 1 {
			t.Errorf("100 events were written to it %d times", writes)
		}
		// When it leaves, so does the server's end.
	})
}
