// Package feedtest holds every transport to the delivery contract of package
// feed. A transport's own test is a call of Test; what is peculiar to it is
// tested beside that on a Server and its Subscribers.
//
//	Subscriber ═ wire.Client ═ loopback TCP ═ wire.Listener ═ Transport.Handler ═ Log
//	     ▲                ▲                       ▲                  ▲
//	     └─ what it got   └───── Points: where a test may step in ───┘
//
// The whole suite runs over HTTP/1.1 in clear, and delivery over every other way
// that the transport can go. What is pushed comes to a goroutine for each subscriber,
// and then again to an event loop for all.
//
// Nothing here sleeps. A test steps in at a Point, or waits for a condition
// with a deadline that fails it.
package feedtest

import (
	"testing"

	"pushbench/servers/feed"
)

// Test runs the conformance suite on a transport. Knobs are query strings: the
// first (none: the defaults) is what everything runs with, in every encoding
// that the transport can carry; delivery is tested with each of the others as
// well. They must let a poll come round in milliseconds, and a heartbeat not
// while three events are delivered.
func Test(t *testing.T, tr *feed.Transport, knobs ...string) {
	if len(knobs) == 0 {
		knobs = []string{""}
	}
	for _, codec := range []feed.Codec{feed.Text, feed.Binary, feed.Base64} {
		s := suite{transport: tr, knobs: knobs[0], codec: codec, phases: 600}
		if !codec.IsText() && tr.Rhythm(subscription(t, tr, knobs[0], false).Options).TextOnly {
			t.Run(string(codec), s.encodingRefused)
			continue
		}
		t.Run(string(codec), s.delivery)
	}
	for _, other := range knobs[1:] {
		t.Run(other, suite{transport: tr, knobs: other, codec: feed.Text, phases: 200}.delivery)
	}
	for _, way := range Ways(tr)[1:] {
		t.Run(way.String(), suite{transport: tr, knobs: knobs[0], codec: feed.Text, way: way}.otherWay)
	}
	if loops(tr) {
		way := Way{Loop: true}
		t.Run(way.String(), suite{transport: tr, knobs: knobs[0], codec: feed.Text, phases: 200, way: way}.inLoop)
	}
	s := suite{transport: tr, knobs: knobs[0], codec: feed.Text}
	t.Run("bad request", s.badRequests)
	t.Run("echo", s.echo)
	t.Run("bad uplink", s.badUplink)
	t.Run("bad answer", s.badAnswers)
	t.Run("end of feed", s.endOfFeed)
	t.Run("cancel", s.cancel)
	t.Run("churn", s.churn)
	t.Run("slow", s.slow)
}

type suite struct {
	transport *feed.Transport
	knobs     string
	codec     feed.Codec
	phases    int // of the gap race
	way       Way
}

func (s suite) delivery(t *testing.T) {
	s.otherWay(t)
	t.Run("fallback", s.fallback)
	t.Run("ring overrun", s.overrun)
	t.Run("gap race", s.gapRace)
	t.Run("same bytes", s.sameBytes)
}

// otherWay is what of delivery depends on the layers below a transport.
func (s suite) otherWay(t *testing.T) {
	t.Run("every event", s.everyEvent)
	t.Run("many subscribers", func(t *testing.T) { s.manySubscribers(t, false, 100) })
	t.Run("resume after a cut", s.resume)
	t.Run("newest only", s.newestOnly)
	t.Run("uplink", s.uplink)
}
