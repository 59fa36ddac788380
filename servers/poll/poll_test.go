package poll_test

import (
	"testing"

	"go.uber.org/goleak"

	"pushbench/servers/feed/feedtest"
	"pushbench/servers/poll"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.Cleanup(feedtest.LeakedDescriptors()))
}

func TestConformance(t *testing.T) {
	feedtest.Test(t, poll.Transport, "interval=1ms", "interval=1ms&pace=after", "interval=1ms&keepalive=off")
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
