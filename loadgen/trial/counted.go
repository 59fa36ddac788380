package trial

import (
	"fmt"

	"pushbench/results"
	"pushbench/servers/count"
)

// CPU time and memory could be read, and are the trial's own.
var countedRules = append([]rule{
	{results.Counted, "host", "host/", marks, func(o *observation) string {
		return unless(o.hostUnreadable == nil, "the host's CPU time was not read: %v", o.hostUnreadable)
	}},
	{results.Counted, "reading", "host/", marks, func(o *observation) string {
		read := o.hostTime().Sum().Wall
		cpus := len(cores(o.config.Layout, o.plan.emulated))
		want := float64(cpus) * o.between()
		return unless(o.hostUnreadable != nil || read >= readLeast*want, "the host's CPU time was read for %.2f s of %d CPUs, of at least %.2f", read, cpus, want)
	}},
	{results.Counted, "foreign", "host/", marks, func(o *observation) string {
		foreign, all := o.foreign(), o.hostTime().Sum().Wall
		return unless(o.hostUnreadable != nil || foreign <= foreignLimit*all, "other processes used %.1f %% of the cores' time, limit %.0f %%", 100*foreign/all, 100*foreignLimit)
	}},
	{results.Counted, "quota", "", marks, func(o *observation) string {
		quota := count.Sub(o.after.quota, o.before.quota)
		return unless(quota.Stopped == 0, "the trial was %v: lift the quota (cpu.max of the control group), or run outside the container", quota)
	}},
}, fits()...)

const (
	// readLeast: of the time between the marks, which the reading of the host's CPUs
	// must cover.
	readLeast = 0.9
	// foreignLimit: of the cores' time, above which it is others' CPU time that the
	// host's is made of.
	foreignLimit = 0.03
	// fitLimit: of what all the connections together added, by which a reading may be
	// off the line.
	fitLimit = 0.05
)

// fits is a rule for the line of each memory that a connection takes, and of what
// its first event adds to that.
func fits() (rows []rule) {
	for _, m := range memories {
		for _, kind := range []string{"idle/", "held/"} {
			rows = append(rows, rule{results.Counted, "fit", kind + m.name, steps, func(o *observation) string {
				if m.name == "kernel" && o.hostUnreadable != nil {
					return fmt.Sprintf("the kernel's memory was not read: %v", o.hostUnreadable)
				}
				_, off := line(o.idle.fresh, m.of)
				return unless(off <= fitLimit, "the memory of %d connections is off its line by %.1f %% of what they added, limit %.0f %%",
					o.config.Treatment.Subscribers, 100*off, 100*fitLimit)
			}})
		}
	}
	return rows
}
