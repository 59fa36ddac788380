package feedtest

import (
	"net"
	"testing"

	"pushbench/servers/feed"
	"pushbench/servers/wire"
)

// Foreign is a server of somebody else, which carries a feed its own way.
type Foreign struct {
	// Serve serves the feed to the end of the listener, or of the feed. What it
	// returns waits for that.
	Serve func(l net.Listener, log *feed.Log) (stop func())
	// Latest says that it gives the newest event only to who asks for that.
	Latest bool
}

// Test holds the server to what of the delivery contract nobody may do without, by a
// transport's client end: every event after the cursor, once and in order, resumed
// after a cut anywhere, up to the end of the feed; and bytes that add up.
func (f Foreign) Test(t *testing.T, tr *feed.Transport, knobs string) {
	for _, codec := range []feed.Codec{feed.Text, feed.Binary, feed.Base64} {
		s := suite{transport: tr, knobs: knobs, codec: codec, way: Way{Foreign: &f}}
		t.Run(string(codec), func(t *testing.T) {
			t.Run("every event", s.everyEvent)
			t.Run("many subscribers", func(t *testing.T) { s.manySubscribers(t, false, 100) })
			t.Run("resume after a cut", s.resume)
			t.Run("end of feed", s.endOfFeed)
			if f.Latest {
				t.Run("newest only", s.newestOnly)
			}
		})
	}
}

// serveForeign serves the server's feed by somebody else, until the test ends.
func (s *Server) serveForeign(l net.Listener) {
	stop := s.way.Foreign.Serve(wire.Listener(l, &s.Tally), s.Log)
	s.t.Cleanup(func() {
		s.Log.Close()
		stop()
	})
}
