package trial

import "time"

// uplink is what the subscribers sent and got back.
func (o *observation) uplink(put func(name string, value float64, unit string)) {
	if o.config.Treatment.Uplink == 0 {
		return
	}
	u := o.collected.Uplink
	put("uplink/sent", float64(u.Sent), "1")
	put("uplink/echoed", float64(u.Echoed), "1")
	put("uplink/lost", float64(u.Lost), "1")
}

// uplinkPeriod is the time between a subscriber's messages; 0 without any.
func (c Config) uplinkPeriod() time.Duration {
	if c.Treatment.Uplink == 0 {
		return 0
	}
	return time.Duration(float64(time.Second) / c.Treatment.Uplink)
}

// connections is how many connections the subscribers need. The feed's is taken
// where it is HTTP's, so that an uplink has another.
func (o *observation) connections() int64 {
	subscribers := int64(o.config.Treatment.Subscribers)
	need := subscribers
	if o.plan.rhythm.FreshConns {
		need = o.after.fleet.Requests
	}
	if o.config.Treatment.Uplink > 0 && !o.plan.spec.Transport.Upgrades {
		need += subscribers
	}
	return need
}
