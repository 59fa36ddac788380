package trial

import (
	"maps"

	"pushbench/results"
)

// measure computes the record's metrics and histograms from what was seen.
// Everything "per event" is the difference of the two marks over the events
// delivered between them.
func (o *observation) measure(t *results.Trial) {
	put := func(name string, value float64, unit string) {
		t.Metrics[name] = results.Metric{Value: value, Unit: unit}
	}
	maps.Copy(t.Hists, o.collected.Hists)
	lag, distinct := o.publishLag()
	t.Hists["publish-lag"] = lag

	put("window", o.plan.until.Seconds()-o.plan.from.Seconds(), "s")
	put("events/distinct", float64(distinct), "1")
	put("events/expected", float64(distinct*o.config.Treatment.Subscribers), "1")
	put("events/delivered", float64(o.received()), "1")
	put("events/lost", float64(o.collected.Order.Lost), "1")
	put("events/duplicated", float64(o.collected.Order.Duplicated), "1")
	put("events/reordered", float64(o.collected.Order.Reordered), "1")
	put("events/gaps", float64(o.collected.Order.Gaps), "1")
	put("events/skipped", float64(o.collected.Order.Skipped), "1")

	put("conn/count", float64(o.after.server.Counts.Conns), "1")
	if n := float64(o.collected.Setups); n > 0 {
		put("conn/bytes/up", float64(o.collected.SetupUp)/n, "B")
		put("conn/bytes/down", float64(o.collected.SetupDown)/n, "B")
	}

	usage := o.after.server.Usage
	put("server/rss", float64(usage.RSS), "B")
	put("server/heap", float64(usage.Heap), "B")
	put("server/stacks", float64(usage.Stacks), "B")
	put("server/goroutines", float64(usage.Goroutines), "1")
	put("server/fds", float64(usage.FDs), "1")
	put("fleet/rss", float64(o.after.fleet.Usage.RSS), "B")
	put("server/cpu-util", o.serverCPU()/o.between(), "1")
	put("fleet/cpu-util", o.fleetCPU()/o.between(), "1")
	if n := len(o.after.server.Due); n > 0 {
		put("publisher/cpu", o.after.server.PublishCPU/float64(n), "s/event")
	}
	o.perEvent(put)
}

// perEvent is what steady state costs for each event delivered.
func (o *observation) perEvent(put func(name string, value float64, unit string)) {
	a, b := o.before.fleet, o.after.fleet
	n := float64(b.Delivered - a.Delivered)
	if n == 0 {
		return // invalid: there is nothing to divide by
	}
	for layer, bytes := range o.layers() {
		put("bytes/"+layer+"/down", float64(bytes.down)/n, "B/event")
		put("bytes/"+layer+"/up", float64(bytes.up)/n, "B/event")
	}
	put("server/cpu", o.serverCPU()/n, "s/event")
	put("fleet/cpu", o.fleetCPU()/n, "s/event")
	put("fleet/reads", float64(b.Counts.Reads-a.Counts.Reads)/n, "1")
	requests := float64(b.Requests - a.Requests)
	put("requests", requests/n, "1")
	put("requests/empty", float64(b.Empty-a.Empty)/n, "1")
	put("polls/skipped", float64(b.Skipped-a.Skipped), "1")
	if requests > 0 {
		put("fleet/cpu-per-request", o.fleetCPU()/requests, "s")
	}
	if answers := b.Answers - a.Answers; answers > 0 {
		put("events-per-response", n/float64(answers), "1")
	}
	if o.hostUnreadable == nil {
		cpu := o.after.cpu.Sub(o.before.cpu)
		put("host/cpu", cpu.Busy/n, "s/event")
		put("host/softirq", cpu.Softirq/n, "s/event")
		put("host/steal", cpu.StealShare(), "1")
		put("host/foreign", o.foreign(), "1")
	}
}

// bothWays is a number of bytes in each direction: down is to the subscriber.
type bothWays struct{ down, up int64 }

// layers is the bytes between the marks, each layer counted on its own: bodies
// and encodings as events were emitted, HTTP heads by the parser's position,
// WebSocket frame headers by the length they announce, and the total at the
// socket.
func (o *observation) layers() map[string]bothWays {
	a, b := o.before.fleet, o.after.fleet
	return map[string]bothWays{
		"payload":  {down: b.Payload - a.Payload},
		"envelope": {down: b.Envelope - a.Envelope},
		"protocol": {
			down: b.HeadersDown - a.HeadersDown + b.FramingDown - a.FramingDown,
			up:   b.HeadersUp - a.HeadersUp + b.FramingUp - a.FramingUp,
		},
		"total": {
			down: b.Counts.BytesRead - a.Counts.BytesRead,
			up:   b.Counts.BytesWritten - a.Counts.BytesWritten,
		},
	}
}

func (o *observation) serverCPU() float64 {
	return o.after.server.Usage.CPU() - o.before.server.Usage.CPU()
}

func (o *observation) fleetCPU() float64 {
	return o.after.fleet.Usage.CPU() - o.before.fleet.Usage.CPU()
}

// foreign is the share of the cores' time that others than server and fleet
// used, at the least: the kernel's network interrupts are left out too, and
// most kernels charge them to a process already, so that it can come out
// below 0.
func (o *observation) foreign() float64 {
	cpu := o.after.cpu.Sub(o.before.cpu)
	if cpu.Total == 0 {
		return 0
	}
	return (cpu.Busy - cpu.Softirq - o.serverCPU() - o.fleetCPU()) / cpu.Total
}

// between is the trial time between the marks, in seconds.
func (o *observation) between() float64 { return (o.plan.mark2 - o.plan.mark1).Seconds() }

// received is how many events of the window arrived, over all subscribers.
func (o *observation) received() int64 { return o.collected.Hists["staleness"].N() }

// publishLag is the publisher's lateness for the events of the window, and
// their number.
func (o *observation) publishLag() (*results.Hist, int) {
	h := results.NewHist()
	n := 0
	for i, due := range o.after.server.Due {
		if due >= o.from && due < o.until {
			n++
			h.Record(o.after.server.Lag[i]) // what it cannot take it counts; invalid looks
		}
	}
	return h, n
}

// late is how many of the window's events were published a millisecond or more
// after they were due.
func (o *observation) late() int {
	n := 0
	for i, due := range o.after.server.Due {
		if due >= o.from && due < o.until && o.after.server.Lag[i] >= lagLimit.Nanoseconds() {
			n++
		}
	}
	return n
}

// sum adds the layers up.
func sum(layers map[string]bothWays) (s bothWays) {
	for _, name := range []string{"payload", "envelope", "protocol"} {
		s.down += layers[name].down
		s.up += layers[name].up
	}
	return s
}
