package measure

import (
	"errors"

	"pushbench/loadgen/host"
)

// bent makes one reading of a trial of memory be off the line.
func bent(spoil func(*Memory)) func(*Observation) {
	return func(o *Observation) { spoil(&o.Steps[1]) }
}

func fitOf(name, share string) []string {
	const text = ": the memory of 400 connections is off its line by "
	return []string{
		"counted fit of idle/" + name + text + share + " % of what they added, limit 5 %",
		"counted fit of held/" + name + text + share + " % of what they added, limit 5 %",
	}
}

var countedCases = []ruleCase{
	{"no host CPU", clean, func(o *Observation) { o.HostUnreadable = errors.New("no /proc/stat") },
		[]string{"counted host of host/: the host's CPU time was not read: no /proc/stat"}},
	{"a reading that stands still", clean, func(o *Observation) {
		o.After.CPU = o.Before.CPU
	}, []string{"counted reading of host/: the host's CPU time was read for 0.00 s of 2 CPUs, of at least 2.20"}},
	{"a reading of half of the time", clean, func(o *Observation) {
		o.After.CPU.Cores[0].Wall, o.After.CPU.Cores[1].Wall = 50.9, 51
	}, []string{"counted reading of host/: the host's CPU time was read for 1.90 s of 2 CPUs, of at least 2.20"}},
	{"a reading of longer", clean, func(o *Observation) {
		o.After.CPU.Cores[0].Wall, o.After.CPU.Cores[1].Wall = 52, 52
	}, nil},
	{"others at work", clean, func(o *Observation) { o.After.CPU.Cores[0].Tasks += 0.1 },
		[]string{"counted foreign of host/: other processes used 5.0 % of the cores' time, limit 3 %"}},
	{"others hardly at work", clean, func(o *Observation) { o.After.CPU.Cores[1].Tasks += 0.05 }, nil},
	{"a quota", clean, func(o *Observation) {
		o.Before.Quota, o.After.Quota = host.Throttle{Periods: 40, Stopped: 7, Time: 1}, host.Throttle{Periods: 90, Stopped: 10, Time: 1.25}
	}, []string{"counted quota: the trial was stopped in 3 of 50 periods of its CPU quota, for 0.25 s in all: lift the quota (cpu.max of the control group), or run outside the container"}},
	{"a quota that was used up before the first mark alone", clean, func(o *Observation) {
		o.Before.Quota, o.After.Quota = host.Throttle{Periods: 40, Stopped: 7, Time: 1}, host.Throttle{Periods: 90, Stopped: 7, Time: 1}
	}, nil},

	{"server's Memory off its line", memoryTrial, bent(func(m *Memory) { m.Server.RSS += 1e6 }), fitOf("server-rss", "7.3")},
	{"server's heap off its line", memoryTrial, bent(func(m *Memory) { m.Server.Heap -= 1e6 }), fitOf("server-heap", "20.0")},
	{"server's stacks off their line", memoryTrial, bent(func(m *Memory) { m.Server.Stacks += 1e6 }), fitOf("server-stacks", "29.4")},
	{"fleet's Memory off its line", memoryTrial, bent(func(m *Memory) { m.Fleet.RSS += 1e6 }), fitOf("fleet-rss", "7.3")},
	{"kernel's Memory off its line", memoryTrial, bent(func(m *Memory) { m.Kernel += 1e6 }), fitOf("kernel", "11.1")},
	{"Memory nearly on its line", memoryTrial, bent(func(m *Memory) { m.Server.RSS += 5e5 }), nil},
	{"kernel's memory not read", memoryTrial, func(o *Observation) { o.HostUnreadable = errors.New("no /proc/slabinfo") }, []string{
		"counted fit of idle/kernel: the kernel's memory was not read: no /proc/slabinfo",
		"counted fit of held/kernel: the kernel's memory was not read: no /proc/slabinfo"}},
}
