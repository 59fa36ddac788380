package scenarios

import (
	"fmt"
	"maps"
	"slices"

	"pushbench/results"
	"pushbench/servers/feed"
)

// maxTreatments bounds a plan: at seconds a trial, more is weeks.
const maxTreatments = 1000

// Treatment is one combination of levels, with its values ready to use.
type Treatment struct {
	// Labels is the treatment as records and claims name it: every key with
	// its level, the transport with its #label.
	Labels results.Treatment
	// Transport is what to run: name and knobs, without the #label.
	Transport   string
	Subscribers int
	Rate        float64 // events per second
	Arrivals    string  // constant, poisson
	Payload     int     // bytes
	PayloadKind string  // random, ticker, identical
	Encoding    string  // text, binary, base64
	Want        string  // every, latest
	TLS         bool
	HTTP        string // 1.1, 2
	Headers     string // profile of header fields
	Client      string // go, stamp
	Awake       bool   // idle CPUs do not sleep
	Network     Network
	Fault       string // one of faults
	Fleets      int    // processes that share the subscribers
	Proxy       string // one of Proxies
	Server      string // one of Servers

	Uplink        float64 // messages per second that each subscriber sends; 0: none
	UplinkPayload int     // bytes of each
}

// Treatments lists the combinations to run, in the order of the file with the
// first factor varying slowest, and those that cannot exist with the reason.
// What except leaves out is in neither. The error is for a Scenario that was
// not made by Load or Parse.
func (s *Scenario) Treatments() (ts []Treatment, dropped []results.Dropped, err error) {
	combinations := 1
	for _, f := range s.Factors {
		if combinations *= len(f.Levels); combinations > maxTreatments {
			return nil, nil, fmt.Errorf("more than %d combinations of levels; split the scenario or vary fewer factors at once", maxTreatments)
		}
	}
	for i := range combinations {
		labels := s.combination(i)
		if slices.ContainsFunc(s.Except, labels.Matches) {
			continue
		}
		t, err := typed(labels)
		if err != nil {
			return nil, nil, err
		}
		if why := s.impossible(t); why != "" {
			dropped = append(dropped, results.Dropped{Treatment: labels, Why: why})
			continue
		}
		ts = append(ts, t)
	}
	return ts, dropped, nil
}

// combination is the i-th of the cross product, counted like an odometer with
// the last factor turning fastest.
func (s *Scenario) combination(i int) results.Treatment {
	labels := results.Treatment{}
	maps.Copy(labels, s.Fixed)
	for j := len(s.Factors) - 1; j >= 0; j-- {
		f := s.Factors[j]
		labels[f.Key] = f.Levels[i%len(f.Levels)]
		i /= len(f.Levels)
	}
	return labels
}

// Conditions is what all treatments have in common, as a plan says it: without a proxy
// that nobody asks for, and the like.
func (s *Scenario) Conditions() results.Treatment {
	said := maps.Clone(s.Fixed)
	for _, k := range treatmentKeys {
		if k.tacit && said[k.name] == k.level {
			delete(said, k.name)
		}
	}
	return said
}

func typed(labels results.Treatment) (Treatment, error) {
	t := Treatment{Labels: labels}
	for _, k := range treatmentKeys {
		if _, err := k.read(labels[k.name], &t); err != nil {
			return Treatment{}, fmt.Errorf("treatment %s: %s %q %w", labels.Key(), k.name, labels[k.name], err)
		}
	}
	return t, nil
}

// impossible says why a combination of levels, each sound by itself, cannot
// exist; "" where it can.
func (s *Scenario) impossible(t Treatment) string {
	transport, rhythm := s.specs[t.Transport].Transport, s.rhythm(t)
	switch {
	case t.HTTP == "2" && transport != nil && transport.Upgrades:
		return fmt.Sprintf("%s begins with an upgrade, which HTTP/2 does not have", t.Transport)
	case t.Encoding == "binary" && rhythm.TextOnly:
		return fmt.Sprintf("%s carries text, which binary events are not; base64 ones are", t.Transport)
	case t.HTTP == "2" && rhythm.FreshConns:
		return "HTTP/2 keeps its connection"
	case t.PayloadKind != "random" && t.Payload < MinTicker:
		return fmt.Sprintf("a ticker is JSON and needs a payload of at least %dB, not %s", MinTicker, t.Labels["payload"])
	case t.Fleets > t.Subscribers:
		return fmt.Sprintf("%d fleets share %d subscribers, and each needs one", t.Fleets, t.Subscribers)
	case t.Foreign() && transport != nil:
		if why := t.beyondForeign(s.specs[t.Transport]); why != "" {
			return why
		}
	}
	return t.Network.impossible(t.Emulated())
}

// Plan is what a run of the scenario sets out to do, as its record announces
// it.
func (s *Scenario) Plan() (results.Planned, error) {
	ts, dropped, err := s.Treatments()
	if err != nil {
		return results.Planned{}, err
	}
	plan := results.Planned{Seed: s.Seed, Generator: Generator, Blocks: s.Blocks, Warmup: s.Warmup, Measure: s.Measure, Dropped: dropped}
	for _, t := range ts {
		plan.Treatments = append(plan.Treatments, t.Labels)
	}
	return plan, nil
}

// Generator names what draws the order and the randomness of trials, and the
// version of how this project uses it: the same seed gives the same only by the same
// generator.
const Generator = "math/rand/v2 PCG, 1"

// Order is the order in which the treatments run within a block (from 1), as
// indices into Treatments. Each block has an order of its own, so that
// whatever drifts in the host falls on all treatments alike (randomised
// complete block design, Fisher 1935); the same seed gives the same orders. It is
// the run's, not the scenario's: a fixed seed would put the same treatment first in
// every run that anybody makes.
func (s *Scenario) Order(seed uint64, block int) []int {
	ts, _, err := s.Treatments()
	if err != nil {
		return nil
	}
	return feed.Rand(seed, block, "order").Perm(len(ts))
}
