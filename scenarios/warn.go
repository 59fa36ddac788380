package scenarios

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"pushbench/results"
)

// quantileEvents is how many distinct events a printed quantile needs beyond
// itself. Subscribers do not count: fifty of them see the same events.
const quantileEvents = 10

// Warnings are doubts about a scenario that is sound: it runs, but part of
// what it asks for it will not get.
func (s *Scenario) Warnings() []string {
	ts, _, err := s.Treatments()
	if err != nil {
		return nil
	}
	var w []string
	if s.Blocks < results.MinBlocks {
		w = append(w, fmt.Sprintf("blocks: %d is too few for an interval; it takes %d or more", s.Blocks, results.MinBlocks))
	}
	for _, doubt := range []func(Treatment) []string{s.resonance, s.shortWindow, s.fewEvents, s.weakFault, s.weakNetwork} {
		for _, t := range ts {
			w = results.AddNew(w, doubt(t)...) // many treatments share a doubt
		}
	}
	if len(s.Claims) > 0 && !hasTwin(s.levels("transport")) {
		w = append(w, "no twin: without a transport such as ws#twin beside ws, nothing says how large a difference is noise")
	}
	return results.AddNew(w, s.unprintable(ts)...)
}

// reads calls back with each metric that a plot or claim reads, and where.
func (s *Scenario) reads(ask func(metric string, where map[string]string)) {
	for _, p := range s.Plots {
		for _, metric := range p.Metrics() {
			ask(metric, p.Where)
		}
	}
	for _, c := range s.Claims {
		if e, err := results.ParseExpect(c.Expect); err == nil {
			for _, term := range e.Terms() {
				ask(term.Name, singledOut(c, term))
			}
		}
	}
}

// asksLatency reports whether a plot or claim reads how old events are.
func (s *Scenario) asksLatency() (asks bool) {
	s.reads(func(metric string, _ map[string]string) {
		asks = asks || strings.HasPrefix(metric, "staleness") || strings.HasPrefix(metric, "delivery")
	})
	return asks
}

// resonance: where constant arrivals and polls march in step, each poll finds
// its events at the same age for a whole trial, and the trial measures the
// phase it happened to start with.
func (s *Scenario) resonance(t Treatment) []string {
	interval, period := s.rhythm(t).Poll.Seconds(), 1/t.Rate
	if t.Arrivals != "constant" || interval == 0 || !divides(period, interval) && !divides(interval, period) || !s.asksLatency() {
		return nil
	}
	return []string{fmt.Sprintf("%s at a constant %s: events and polls march in step, and a trial measures the phase it began with; use arrivals: poisson", t.Labels.Transport(), t.Labels["rate"])}
}

func (s *Scenario) shortWindow(t Treatment) []string {
	if s.rhythm(t).Poll <= s.Measure {
		return nil
	}
	return []string{fmt.Sprintf("measure: %s is shorter than the interval of %s; not every subscriber polls within it", s.Measure, t.Labels.Transport())}
}

// fewEvents: a trial without an event has no number to give, unless none is what is
// asked for.
func (s *Scenario) fewEvents(t Treatment) []string {
	expected := t.Rate * s.Measure.Seconds()
	if expected >= 5 || len(s.Idle) > 0 || t.Rate == 0 && t.Fault != NoFault {
		return nil
	}
	return []string{fmt.Sprintf("rate: %s gives about %.2g events in %s; some trials may measure none", t.Labels["rate"], expected, s.Measure)}
}

// unprintable names the quantiles asked for that the run will hold too few
// events for.
func (s *Scenario) unprintable(ts []Treatment) (w []string) {
	s.reads(func(metric string, where map[string]string) {
		q, ok := results.QuantileOf(metric)
		if !ok {
			return
		}
		need := math.Round(quantileEvents / min(q, 1-q))
		for _, t := range ts {
			perSecond, what, at := t.Rate, "distinct events", t.Labels["rate"]
			if s.rhythm(t).Poll > 0 { // each at a phase of its own
				perSecond, what = t.Rate*float64(t.Subscribers), "events at different phases"
			}
			if strings.HasPrefix(metric, "roundtrip/") || strings.HasPrefix(metric, "uplink-lag/") { // each subscriber's messages are its own
				perSecond, what, at = t.Uplink*float64(t.Subscribers), "messages", "an uplink of "+t.Labels["uplink"]
			}
			have := perSecond * s.Measure.Seconds()
			switch hist, _, _ := strings.Cut(metric, "/"); hist {
			case "notice", "connect", "ttfe": // once by each connection
				have, what, at = float64(t.Subscribers), "connections", t.Labels["subscribers"]+" subscribers"
			}
			if have < need && t.Labels.Matches(where) {
				w = append(w, fmt.Sprintf("%s at %s: about %.0f %s in a trial, %.0f are needed to print it", metric, at, have, what, need))
			}
		}
	})
	return w
}

// hasTwin reports whether some transport is there twice, once with a label.
func hasTwin(transports []string) bool {
	return slices.ContainsFunc(transports, func(t string) bool {
		base, _, labelled := strings.Cut(t, "#")
		return labelled && slices.Contains(transports, base)
	})
}

// divides reports whether b is a whole multiple of a, to within what rounding
// leaves of it.
func divides(a, b float64) bool {
	n := math.Round(b / a)
	return n >= 1 && math.Abs(b/a-n) < 1e-9*n
}
