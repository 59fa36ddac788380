package measure

import (
	"fmt"
	"math"

	"pushbench/results"
	"pushbench/servers/control"
)

// What a connection costs is the slope over several numbers of them: what the process
// takes without any falls out. What its first event adds to that is read at the last.

// Memory is what both processes and the kernel take with so many connections.
type Memory struct {
	Conns         int
	Seen          int64 // connections that the server has had
	Server, Fleet control.Usage
	Kernel        int64 // B; 0 where the host does not tell
}

// memories is what is read at each step, by the end of its metrics' names.
var memories = []struct {
	name string
	need trait
	of   func(Memory) int64
}{
	{"server-rss", 0, func(m Memory) int64 { return m.Server.RSS }},
	{"server-heap", 0, func(m Memory) int64 { return m.Server.Heap }},
	{"server-stacks", 0, func(m Memory) int64 { return m.Server.Stacks }},
	{"fleet-rss", 0, func(m Memory) int64 { return m.Fleet.RSS }},
	{"kernel", readable, func(m Memory) int64 { return m.Kernel }},
}

func memoryMeasures() []Measure {
	rows := []Measure{
		{"idle/fit-error", steps, func(o *Observation) float64 {
			_, off := line(o.Steps, memories[0].of)
			return off
		}, nil},
		{"idle/bytes/down", steps, func(o *Observation) float64 { return float64(o.Passed.BytesRead) / perSubscriber(o) }, perRest},
		{"idle/bytes/up", steps, func(o *Observation) float64 { return float64(o.Passed.BytesWritten) / perSubscriber(o) }, perRest},
	}
	for _, m := range memories {
		idle := func(o *Observation) float64 {
			each, _ := line(o.Steps, m.of)
			return each
		}
		rows = append(rows, Measure{"idle/" + m.name, steps | m.need, idle, nil}, Measure{"held/" + m.name, steps | m.need, func(o *Observation) float64 {
			return idle(o) + float64(m.of(o.Held)-m.of(o.Steps[len(o.Steps)-1]))/perSubscriber(o)
		}, nil})
	}
	return rows
}

func perRest(o *Observation) float64 { return o.Rest.Seconds() }

// line fits readings = a + b·connections by least squares, and returns b with
// the largest distance of a reading from the line, as a share of what all the
// steps together added.
func line(readings []Memory, of func(Memory) int64) (perConn, fitError float64) {
	var n, sx, sy, sxx, sxy float64
	for _, m := range readings {
		x, y := float64(m.Conns), float64(of(m))
		n, sx, sy, sxx, sxy = n+1, sx+x, sy+y, sxx+x*x, sxy+x*y
	}
	perConn = (n*sxy - sx*sy) / (n*sxx - sx*sx)
	a := (sy - perConn*sx) / n
	for _, m := range readings {
		fitError = max(fitError, math.Abs(float64(of(m))-a-perConn*float64(m.Conns)))
	}
	rise := math.Abs(perConn) * float64(readings[len(readings)-1].Conns-readings[0].Conns)
	if rise == 0 {
		return perConn, 0
	}
	return perConn, fitError / rise
}

// fitLimit: of what all the connections together added, by which a reading may be off
// the line.
const fitLimit = 0.05

// fits is a rule for the line of each memory that a connection takes, and of what
// its first event adds to that.
func fits() (rows []rule) {
	for _, m := range memories {
		for _, kind := range []string{"idle/", "held/"} {
			rows = append(rows, rule{results.Counted, "fit", kind + m.name, steps, func(o *Observation) string {
				if m.need == readable && o.HostUnreadable != nil {
					return fmt.Sprintf("the kernel's memory was not read: %v", o.HostUnreadable)
				}
				_, off := line(o.Steps, m.of)
				return unless(off <= fitLimit, "the memory of %d connections is off its line by %.1f %% of what they added, limit %.0f %%",
					o.Treatment.Subscribers, 100*off, 100*fitLimit)
			}})
		}
	}
	return rows
}
