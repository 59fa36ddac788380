package longpoll_test

import (
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"pushbench/servers/feed"
	"pushbench/servers/feed/feedtest"
	"pushbench/servers/longpoll"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.Cleanup(feedtest.LeakedDescriptors()))
}

func TestConformance(t *testing.T) {
	feedtest.Test(t, longpoll.Transport, "", "batch=off", "hold=50ms")
}

// A request is parked for the hold time and no longer, and the client asks anew
// at once, on the same connection.
func TestHold(t *testing.T) {
	for knobs, hold := range map[string]time.Duration{
		"":          30 * time.Second,
		"hold=50ms": 50 * time.Millisecond,
	} {
		t.Run(knobs, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := feedtest.Serve(t, longpoll.Transport, feedtest.Config{Addr: feedtest.InMemory})
				sub := server.Subscribe(0, knobs)
				<-time.After(10*hold + hold/2)
				synctest.Wait()
				if empty, requests := sub.Meter.Empty.Load(), sub.Meter.Requests.Load(); empty != 10 || requests != 11 {
					t.Errorf("in 10.5 hold times %d of %d requests came back empty, not 10 of 11", empty, requests)
				}
				server.Publish(1)
				synctest.Wait()
				server.Check(sub.Events(), 0, 1)
				if n := sub.Tally.Conns.Load(); n != 1 {
					t.Errorf("it took %d connections", n)
				}
			})
		})
	}
}

func TestBatch(t *testing.T) {
	for knobs, answers := range map[string]int64{"": 1, "batch=off": 5} {
		t.Run(knobs, func(t *testing.T) {
			server := feedtest.Serve(t, longpoll.Transport, feedtest.Config{Ring: 4})
			server.Publish(6)
			sub := server.Subscribe(0, knobs)
			sub.Await(6)
			server.Rest(sub)
			server.Check(sub.Events(), 0, 6, feed.Gap{First: 1, Last: 2})
			if got := sub.Meter.Answers.Load(); got != answers {
				t.Errorf("a gap and four events came in %d answers, not %d", got, answers)
			}
		})
	}
}
