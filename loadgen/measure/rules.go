package measure

import (
	"fmt"
	"slices"

	"pushbench/results"
)

// A trial is held to rules. Each is of a class, which says what of the trial it is
// about; which metrics need the class, the vocabulary of package results knows. A
// trial that broke a rule of how bytes are accounted for still tells how old events
// were. A rule is a row: what it needs of a trial to have a say, and what it found.

// rule is something that has to hold.
type rule struct {
	class  results.Class
	name   string
	of     string                    // how the metrics begin that it is about; "" for all that need the class
	needs  trait                     // without it a trial keeps the rule
	broken func(*Observation) string // what was found, with its numbers; "" where the rule holds
}

// rules is all of them, for every kind of trial.
var rules = slices.Concat(soundRules, accountedRules, timedRules, askedRules, unsaturatedRules, countedRules)

// trait is what some trials have and others have not.
type trait uint

const (
	marks    trait = 1 << iota // both ends were read at rest, twice: but in a trial of memory
	window                     // events were published on schedule, and those of a window measured
	steps                      // memory was read at several numbers of connections
	every                      // subscribers want every event, not the newest only
	latest                     // they want the newest only
	uplink                     // they send something
	polls                      // they ask by the clock, and their path answers before they ask again
	quiet                      // nothing was published before the fault
	events                     // some were delivered between the marks
	busy                       // that, or none was to be
	readable                   // the host's CPU time and memory were read
	kernel                     // the kernel tells what passed its sockets
	told                       // what the server used was read, or it told
	tallied                    // the server's tally is that of the other end of the fleets' connections
	link                       // the path is emulated
	proxied                    // somebody stands before the server, whose CPU time was read
	silenced                   // a fault made an end or the path fall silent
	awake                      // the CPUs were to stay awake
	headroom                   // nobody is asked for more than it can do
	sockets                    // the kernel told of TCP's sockets
)

// has is what of that the trial has.
func (o *Observation) has() (all trait) {
	delivered := !o.OfMemory && o.events() > 0
	_, proxy := o.After.Process["proxy"]
	for what, there := range map[trait]bool{
		marks:    !o.OfMemory,
		window:   !o.OfMemory && !o.Quiet,
		steps:    o.OfMemory,
		quiet:    o.Quiet,
		events:   delivered && !o.Quiet,
		busy:     delivered || o.Quiet,
		readable: o.HostUnreadable == nil,
		every:    !o.latest(),
		latest:   o.latest(),
		uplink:   o.Treatment.Uplink > 0,
		polls:    o.Prompt && !o.Saturate,
		kernel:   !o.OfMemory && o.After.Fleet.NoTCP == "",
		told:     o.told(),
		tallied:  o.Tallies,
		link:     o.Emulated,
		proxied:  proxy,
		silenced: o.Treatment.Faulty(),
		awake:    o.Treatment.Awake,
		headroom: !o.Saturate,
		sockets:  o.Sockets.Read,
	} {
		if there {
			all |= what
		}
	}
	return all
}

// broken is what the trial broke of the rules.
func (o *Observation) broken() []results.Broken {
	found := []results.Broken{}
	has := o.has()
	for _, r := range rules {
		if r.needs&^has != 0 {
			continue
		}
		if text := r.broken(o); text != "" {
			found = append(found, results.Broken{Class: r.class, Rule: r.name, Text: text, Of: r.of})
		}
	}
	return found
}

// unless is a text, or "" where the condition holds.
func unless(holds bool, format string, args ...any) string {
	if holds {
		return ""
	}
	return fmt.Sprintf(format, args...)
}

// zero finds what should not be there at all, with its number.
func zero(format string, of func(*Observation) int64) func(*Observation) string {
	return func(o *Observation) string { return unless(of(o) == 0, format, of(o)) }
}
