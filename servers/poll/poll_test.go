package poll_test

import (
	"math"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"pushbench/servers/feed/feedtest"
	"pushbench/servers/poll"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.Cleanup(feedtest.LeakedDescriptors()))
}

func TestConformance(t *testing.T) {
	feedtest.Test(t, poll.Transport, "interval=1ms", "interval=1ms&pace=after", "interval=1ms&keepalive=off", "interval=1ms&conditional=on",
		"interval=1ms&conditional=on&keepalive=off")
}

func TestConnectionPerPoll(t *testing.T) {
	for knobs, each := range map[string]bool{"interval=1ms": false, "interval=1ms&keepalive=off": true} {
		t.Run(knobs, func(t *testing.T) {
			server := feedtest.Serve(t, poll.Transport, feedtest.Config{})
			sub := server.Subscribe(0, knobs)
			for range 5 {
				server.Publish(1)
				sub.Await(server.Log.Newest())
			}
			server.Rest(sub)
			requests, conns := sub.Meter.Requests.Load(), sub.Tally.Conns.Load()
			if requests < 5 || each && conns != requests || !each && conns != 1 {
				t.Errorf("%d polls took %d connections", requests, conns)
			}
		})
	}
}

// Every poll after the first is as long as the next, up and down; one that finds
// nothing new is answered with 304, and counts as empty.
func TestConditionalBytes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := feedtest.Serve(t, poll.Transport, feedtest.Config{Addr: feedtest.InMemory})
		server.Publish(1)
		sub := server.Subscribe(0, "interval=1s&conditional=on")
		var up, down int64
		read := func() (newUp, newDown int64) {
			newUp, newDown = sub.Headers.Up.Load()-up, sub.Headers.Down.Load()-down
			up, down = up+newUp, down+newDown
			return newUp, newDown
		}
		<-time.After(time.Second)
		synctest.Wait()
		read()
		for n := range int64(10) {
			if n%2 == 0 {
				server.Publish(1)
			}
			<-time.After(time.Second)
			synctest.Wait()
			const request = int64(len("GET /poll?since=0000000000000000000&conditional=on HTTP/1.1\r\nHost: feed.test\r\nUser-Agent: Go-http-client/1.1\r\nIf-None-Match: \"0000000000000000000\"\r\n\r\n"))
			want := int64(len("HTTP/1.1 200 OK\r\nCache-Control: no-store\r\nContent-Length: 101\r\nContent-Type: text/plain; charset=utf-8\r\nEtag: \"0000000000000000000\"\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n\r\n"))
			if n%2 == 1 {
				want = int64(len("HTTP/1.1 304 Not Modified\r\nCache-Control: no-store\r\nEtag: \"0000000000000000000\"\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n\r\n"))
			}
			if gotUp, gotDown := read(); gotUp != request || gotDown != want {
				t.Errorf("poll %d has heads of %d bytes up and %d down, not %d and %d", n, gotUp, gotDown, request, want)
			}
		}
		if empty := sub.Meter.Empty.Load(); empty < 5 {
			t.Errorf("%d polls were empty", empty)
		}
		server.Check(sub.Events(), 0, server.Log.Newest())
	})
}

// Over HTTP/2 a poll that names another cursor than the one before sends what
// has changed, and a byte for all that has not (RFC 7541 §6.1): a tag is less than
// a path with a query. Where nothing is new neither changes, and If-None-Match is
// one field more.
func TestConditionalOverHTTP2(t *testing.T) {
	const polls = 100
	cost := func(knobs string, events int) (bytes float64) {
		synctest.Test(t, func(t *testing.T) {
			server := feedtest.Serve(t, poll.Transport, feedtest.Config{Addr: feedtest.InMemory, Way: feedtest.Way{HTTP2: true}})
			server.Publish(1)
			sub := server.Subscribe(0, knobs)
			var marks [2]int64
			for i := range marks {
				for range polls {
					server.Publish(events)
					<-time.After(time.Second)
					synctest.Wait()
				}
				marks[i] = sub.Headers.Up.Load()
			}
			bytes = float64(marks[1]-marks[0]) / polls
		})
		return bytes
	}
	for events, want := range [][2]float64{{14, 15}, {36.7, 32.3}} {
		plain, conditional := cost("interval=1s", events), cost("interval=1s&conditional=on", events)
		if math.Abs(plain-want[0]) > 1 || math.Abs(conditional-want[1]) > 1 {
			t.Errorf("with %d events a poll, a request takes %.1f bytes, and %.1f conditional; not %v", events, plain, conditional, want)
		}
	}
}
