package measure

// manyMeasures are of what matters where subscribers are many: how many processes share
// them, and what the kernel takes for their sockets. What it counts is from before the
// first connection to the second mark, so that it has what passed while they were opened.
var manyMeasures = []Measure{
	{"server/processes", 0, func(o *Observation) float64 { return o.processes("server") }, nil},
	{"fleet/processes", 0, func(o *Observation) float64 { return o.processes("fleet") }, nil},
	{"kernel/memory", sockets, func(o *Observation) float64 { return float64(o.Sockets.After.Kernel - o.Sockets.Before.Kernel) }, nil},
	{"kernel/tcp-memory", sockets, func(o *Observation) float64 { return float64(o.Sockets.After.Memory) }, nil},
	{"kernel/tcp-pressures", sockets, func(o *Observation) float64 { return float64(o.Sockets.After.Pressures - o.Sockets.Before.Pressures) }, nil},
	{"kernel/resent", sockets, func(o *Observation) float64 { return float64(o.Sockets.After.Resent - o.Sockets.Before.Resent) }, nil},
	{"kernel/time-waits", sockets, func(o *Observation) float64 { return float64(o.Sockets.After.TimeWaits) }, nil},
	{"kernel/listen-overflows", sockets, func(o *Observation) float64 { return float64(o.Sockets.After.Overflows - o.Sockets.Before.Overflows) }, nil},
}
