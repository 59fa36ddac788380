package run

import (
	"fmt"

	"pushbench/loadgen/host"
	"pushbench/loadgen/trial"
	"pushbench/scenarios"
	"pushbench/servers/units"
)

// What many subscribers need of a host beside what each process may have open. What a
// host does not tell limits nothing that we know of.

// fewSubscribers need nothing that a host with two cores has not.
const fewSubscribers = 10_000

// manyFor says which trials have more than that, or more than a host can do.
func manyFor(can func([]scenarios.Treatment) error) func(scenarios.Treatment) bool {
	return func(t scenarios.Treatment) bool {
		return connections(t) > fewSubscribers || can([]scenarios.Treatment{t}) != nil
	}
}

// largest is the most connections that trials have.
func largest(ts []scenarios.Treatment) (n int) {
	for _, t := range orLargest(ts) {
		n = max(n, connections(t))
	}
	return n
}

// orLargest is the trials that ask, or where nobody in particular does one of as many
// subscribers as the largest scenario here has.
func orLargest(ts []scenarios.Treatment) []scenarios.Treatment {
	if ts == nil {
		return []scenarios.Treatment{{Subscribers: 250_000}}
	}
	return ts
}

// leastMemory is what a connection takes at least (B): 9.9 KiB of the kernel's for both
// its ends (idle/kernel), and something at each.
const leastMemory = 12 << 10

// memory returns why this host cannot hold so many connections in memory.
func memory(ts []scenarios.Treatment) error {
	n := largest(ts)
	need := int64(n) * leastMemory
	free, err := host.FreeMemory()
	if err != nil || need <= free {
		return nil
	}
	return fmt.Errorf("%d connections take %s at least, for the kernel and both ends, and %s are free; use fewer subscribers, or end other programs",
		n, units.Format(float64(need), "B"), units.Format(float64(free), "B"))
}

// files returns why it cannot open files for them: each has one at either end.
func files(ts []scenarios.Treatment) error {
	n := largest(ts)
	open, most, err := host.HostFiles()
	if err != nil || 2*int64(n) <= most-open {
		return nil
	}
	return fmt.Errorf("%d connections take %d open files, and the host has %d of at most %d open; raise fs.file-max", n, 2*n, open, most)
}

// ports returns why it has no ports for them.
func ports(ts []scenarios.Treatment) error {
	have, err := host.Ports()
	open, noLimit := host.OpenFiles()
	if err != nil || noLimit != nil {
		return nil
	}
	for _, t := range orLargest(ts) {
		c := trial.Config{Treatment: t, Crew: crewOf(t, open)}
		if need := c.Ports(); need > have {
			return fmt.Errorf("%d connections from one address to one server take as many ports, and the kernel picks from %d; widen net.ipv4.ip_local_port_range", need, have)
		}
	}
	return nil
}
