package run

import (
	"context"
	"errors"
	"slices"
	"time"

	"pushbench/loadgen/trial"
	"pushbench/results"
	"pushbench/scenarios"
	"pushbench/servers/all"
)

// A run tries before its first trial what all of them need: a server and a fleet that
// start and answer, a connection from one to the other, and an event across it; on
// loopback, over the lab, or both, as the trials are. What is short there is named at
// once, and not by as many trials as the plan has.

// Of such a try: long enough for some events.
const (
	probeRate   = 100.0 // events a second
	probeWindow = 50 * time.Millisecond
	probeTrip   = time.Millisecond // of a path
)

// probe returns why no trial of the plan can work here.
func (s *session) probe(ctx context.Context) error {
	if s.first == nil {
		return nil
	}
	for _, over := range []bool{false, true} {
		t, any := s.plan.least(over)
		if !any {
			continue
		}
		r, err := s.first(ctx, trial.Config{
			Treatment: t, Seed: 1, Block: 1, Warmup: probeWindow, Measure: probeWindow,
			ServerPath: s.programs.servers, FleetPath: s.programs.fleet, Layout: s.layout,
		})
		if ctx.Err() != nil {
			return ExitError{ExitInterrupted, errors.New("interrupted before the first trial")}
		}
		if err != nil {
			return err
		}
		if i := slices.IndexFunc(r.Broken, func(b results.Broken) bool { return b.Class == results.Sound }); i >= 0 {
			where := "on loopback"
			if over {
				where = "over the lab's network"
			}
			return s.programs.useless("no trial can work here", "tried with one subscriber "+where+": "+r.Broken[i].Text, r.Log)
		}
	}
	return nil
}

// least is the least that a trial of the plan is: one subscriber to a bare push, over
// an emulated path or on loopback.
func (p *plan) least(over bool) (t scenarios.Treatment, any bool) {
	for _, t := range p.chosen {
		if t.Emulated() != over {
			continue
		}
		least := scenarios.Treatment{
			Labels:    results.Treatment{"transport": all.Floor},
			Transport: all.Floor, Subscribers: 1, Rate: probeRate, Arrivals: "constant",
			Payload: t.Payload, PayloadKind: t.PayloadKind, Encoding: t.Encoding, Want: "every",
			HTTP: "1.1", Headers: t.Headers, Client: "go", Fault: scenarios.NoFault,
		}
		if over {
			least.Network = scenarios.Network{RTT: probeTrip, Congestion: t.Network.Congestion}
		}
		return least, true
	}
	return t, false
}
