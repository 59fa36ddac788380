package measure

// layerMeasures are of the bytes that each event took, in steady state. The server's
// part of TLS only its own tally knows.
func layerMeasures() []Measure {
	rows := []Measure{{"tcp/retransmitted", events | kernel, func(o *Observation) float64 { return float64(o.fleet().TCP.Retransmitted) }, nil}}
	for _, layer := range []string{"payload", "envelope", "protocol", "compression", "tls", "tcpip", "total"} {
		need := events
		if layer == "tls" {
			need |= tallied
		}
		rows = append(rows, Measure{"bytes/" + layer + "/down", need, func(o *Observation) float64 {
			ways, told := o.layers()[layer]
			return known(float64(ways.Down), told)
		}, perEvent}, Measure{"bytes/" + layer + "/up", events, func(o *Observation) float64 {
			ways, told := o.layers()[layer]
			return known(float64(ways.Up), told)
		}, perEvent})
	}
	return rows
}

// layers is the bytes between the marks, each layer counted on its own: bodies
// and encodings as events were emitted, and the messages of uplinks with their
// echoes; HTTP heads by the parser's position, frame headers by the length they
// announce; what compression added to each message, which is below 0 where it
// saved some; TLS by the records that each end sent; headers of TCP and IP by the
// kernel's count of segments; and the total by its count of bytes. What the
// kernel does not tell is left out. In the lab the total is what the link counted,
// packets that it lost included, and of that headers are what no socket saw;
// a rule holds them against the kernel's counts.
func (o *Observation) layers() map[string]Ways {
	d := o.fleet()
	layers := map[string]Ways{
		"payload":     {Down: d.Payload + d.EchoesDown, Up: d.EchoesUp},
		"envelope":    {Down: d.Envelope},
		"protocol":    {Down: d.HeadersDown + d.FramingDown, Up: d.HeadersUp + d.FramingUp},
		"compression": {Down: d.CompressionDown, Up: d.CompressionUp},
		"tls":         {Down: o.After.Server.Counts.TLS - o.Before.Server.Counts.TLS, Up: d.Counts.TLS},
	}
	if o.Emulated {
		socket, down, up := o.atSocket(), o.down(), o.up()
		layers["tcpip"] = Ways{Down: down.Bytes - socket.Down, Up: up.Bytes - socket.Up}
		layers["total"] = Ways{Down: down.Bytes, Up: up.Bytes}
	} else if o.After.Fleet.NoTCP == "" {
		layers["tcpip"] = Ways{Down: d.TCP.HeadersIn(), Up: d.TCP.HeadersOut() + d.TCP.Retransmitted}
		layers["total"] = o.Reckoned()
	}
	return layers
}

// atSocket is the bytes that passed the sockets between the marks.
func (o *Observation) atSocket() Ways {
	c := o.fleet().Counts
	return Ways{Down: c.BytesRead, Up: c.BytesWritten}
}

// sum adds up the layers that pass the socket.
func sum(layers map[string]Ways) (s Ways) {
	for _, name := range []string{"payload", "envelope", "protocol", "compression", "tls"} {
		s.Down += layers[name].Down
		s.Up += layers[name].Up
	}
	return s
}
