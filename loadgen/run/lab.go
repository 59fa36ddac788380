package run

import (
	"fmt"
	"io"
	"slices"

	"pushbench/loadgen/lab"
)

// Trials with a network need the lab, which an ordinary user has in a user
// namespace of his own. A run that has such trials finds out first whether the
// host allows it, and then runs as a whole in that namespace.

// sharedLink is a warning for the record.
const sharedLink = "the link shares the fleet's core: while one runs the other waits; link-late and link/cpu say how much of it there is"

// enterLab makes sure of the lab where one of the plans needs it. If entered, the
// run is done, by another process, and ended with code.
func enterLab(plans []*plan, stderr io.Writer) (code int, entered bool, err error) {
	i := slices.IndexFunc(plans, (*plan).emulated)
	if i < 0 {
		return 0, false, nil
	}
	var algorithms []string
	for _, p := range plans {
		algorithms = append(algorithms, p.congestions()...)
	}
	slices.Sort(algorithms)
	if err := lab.Ready(slices.Compact(algorithms)...); err != nil {
		return 0, false, ExitError{ExitFailure, fmt.Errorf("%s has trials over a network, and this host has no lab for them: %w; what needs no network runs all the same, see -only", plans[i].scenario.Path, err)}
	}
	code, entered, err = lab.Enter()
	if err == nil && !entered {
		newProgress(stderr).note("lab: this host can emulate networks; trials over one run in namespaces of their own, real TCP at both ends")
	}
	return code, entered, err
}

// labLine says for a plan what of it needs the lab, and whether it can be had.
func (p *plan) labLine() string {
	n, of := 0, 0
	for _, t := range p.treatments {
		if p.chosen[t.Labels.Key()] {
			of++
			if t.Emulated() {
				n++
			}
		}
	}
	if n == 0 {
		return ""
	}
	line := fmt.Sprintf("lab: %d of %d treatments over an emulated network", n, of)
	if err := lab.Ready(p.congestions()...); err != nil {
		return fmt.Sprintf("%s, which this host cannot make: %v", line, err)
	}
	return line + ", which this host can make"
}
