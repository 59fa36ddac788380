package measure

import (
	"pushbench/loadgen/lab"
	"pushbench/servers/count"
)

// What the link counted is the truth about bytes on the path: it has every
// packet in hand. What the kernel tells of the fleet's connections (TCP_INFO) is
// reckoned from segments and held against it.

// pathMeasures are of the path, and of what emulated it.
func pathMeasures() []Measure {
	rows := []Measure{
		{"link/cpu-util", link, (*Observation).linkCPU, perSecond},
		{"link/cpu", link, (*Observation).linkCPU, perEvent},
		{"tcp/resent/down", link, func(o *Observation) float64 { return float64(o.resent().Down) }, nil},
		{"tcp/resent/up", link, func(o *Observation) float64 { return float64(o.resent().Up) }, nil},
	}
	for way, flow := range map[string]func(*Observation) lab.Flow{"/down": (*Observation).down, "/up": (*Observation).up} {
		rows = append(rows,
			Measure{"link/lost" + way, link, func(o *Observation) float64 { return float64(flow(o).Lost) }, nil},
			Measure{"link/overflowed" + way, link, func(o *Observation) float64 { return float64(flow(o).Overflowed) }, nil},
			Measure{"link/packets" + way, link, func(o *Observation) float64 { return float64(flow(o).Packets) }, perEvent},
			Measure{"link/bytes" + way, link, func(o *Observation) float64 { return float64(flow(o).Bytes) }, perEvent})
	}
	return rows
}

// down and up are what passed the link between the marks.
func (o *Observation) down() lab.Flow { return count.Sub(o.After.Link.Down, o.Before.Link.Down) }
func (o *Observation) up() lab.Flow   { return count.Sub(o.After.Link.Up, o.Before.Link.Up) }

// resent is the segments that both kernels sent again between the marks.
func (o *Observation) resent() Ways { return count.Sub(o.After.Resent, o.Before.Resent) }

// OnPath is the bytes of packets that passed the fleet's end of the path: those
// that came there, and those that left it.
func (o *Observation) OnPath() Ways {
	down, up := o.down(), o.up()
	return Ways{Down: down.DeliveredBytes, Up: up.Bytes}
}

// Reckoned is the same by the kernel's counts of the fleet's connections.
func (o *Observation) Reckoned() Ways {
	tcp := o.fleet().TCP
	return Ways{Down: tcp.BytesReceived + tcp.HeadersIn(), Up: tcp.BytesSent + tcp.HeadersOut()}
}

// FullPacket is the bytes of the longest packet, headers included.
const FullPacket = 1500

// Bytes that the kernel's counts do not have.
const (
	// sackOptions is what acknowledges selectively: three blocks beside the
	// timestamps (RFC 2018 §3).
	sackOptions = 28
	// farewell is what closing a connection takes each way after its counts are
	// read: FIN and an acknowledgement, of 52 bytes each.
	farewell = 2 * 52
)

// Strays is by how many bytes the link may have counted more than is reckoned, and
// less: none where every segment that was sent came, once, in order, and connections
// stayed.
//
// Where one was lost, or was late enough to be sent again, or was overtaken,
// acknowledgements are selective, of which TCP_INFO does not tell; and what was
// sent again though it had come (a lost acknowledgement, a tail loss probe) is in
// no count of bytes received. Besides, each connection may send something between the reading of the
// fleet and that of the link, as it does where heartbeats pass.
func (o *Observation) Strays() (more Ways, less int64) {
	tcp := o.fleet().TCP
	more.Down, more.Up = farewell*tcp.Opened, farewell*tcp.Opened
	down, up := o.down(), o.up()
	resent := o.resent()
	if down.Lost+down.Overflowed+down.Cut+up.Lost+up.Overflowed+up.Cut+resent.Down+resent.Up == 0 && o.Still > 0 && !o.Path.Reorder {
		return more, 0
	}
	less = FullPacket * int64(o.Treatment.Subscribers)
	more.Down += sackOptions*down.Packets + FullPacket*resent.Down + less
	more.Up += sackOptions*up.Packets + FullPacket*resent.Up + less
	return more, less
}
