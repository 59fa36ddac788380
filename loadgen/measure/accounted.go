package measure

import (
	"strings"

	"pushbench/results"
)

// Every byte is counted by whoever has it in hand: both ends, each layer on its
// own, the kernel, and the link where there is one. They all have to say the same.
var accountedRules = []rule{
	{results.Accounted, "settle", "", 0, func(o *Observation) string { return strings.Join(o.Unsettled, "; ") }},
	{results.Accounted, "tallies", "", marks | tallied, func(o *Observation) string {
		for _, m := range []Mark{o.Before, o.After} {
			if s, f := m.Server.Counts, m.Fleet.Counts; !Agree(s, f) {
				return "tallies differ: " + Tallies(s, f)
			}
		}
		return ""
	}},
	{results.Accounted, "layers", "", marks | tallied, func(o *Observation) string {
		layers := sum(o.layers())
		return unless(layers == o.atSocket(), "layers do not add up: %+v, at the socket %+v", layers, o.atSocket())
	}},
	{results.Accounted, "kernel", "", marks | kernel, func(o *Observation) string {
		tcp := o.fleet().TCP
		kernel := Ways{Down: tcp.BytesReceived, Up: tcp.BytesSent - tcp.Retransmitted} // each byte once
		return unless(kernel == o.atSocket(), "tallies differ from the kernel's: %+v, the kernel's %+v", o.atSocket(), kernel)
	}},
	{results.Accounted, "link", "", marks | kernel | link, func(o *Observation) string {
		counted, reckoned := o.OnPath(), o.Reckoned()
		more, less := o.Strays()
		within := func(off, more int64) bool { return off <= more && off >= -less }
		return unless(within(counted.Down-reckoned.Down, more.Down) && within(counted.Up-reckoned.Up, more.Up),
			"the link counted %+v bytes, and the kernel's counts make it %+v, at most %+v more or %d less", counted, reckoned, more, less)
	}},
}
