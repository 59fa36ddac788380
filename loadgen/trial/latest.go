package trial

// A subscriber that wants the latest gets fewer events the less often it can
// have one, and none of those it misses is lost. What compares it with one that
// wants every event is how old what it knows is, at any time and not per event.

// age is that, over the window.
func (o *observation) age(put func(name string, value float64, unit string)) {
	if mean, ok := o.collected.Age.Mean(); ok {
		put("age/mean", mean, "s")
	}
	if peak, ok := o.collected.Age.Peak(); ok {
		put("age/peak", peak, "s")
	}
}

// latest reports whether the subscribers want the newest event only.
func (o *observation) latest() bool { return o.config.Treatment.Want == "latest" }

// accounted is the events that all subscribers together have had or had a newer
// one stand in for, each once.
func (o *observation) accounted() int64 {
	c := o.collected
	return c.Events - c.Order.Duplicated + c.Order.Skipped
}

// published is the same as the server has it: every event of the trial for
// everyone.
func (o *observation) published() int64 {
	return int64(o.newest) * int64(o.config.Treatment.Subscribers)
}
