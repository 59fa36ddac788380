package measure

import "pushbench/servers/feed"

// model is the mean staleness that the transport's own rule makes of this trial's
// events, where the path has a fixed delay (s).
func model(o *Observation) (seconds float64, ok bool) {
	t := o.Treatment
	if !t.Network.Steady() || o.latest() {
		return 0, false
	}
	window := feed.Window{From: o.From, Until: o.Until, Mark1: o.Mark1, Mark2: o.Mark2}
	path := feed.Path{RTT: t.Network.RTT, TLS: t.TLS}
	phases := feed.Phases(t.Subscribers, feed.Rand(o.Seed, o.Block, "phases"))
	return o.Rhythm.Staleness(o.due(), window, path, phases)
}
