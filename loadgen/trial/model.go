package trial

import "pushbench/servers/feed"

// model puts the mean staleness into the record that the transport's own rule
// makes of this trial's events, where the path has a fixed delay.
func (o *observation) model(put func(name string, value float64, unit string)) {
	t := o.config.Treatment
	if !t.Network.Steady() || o.latest() {
		return
	}
	window := feed.Window{From: o.from, Until: o.until, Mark1: o.plan.mark1, Mark2: o.plan.mark2}
	path := feed.Path{RTT: t.Network.RTT, TLS: t.TLS}
	phases := feed.Phases(t.Subscribers, feed.Rand(o.config.Seed, o.config.Block, "phases"))
	if seconds, ok := o.plan.rhythm.Staleness(o.after.server.Due, window, path, phases); ok {
		put("model/staleness", seconds, "s")
	}
}
