package measure

import (
	"pushbench/results"
	"pushbench/servers/count"
)

// CPU time and memory could be read, and are the trial's own.
var countedRules = append([]rule{
	{results.Counted, "host", "host/", marks, func(o *Observation) string {
		return unless(o.HostUnreadable == nil, "the host's CPU time was not read: %v", o.HostUnreadable)
	}},
	{results.Counted, "reading", "host/", marks, func(o *Observation) string {
		read := o.hostTime().Sum().Wall
		cpus := len(o.Cores())
		want := float64(cpus) * o.between()
		return unless(o.HostUnreadable != nil || read >= readLeast*want, "the host's CPU time was read for %.2f s of %d CPUs, of at least %.2f", read, cpus, want)
	}},
	{results.Counted, "foreign", "host/", marks, func(o *Observation) string {
		foreign, all := o.foreign(), o.hostTime().Sum().Wall
		return unless(o.HostUnreadable != nil || foreign <= foreignLimit*all, "other processes used %.1f %% of the cores' time, limit %.0f %%", 100*foreign/all, 100*foreignLimit)
	}},
	{results.Counted, "quota", "", marks, func(o *Observation) string {
		quota := count.Sub(o.After.Quota, o.Before.Quota)
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
)
