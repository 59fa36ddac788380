package trial

import (
	"strings"

	"pushbench/results"
)

// Every byte is counted by whoever has it in hand: both ends, each layer on its
// own, the kernel, and the link where there is one. They all have to say the same.
var accountedRules = []rule{
	{results.Accounted, "settle", "", 0, func(o *observation) string { return strings.Join(o.unsettled, "; ") }},
	{results.Accounted, "tallies", "", marks, func(o *observation) string {
		for _, m := range []mark{o.before, o.after} {
			if s, f := m.server.Counts, m.fleet.Counts; !agree(s, f) {
				return "tallies differ: " + tallies(s, f)
			}
		}
		return ""
	}},
	{results.Accounted, "layers", "", marks, func(o *observation) string {
		layers := sum(o.layers())
		return unless(layers == o.atSocket(), "layers do not add up: %+v, at the socket %+v", layers, o.atSocket())
	}},
	{results.Accounted, "kernel", "", marks | kernel, func(o *observation) string {
		return unless(o.inKernel() == o.atSocket(), "tallies differ from the kernel's: %+v, the kernel's %+v", o.atSocket(), o.inKernel())
	}},
	{results.Accounted, "link", "", marks | kernel | link, func(o *observation) string {
		counted, reckoned := o.onPath(), o.reckoned()
		more, less := o.strays()
		within := func(off, more int64) bool { return off <= more && off >= -less }
		return unless(within(counted.down-reckoned.down, more.down) && within(counted.up-reckoned.up, more.up),
			"the link counted %+v bytes, and the kernel's counts make it %+v, at most %+v more or %d less", counted, reckoned, more, less)
	}},
}
