package scenarios

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"pushbench/results"
	"pushbench/servers/units"
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
	if s.asksLatency() {
		w = append(w, resonance(ts)...)
	}
	w = append(w, s.shortWindow(ts)...)
	if len(s.Idle) == 0 {
		w = append(w, s.fewEvents(ts)...)
	}
	w = append(w, s.weakFaults(ts)...)
	w = append(w, s.weakNetworks(ts)...)
	if len(s.Claims) > 0 && !hasTwin(s.levels("transport")) {
		w = append(w, "no twin: without a transport such as ws#twin beside ws, nothing says how large a difference is noise")
	}
	return unique(append(w, s.unprintable(ts)...))
}

// asksLatency reports whether a plot or claim reads how old events are.
func (s *Scenario) asksLatency() bool {
	latency := func(metric string) bool {
		return strings.HasPrefix(metric, "staleness") || strings.HasPrefix(metric, "delivery")
	}
	for _, p := range s.Plots {
		if slices.ContainsFunc(p.Metrics(), latency) {
			return true
		}
	}
	for _, c := range s.Claims {
		if e, err := results.ParseExpect(c.Expect); err == nil && slices.ContainsFunc(e.Terms(), func(t results.Term) bool { return latency(t.Name) }) {
			return true
		}
	}
	return false
}

// resonance: where constant arrivals and polls march in step, each poll finds
// its events at the same age for a whole trial, and the trial measures the
// phase it happened to start with.
func resonance(ts []Treatment) []string {
	var w []string
	for _, t := range ts {
		interval := pollInterval(t)
		if t.Arrivals != "constant" || interval == 0 {
			continue
		}
		period := 1 / t.Rate
		if divides(period, interval) || divides(interval, period) {
			w = append(w, fmt.Sprintf("%s at a constant %s: events and polls march in step, and a trial measures the phase it began with; use arrivals: poisson", t.Labels.Transport(), t.Labels["rate"]))
		}
	}
	return w
}

func (s *Scenario) shortWindow(ts []Treatment) []string {
	var w []string
	for _, t := range ts {
		if interval := pollInterval(t); interval > s.Measure.Seconds() {
			w = append(w, fmt.Sprintf("measure: %s is shorter than the interval of %s; not every subscriber polls within it", s.Measure, t.Labels.Transport()))
		}
	}
	return w
}

// fewEvents: a trial without an event has no number to give.
func (s *Scenario) fewEvents(ts []Treatment) []string {
	var w []string
	for _, t := range ts {
		if t.Rate == 0 && t.Fault != NoFault {
			continue // none is what is asked for
		}
		if expected := t.Rate * s.Measure.Seconds(); expected < 5 {
			w = append(w, fmt.Sprintf("rate: %s gives about %.2g events in %s; some trials may measure none", t.Labels["rate"], expected, s.Measure))
		}
	}
	return w
}

// unprintable names the quantiles asked for that the run will hold too few
// events for.
func (s *Scenario) unprintable(ts []Treatment) []string {
	var w []string
	ask := func(metric string, where map[string]string) {
		q, ok := quantileOf(metric)
		if !ok {
			return
		}
		need := math.Round(quantileEvents / min(q, 1-q))
		for _, t := range ts {
			perSecond, what, at := t.Rate, "distinct events", t.Labels["rate"]
			if name, _, _ := strings.Cut(t.Labels.Transport(), "?"); name == "poll" { // each at a phase of its own
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
	}
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
	return w
}

// hasTwin reports whether some transport is there twice, once with a label.
func hasTwin(transports []string) bool {
	return slices.ContainsFunc(transports, func(t string) bool {
		base, _, labelled := strings.Cut(t, "#")
		return labelled && slices.Contains(transports, base)
	})
}

// pollInterval is the interval a transport writes out, in seconds; 0 for one
// that does not poll or leaves it at the transport's default.
func pollInterval(t Treatment) float64 { return knobSeconds(t, "interval") }

// knobSeconds is the time that a transport's knob is written out as; 0 for one
// that has no such knob or leaves it at its default.
func knobSeconds(t Treatment, name string) float64 {
	v, unit, err := units.Parse(knob(t.Transport, name))
	if err != nil || unit != "s" || !(v > 0) {
		return 0
	}
	return v
}

// divides reports whether b is a whole multiple of a, to within what rounding
// leaves of it.
func divides(a, b float64) bool {
	n := math.Round(b / a)
	return n >= 1 && math.Abs(b/a-n) < 1e-9*n
}

// unique keeps the first of each warning: many treatments share a doubt.
func unique(w []string) []string {
	var kept []string
	for _, s := range w {
		if !slices.Contains(kept, s) {
			kept = append(kept, s)
		}
	}
	return kept
}
