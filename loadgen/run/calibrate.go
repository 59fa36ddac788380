package run

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"pushbench/loadgen/trial"
	"pushbench/results"
	"pushbench/scenarios"
	"pushbench/servers/all"
)

// Before a run the fleet is set against the floor, with more load than it or
// the server can take: what an event and a poll then cost it is what it can take
// of them. A generator that is near its own limit measures itself, so each trial
// says how near it came.
//
// Busy is what counts here. Events that come one by one wake the fleet for each,
// and cost it more; its utilisation, which has a limit of its own, shows that.

// Calibrators are the subscribers to each flood. It is a variable for tests.
var Calibrators = 50

const (
	calibrationTime = time.Second
	floodRate       = 4000.0 // events a second to each of them, beyond what either end can take
	floodBytes      = 2e9    // a second to all of them, which is beyond it where events are large
)

// clientBound is the share of its ceiling from which a fleet is said to be what
// was measured.
const clientBound = 0.70

// calibrate measures what an event and a poll cost a busy fleet, under the
// dearest conditions of the plan. Where that fails no trial has a ceiling; that
// it was interrupted, the run finds out by itself.
func (s *session) calibrate(ctx context.Context) error {
	if s.floor == nil {
		return nil
	}
	s.progress.note("calibrating the fleet against the floor")
	base := s.plan.dearest()
	base.Subscribers, base.Arrivals, base.Client, base.Fault = Calibrators, "constant", "go", scenarios.NoFault
	base.Want, base.Uplink, base.Network, base.Awake = "every", 0, scenarios.Network{}, false
	base.Fleets, base.Proxy, base.Server = 1, scenarios.NoProxy, scenarios.OurServer
	rate := min(floodRate, floodBytes/float64(Calibrators*base.Payload))
	event, err := s.busy(ctx, base, all.Floor, rate, "fleet/cpu")
	poll, pollErr := s.busy(ctx, base, all.BusyPoll, rate/10, "fleet/cpu-per-request")
	if err = cmp.Or(err, pollErr); err != nil || ctx.Err() != nil {
		return err
	}
	s.fleet = results.Calibration{Event: event, Poll: poll}
	s.progress.note("it can take %.3g events a second, or %.3g polls", 1/event, 1/poll)
	return nil
}

// busy runs a trial that saturates, and returns one of its metrics. That it
// breaks rules is the point of it.
func (s *session) busy(ctx context.Context, t scenarios.Treatment, transport string, rate float64, metric string) (float64, error) {
	t.Transport, t.Rate = transport, rate
	t.Labels = results.Treatment{"transport": transport}
	if transport == all.Floor {
		t.HTTP = "1.1"
	}
	window := min(calibrationTime, s.plan.scenario.Measure) // no longer than the trials'
	c := trial.Config{
		Treatment: t, Seed: s.plan.scenario.Seed, Warmup: window / 5, Measure: window, Saturate: true,
		ServerPath: s.programs.servers, FleetPath: s.programs.fleet, Layout: s.layout,
	}
	if ctx.Err() != nil {
		return 0, nil
	}
	r, err := s.floor(ctx, c)
	if ctx.Err() != nil {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	m, ok := r.Metrics[metric]
	if !ok || !(m.Value > 0) {
		return 0, fmt.Errorf("calibrate the fleet against %s: no %s: %v", transport, metric, texts(r.Broken))
	}
	return m.Value, nil
}

// dearest is the treatment to run that costs the fleet most for each event: the
// largest, and over TLS and HTTP/2 where any is.
func (p *plan) dearest() scenarios.Treatment {
	var most scenarios.Treatment
	for _, t := range p.chosen {
		secure, http := most.TLS || t.TLS, max(most.HTTP, t.HTTP)
		if t.Payload > most.Payload {
			most = t
		}
		most.TLS, most.HTTP = secure, http
	}
	return most
}

// load puts into a trial's record how near its fleets, on so many cores, came to their
// ceiling.
func load(t *results.Trial, c results.Calibration, cores int) {
	perEvent, used := t.Metrics["fleet/cpu"].Value, t.Metrics["fleet/cpu-util"].Value
	if c.Event == 0 || !(perEvent > 0) || !(used > 0) {
		return
	}
	deliveries := used / perEvent // a second, of each core
	needs := deliveries * c.Event
	if together := t.Metrics["events-per-response"].Value; together > 1 {
		// The floor was calibrated with a message for each event. Several in one
		// take more than one does, and at least what the fleet did use.
		needs = max(used, needs/together)
	}
	if requests := t.Metrics["requests"].Value; requests > 0 {
		needs = deliveries * requests * c.Poll
	}
	// A message of an uplink is sent and its echo read: at most what a poll takes.
	if window := t.Metrics["window"].Value; window > 0 {
		needs += t.Metrics["uplink/echoed"].Value / window * c.Poll / float64(cores)
	}
	deliveries *= float64(cores)
	t.Metrics["fleet/load"] = results.Metric{Value: needs, Unit: "1"}
	t.Metrics["fleet/ceiling"] = results.Metric{Value: deliveries / needs, Unit: "1/s"}
	if needs > clientBound {
		t.Warnings = append(t.Warnings, fmt.Sprintf("client-bound: %.3g events a second are %.0f %% of the %.3g that the fleet can take",
			deliveries, 100*needs, deliveries/needs))
	}
}
