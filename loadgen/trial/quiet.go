package trial

import (
	"context"
	"time"

	"pushbench/loadgen/fleet"
	"pushbench/results"
	"pushbench/servers/control"
	"pushbench/servers/count"
	"pushbench/servers/feed"
)

// A trial with a fault may have a quiet feed, which publishes nothing: what
// passes then is heartbeats and empty polls, and what they take is what it costs
// to notice that the other end is gone.
//
//	connect → warm up → settle → read → measure → read → settle → read → collect

// quietFeed reports whether the trial is one of a quiet feed with a fault.
func (c Config) quietFeed() bool { return c.faulty() && c.Treatment.Rate == 0 }

// quietSteps is the trial up to the fault.
func (o *observation) quietSteps(ctx context.Context, p pair) (err error) {
	clock := feed.NewClock()
	let := func(from, to time.Duration) error {
		a := fleet.RunArgs{RunArgs: control.RunArgs{Origin: feed.After(clock.Now(), ahead-from), To: to}}
		return p.fleet.call(ctx, to-from, control.Run, a, nil)
	}
	if err := o.connect(ctx, p); err != nil {
		return err
	}
	if err := let(0, o.plan.mark1); err != nil {
		return err
	}
	if o.before, err = o.markBefore(ctx, p); err != nil {
		return err
	}
	if err := let(o.plan.mark1, o.plan.mark2); err != nil {
		return err
	}
	if o.after, err = o.markAfter(ctx, p); err != nil {
		return err
	}
	if o.config.Marked != nil {
		o.config.Marked()
	}
	return p.fleet.call(ctx, 0, fleet.Collect, uint64(1), &o.collected) // the event that every log begins with
}

// passed is how long it was between two readings, in seconds. Polls pass in trial
// time, which rests while ends settle; heartbeats do not.
func (o *observation) passed(earlier, later int64) float64 {
	if o.plan.interval > 0 {
		return o.between()
	}
	return feed.Between(earlier, later).Seconds()
}

// measureQuiet computes what a connection costs that carries no event.
func (o *observation) measureQuiet(t *results.Trial) {
	put := func(name string, value float64, unit string) {
		t.Metrics[name] = results.Metric{Value: value, Unit: unit}
	}
	o.perConnection(put)
	n := float64(o.config.Treatment.Subscribers)
	a, b := o.before.fleet, o.after.fleet
	seconds := n * o.passed(a.At, b.At)
	socket := o.atSocket()
	put("idle/bytes/down", float64(socket.down)/seconds, "B/s")
	put("idle/bytes/up", float64(socket.up)/seconds, "B/s")
	if o.noTCP() == "" {
		tcp := count.Sub(b.TCP, a.TCP)
		put("idle/total/down", float64(tcp.BytesReceived+tcp.HeadersIn())/seconds, "B/s")
		put("idle/total/up", float64(tcp.BytesSent+tcp.HeadersOut())/seconds, "B/s")
	}
	put("idle/server-cpu", o.serverCPU()/(n*o.passed(o.before.at, o.after.at)), "1")
	put("server/cpu-util", o.serverCPU()/o.between(), "1")
	put("fleet/cpu-util", o.fleetCPU()/o.between(), "1")
	o.waits(put)
	put("events/lost", float64(o.collected.Order.Lost), "1")
	if o.hostUnreadable == nil {
		put("host/steal", o.hostTime().Sum().StealShare(), "1")
	}
}
