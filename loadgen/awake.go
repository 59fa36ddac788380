package main

import (
	"fmt"
	"slices"

	"pushbench/loadgen/host"
)

// Trials with cpus: awake need a host that lets the run keep its CPUs from
// sleeping, which takes root on most. A run finds out before its first trial.

// checkAwake returns why a plan's trials cannot have their CPUs kept awake.
func checkAwake(plans []*plan) error {
	i := slices.IndexFunc(plans, (*plan).awake)
	if i < 0 {
		return nil
	}
	if err := host.CanKeepAwake(); err != nil {
		return exitError{exitFailure, fmt.Errorf("%s has trials with cpus: awake, and this host cannot have them: %w; -only cpus=host runs those without", plans[i].scenario.Path, err)}
	}
	return nil
}

// awake reports whether some trial to be run keeps the CPUs from sleeping.
func (p *plan) awake() bool { return p.awakeCount() > 0 }

func (p *plan) awakeCount() (n int) {
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
	n := p.awakeCount()
	if n == 0 {
		return ""
	}
	line := fmt.Sprintf("cpus: %d of %d treatments with CPUs kept awake", n, len(p.chosen))
	if err := host.CanKeepAwake(); err != nil {
		return fmt.Sprintf("%s, which this host cannot have: %v", line, err)
	}
	return line + ", which this host can have"
}
