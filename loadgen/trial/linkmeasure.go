package trial

import (
	"pushbench/loadgen/lab"
	"pushbench/results"
	"pushbench/servers/count"
)

// What the link counted is the truth about bytes on the path: it has every
// packet in hand. What the kernel tells of the fleet's connections (TCP_INFO) is
// reckoned from segments and held against it.

// flows is what passed the link between the marks.
func (o *observation) flows() (down, up lab.Flow) {
	a, b := o.before.link, o.after.link
	return count.Sub(b.Down, a.Down), count.Sub(b.Up, a.Up)
}

// resent is the segments that both kernels sent again between the marks.
func (o *observation) resent() bothWays {
	a, b := o.before.resent, o.after.resent
	return bothWays{down: b.down - a.down, up: b.up - a.up}
}

// linkCPU is what the link used between the marks (s); 0 without one.
func (o *observation) linkCPU() float64 {
	return o.after.link.Usage.CPU() - o.before.link.Usage.CPU()
}

// measureLink computes the metrics of the path, and of what emulated it.
func (o *observation) measureLink(t *results.Trial) {
	if !o.plan.emulated {
		return
	}
	put := func(name string, value float64, unit string) {
		t.Metrics[name] = results.Metric{Value: value, Unit: unit}
	}
	t.Hists["link-late"] = o.after.link.Late
	put("link/cpu-util", o.linkCPU()/o.elapsed(), "1")
	resent := o.resent()
	put("tcp/resent/down", float64(resent.down), "1")
	put("tcp/resent/up", float64(resent.up), "1")
	n := float64(o.after.fleet.Delivered - o.before.fleet.Delivered)
	if n > 0 {
		put("link/cpu", o.linkCPU()/n, "s/event")
	}
	down, up := o.flows()
	for way, flow := range map[string]lab.Flow{"down": down, "up": up} {
		put("link/lost/"+way, float64(flow.Lost), "1")
		put("link/overflowed/"+way, float64(flow.Overflowed), "1")
		if n > 0 {
			put("link/packets/"+way, float64(flow.Packets)/n, "1")
			put("link/bytes/"+way, float64(flow.Bytes)/n, "B/event")
		}
	}
}

// onPath is the bytes of packets that passed the fleet's end of the path: those
// that came there, and those that left it.
func (o *observation) onPath() bothWays {
	down, up := o.flows()
	return bothWays{down: down.DeliveredBytes, up: up.Bytes}
}

// reckoned is the same by the kernel's counts of the fleet's connections.
func (o *observation) reckoned() bothWays {
	tcp := count.Sub(o.after.fleet.TCP, o.before.fleet.TCP)
	return bothWays{down: tcp.BytesReceived + tcp.HeadersIn(), up: tcp.BytesSent + tcp.HeadersOut()}
}

// Bytes that the kernel's counts do not have.
const (
	// sackOptions is what acknowledges selectively: three blocks beside the
	// timestamps (RFC 2018 §3).
	sackOptions = 28
	// farewell is what closing a connection takes each way after its counts are
	// read: FIN and an acknowledgement, of 52 bytes each.
	farewell = 2 * 52
)

// strays is by how many bytes the link may have counted more than is reckoned, and
// less: none where every segment that was sent came, once, in order, and connections
// stayed.
//
// Where one was lost, or was late enough to be sent again, or was overtaken,
// acknowledgements are selective, of which TCP_INFO does not tell; and what was
// sent again though it had come (a lost acknowledgement, a tail loss probe) is in
// no count of bytes received. Besides, each connection may send something between the reading of the
// fleet and that of the link, as it does where heartbeats pass.
func (o *observation) strays() (more bothWays, less int64) {
	tcp := count.Sub(o.after.fleet.TCP, o.before.fleet.TCP)
	more.down, more.up = farewell*tcp.Opened, farewell*tcp.Opened
	down, up := o.flows()
	resent := o.resent()
	if down.Lost+down.Overflowed+down.Cut+up.Lost+up.Overflowed+up.Cut+resent.down+resent.up == 0 && o.plan.still > 0 && !o.plan.path.Reorder {
		return more, 0
	}
	less = fullPacket * int64(o.config.Treatment.Subscribers)
	more.down += sackOptions*down.Packets + fullPacket*resent.down + less
	more.up += sackOptions*up.Packets + fullPacket*resent.up + less
	return more, less
}
