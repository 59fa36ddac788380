package run

import (
	"fmt"
	"io"
	"slices"

	"pushbench/loadgen/host"
	"pushbench/loadgen/lab"
	"pushbench/loadgen/stage"
	"pushbench/scenarios"
)

// Some trials need what not every host has. A run asks for it before its first trial,
// -dry says of each plan whether it can be had, and doctor prints the same list.

// requirement is one such thing, in the words of those who ask.
type requirement struct {
	name  string // in doctor's list
	label string // in -dry's
	asked func(scenarios.Treatment) bool
	what  string // the treatments that ask
	verb  string // what a host does that can
	can   func([]scenarios.Treatment) error
	found string // what doctor says of such a host
	means string // and of one that cannot
}

// needs is all of them.
var needs = []requirement{
	{
		name: "lab", label: "lab", asked: scenarios.Treatment.Emulated, what: "over an emulated network", verb: "make",
		can:   func(ts []scenarios.Treatment) error { return lab.Ready(congestions(ts)...) },
		found: "network namespaces and TUN devices: a path with delay, loss and bandwidth can be made",
		means: "delay, loss and bandwidth cannot be emulated; loopback can be measured all the same",
	},
	{
		name: "awake", label: "cpus", asked: func(t scenarios.Treatment) bool { return t.Awake }, what: "with CPUs kept awake", verb: "have",
		can:   func([]scenarios.Treatment) error { return host.CanKeepAwake() },
		found: "idle CPUs can be kept from sleeping, as cpus: awake asks",
		means: "scenarios with cpus: awake cannot run, but for -only cpus=host",
	},
	{
		name: "rivals", label: "rivals", asked: scenarios.Treatment.Foreign, what: "by servers of other people", verb: "start",
		can:   func(ts []scenarios.Treatment) error { return stage.Lacks(serversOf(ts)...) },
		found: "servers of other people can be made here, and set beside ours",
		means: "scenarios that ask for such a server cannot run",
	},
	{
		name: "memory", label: "memory", asked: manyFor(memory), what: "with many connections", verb: "hold in memory", can: memory,
		found: "enough for 250,000 connections between lean ends", means: "fewer subscribers can be measured all the same",
	},
	{
		name: "files", label: "files", asked: manyFor(files), what: "with many connections", verb: "open files for", can: files,
		found: "the host may have enough open for 250,000 connections", means: "fewer subscribers can be measured all the same",
	},
	{
		name: "many-ports", label: "ports", asked: manyFor(ports), what: "with many connections", verb: "give ports to", can: ports,
		found: "enough for each address that many subscribers dial from", means: "fewer subscribers can be measured all the same",
	},
}

// Doctor says what this host can measure and what it lacks: for the scenarios in these
// files, or where there are none for everything that is here.
func Doctor(w io.Writer, files []string) error {
	var plans []*plan
	for _, path := range files {
		p, err := readPlan(path, Options{})
		if err != nil {
			return err
		}
		plans = append(plans, p)
	}
	var checks []host.Check
	for _, n := range needs {
		var asking []scenarios.Treatment
		for _, p := range plans {
			asking = append(asking, p.asking(n)...)
		}
		if len(files) > 0 && asking == nil {
			continue
		}
		c := host.Check{Name: n.name, State: host.OK, Found: n.found}
		if err := n.can(asking); err != nil {
			c.State, c.Found, c.Means = host.Lacks, err.Error(), n.means
		}
		checks = append(checks, c)
	}
	return host.Doctor(w, checks, len(files) == 0)
}

// answer is what a host says to a plan that needs something of it.
type answer struct {
	requirement
	asking []scenarios.Treatment
	err    error // why it cannot be had
}

// asking is the treatments to be run that need something.
func (p *plan) asking(n requirement) (ts []scenarios.Treatment) {
	for _, t := range p.chosen {
		if n.asked(t) {
			ts = append(ts, t)
		}
	}
	return ts
}

// ask is the answers to what the treatments to be run need.
func (p *plan) ask(needs []requirement) (answers []answer) {
	for _, n := range needs {
		if asking := p.asking(n); asking != nil {
			answers = append(answers, answer{n, asking, n.can(asking)})
		}
	}
	return answers
}

// lines say of what the plan needs whether this host can.
func (p *plan) lines(needs []requirement) (lines []string) {
	for _, a := range p.ask(needs) {
		line := fmt.Sprintf("%s: %d of %d treatments %s, which this host can", a.label, len(a.asking), len(p.chosen), a.what)
		if a.err != nil {
			line += fmt.Sprintf("not %s: %v", a.verb, a.err)
		} else {
			line += " " + a.verb
		}
		lines = append(lines, line)
	}
	return lines
}

// lacks returns why trials of the plans cannot be run here.
func lacks(plans []*plan, needs []requirement) error {
	for _, p := range plans {
		for _, a := range p.ask(needs) {
			if a.err == nil {
				continue
			}
			rest := ""
			if len(a.asking) < len(p.chosen) {
				rest = "; -only runs those without"
			}
			return ExitError{ExitFailure, fmt.Errorf("%s has trials %s, which this host cannot %s: %w%s", p.scenario.Path, a.what, a.verb, a.err, rest)}
		}
	}
	return nil
}

// enterLab runs the whole command in a user namespace of its own where one of the
// plans has trials over a network: an ordinary user has the lab there. If entered, the
// run is done, by another process, and ended with code.
func enterLab(plans []*plan, stderr io.Writer) (code int, entered bool, err error) {
	if !slices.ContainsFunc(plans, (*plan).emulated) {
		return 0, false, nil
	}
	code, entered, err = lab.Enter()
	if err == nil && !entered {
		fmt.Fprintln(stderr, "lab: this host can emulate networks; trials over one run in namespaces of their own, real TCP at both ends")
	}
	return code, entered, err
}

// Warnings for the record, where there is no core for a link or a proxy.
const (
	sharedLink  = "the link shares the fleet's core: while one runs the other waits; link-late and link/cpu say how much of it there is"
	sharedProxy = "the proxy shares the fleet's core: while one runs the other waits; proxy/wait and proxy/cpu-util say how much of it there is"
)

// congestions are the congestion controls that treatments ask the lab for.
func congestions(ts []scenarios.Treatment) (asked []string) {
	for _, t := range ts {
		asked = append(asked, t.Network.Congestion)
	}
	slices.Sort(asked)
	return slices.Compact(asked)
}

// serversOf are the servers of other people that treatments ask for.
func serversOf(ts []scenarios.Treatment) (asked []string) {
	for _, t := range ts {
		if t.Foreign() {
			asked = append(asked, t.Server)
		}
	}
	slices.Sort(asked)
	return slices.Compact(asked)
}

// foreign are those of all plans.
func foreign(plans []*plan) []string {
	var all []scenarios.Treatment
	for _, p := range plans {
		all = append(all, p.chosen...)
	}
	return serversOf(all)
}
