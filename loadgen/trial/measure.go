package trial

import (
	"maps"

	"pushbench/results"
	"pushbench/servers/count"
)

// measure computes the record's metrics and histograms from what was seen.
// Everything "per event" is the difference of the two marks over the events
// delivered between them.
func (o *observation) measure(t *results.Trial) {
	put := func(name string, value float64, unit string) {
		t.Metrics[name] = results.Metric{Value: value, Unit: unit}
	}
	maps.Copy(t.Hists, o.collected.Hists)
	if o.config.Treatment.Uplink == 0 {
		delete(t.Hists, "roundtrip")
		delete(t.Hists, "uplink-lag")
	}
	lag, distinct := o.publishLag()
	t.Hists["publish-lag"] = lag

	put("window", o.plan.until.Seconds()-o.plan.from.Seconds(), "s")
	put("events/distinct", float64(distinct), "1")
	put("events/expected", float64(o.expected()), "1")
	put("events/delivered", float64(o.received()), "1")
	put("events/lost", float64(o.collected.Order.Lost), "1")
	put("events/duplicated", float64(o.collected.Order.Duplicated), "1")
	put("events/reordered", float64(o.collected.Order.Reordered), "1")
	put("events/gaps", float64(o.collected.Order.Gaps), "1")
	put("events/skipped", float64(o.collected.Order.Skipped), "1")

	o.age(put)
	o.uplink(put)
	o.model(put)
	o.perConnection(put)

	usage := o.after.server.Usage
	put("server/rss", float64(usage.RSS), "B")
	put("server/heap", float64(usage.Heap), "B")
	put("server/stacks", float64(usage.Stacks), "B")
	put("server/goroutines", float64(usage.Goroutines), "1")
	put("server/fds", float64(usage.FDs), "1")
	put("fleet/rss", float64(o.after.fleet.Usage.RSS), "B")
	put("server/cpu-util", o.serverCPU()/o.elapsed(), "1")
	put("fleet/cpu-util", o.fleetCPU()/o.elapsed(), "1")
	if n := len(o.after.server.Due); n > 0 {
		put("publisher/cpu", o.after.server.PublishCPU/float64(n), "s/event")
	}
	o.perEvent(put)
}

// perConnection is what it took to set each connection up. Where the server's
// handshake ended, its own count knows.
func (o *observation) perConnection(put func(name string, value float64, unit string)) {
	put("conn/count", float64(o.after.server.Counts.Conns), "1")
	s := o.collected.Setups
	put("conn/tls-full", float64(s.Full), "1")
	put("conn/tls-resumed", float64(s.Resumed), "1")
	n := float64(s.Ready)
	if n == 0 {
		return
	}
	handshakes := float64(o.after.server.Counts.Handshakes) / max(float64(o.after.server.Counts.Conns), 1)
	put("conn/bytes/up", float64(s.Up)/n, "B")
	put("conn/bytes/down", float64(s.Down)/n+handshakes, "B")
	put("conn/tls/up", float64(s.TLSUp)/n, "B")
	put("conn/tls/down", float64(s.TLSDown)/n+handshakes, "B")
	put("conn/rtts", float64(s.Turns)/n, "1")
	if s.Kernel.Opened == s.Ready {
		put("conn/tcpip/up", float64(s.Kernel.HeadersOut())/n, "B")
		put("conn/tcpip/down", float64(s.Kernel.HeadersIn())/n, "B")
	}
	put("conn/server-cpu", (o.opened.CPU()-o.born.CPU())/float64(o.config.Treatment.Subscribers), "s")
}

// perEvent is what steady state costs for each event delivered.
func (o *observation) perEvent(put func(name string, value float64, unit string)) {
	a, b := o.before.fleet, o.after.fleet
	n := float64(b.Delivered - a.Delivered)
	if n == 0 {
		return // there is nothing to divide by
	}
	put("throughput", n/o.elapsed(), "1/s")
	for layer, bytes := range o.layers() {
		put("bytes/"+layer+"/down", float64(bytes.down)/n, "B/event")
		put("bytes/"+layer+"/up", float64(bytes.up)/n, "B/event")
	}
	if o.noTCP() == "" {
		put("tcp/retransmitted", float64(b.TCP.Retransmitted-a.TCP.Retransmitted), "B")
	}
	put("server/cpu", o.serverCPU()/n, "s/event")
	put("server/cpu-per-message", o.serverCPU()/(n+float64(b.Echoes-a.Echoes)), "s")
	put("server/switches", float64(o.switches())/n, "1")
	if calls := o.syscalls(); calls > 0 {
		put("server/syscalls", float64(calls)/n, "1")
	}
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
	o.waits(put)
	if o.hostUnreadable == nil {
		t := o.hostTime()
		all := t.Sum()
		put("host/cpu", all.Busy()/n, "s/event")
		if t.Interrupts {
			put("host/softirq", all.Softirq/n, "s/event")
		}
		put("host/steal", all.StealShare(), "1")
		if all.Wall > 0 {
			put("host/foreign", o.foreign()/all.Wall, "1")
		}
	}
}

// bothWays is a number of bytes in each direction: down is to the subscriber.
type bothWays struct{ down, up int64 }

// layers is the bytes between the marks, each layer counted on its own: bodies
// and encodings as events were emitted, and the messages of uplinks with their
// echoes; HTTP heads by the parser's position, frame headers by the length they
// announce; what compression added to each message, which is below 0 where it
// saved some; TLS by the records that each end sent; headers of TCP and IP by the
// kernel's count of segments; and the total by its count of bytes. What the
// kernel does not tell is left out. In the lab the total is what the link counted,
// packets that it lost included, and of that headers are what no socket saw;
// a rule holds them against the kernel's counts.
func (o *observation) layers() map[string]bothWays {
	a, b := o.before.fleet, o.after.fleet
	layers := map[string]bothWays{
		"payload": {
			down: b.Payload - a.Payload + b.EchoesDown - a.EchoesDown,
			up:   b.EchoesUp - a.EchoesUp,
		},
		"envelope": {down: b.Envelope - a.Envelope},
		"protocol": {
			down: b.HeadersDown - a.HeadersDown + b.FramingDown - a.FramingDown,
			up:   b.HeadersUp - a.HeadersUp + b.FramingUp - a.FramingUp,
		},
		"compression": {
			down: b.CompressionDown - a.CompressionDown,
			up:   b.CompressionUp - a.CompressionUp,
		},
		"tls": {
			down: o.after.server.Counts.TLS - o.before.server.Counts.TLS,
			up:   b.Counts.TLS - a.Counts.TLS,
		},
	}
	if o.plan.emulated {
		socket := o.atSocket()
		down, up := o.flows()
		layers["tcpip"] = bothWays{down: down.Bytes - socket.down, up: up.Bytes - socket.up}
		layers["total"] = bothWays{down: down.Bytes, up: up.Bytes}
	} else if o.noTCP() == "" {
		tcp := count.Sub(b.TCP, a.TCP)
		layers["tcpip"] = bothWays{down: tcp.HeadersIn(), up: tcp.HeadersOut() + tcp.Retransmitted}
		layers["total"] = bothWays{down: tcp.BytesReceived + tcp.HeadersIn(), up: tcp.BytesSent + tcp.HeadersOut()}
	}
	return layers
}

// noTCP is why the kernel's counts are not there; "" where they are.
func (o *observation) noTCP() string { return o.after.fleet.NoTCP }

// atSocket is the bytes that passed the sockets between the marks.
func (o *observation) atSocket() bothWays {
	c := count.Sub(o.after.fleet.Counts, o.before.fleet.Counts)
	return bothWays{down: c.BytesRead, up: c.BytesWritten}
}

// inKernel is the same as the kernel counts it, each byte once.
func (o *observation) inKernel() bothWays {
	tcp := count.Sub(o.after.fleet.TCP, o.before.fleet.TCP)
	return bothWays{down: tcp.BytesReceived, up: tcp.BytesSent - tcp.Retransmitted}
}

func (o *observation) serverCPU() float64 {
	return o.after.server.Usage.CPU() - o.before.server.Usage.CPU()
}

func (o *observation) fleetCPU() float64 {
	return o.after.fleet.Usage.CPU() - o.before.fleet.Usage.CPU()
}

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
			h.Record(o.after.server.Lag[i]) // what it cannot take it counts; a rule looks
		}
	}
	return h, n
}

// sum adds up the layers that pass the socket.
func sum(layers map[string]bothWays) (s bothWays) {
	for _, name := range []string{"payload", "envelope", "protocol", "compression", "tls"} {
		s.down += layers[name].down
		s.up += layers[name].up
	}
	return s
}
