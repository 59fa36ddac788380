package run

import (
	"fmt"

	"pushbench/loadgen/host"
)

// Trials with cpus: awake need a host that lets the run keep its CPUs from
// sleeping, which takes root on most. A run finds out before its first trial.

// checkAwake returns why a plan's trials cannot have their CPUs kept awake, by what
// can says of this host.
func checkAwake(plans []*plan, can func() error) error {
	for _, p := range plans {
		n := p.awake()
		if n == 0 {
			continue
		}
		err := can()
		if err == nil {
			return nil
		}
		rest := ""
		if n < len(p.chosen) {
			rest = "; -only cpus=host runs those without"
		}
		return ExitError{ExitFailure, fmt.Errorf("%s has trials with cpus: awake, and this host cannot have them: %w%s", p.scenario.Path, err, rest)}
	}
	return nil
}

// awake is how many treatments of the trials to be run keep the CPUs from sleeping.
func (p *plan) awake() (n int) {
	for _, t := range p.treatments {
		if t.Awake && p.chosen[t.Labels.Key()] {
			n++
		}
	}
	return n
}

// awakeLine says for a plan what of it needs CPUs that stay awake, and whether they
// can be had; "" where nothing does.
func (p *plan) awakeLine() string {
	n := p.awake()
	if n == 0 {
		return ""
	}
	line := fmt.Sprintf("cpus: %d of %d treatments with CPUs kept awake", n, len(p.chosen))
	if err := host.CanKeepAwake(); err != nil {
		return fmt.Sprintf("%s, which this host cannot have: %v", line, err)
	}
	return line + ", which this host can have"
}
