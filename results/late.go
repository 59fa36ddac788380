package results

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"pushbench/servers/units"
)

// A generator that was late is consulted and voids nothing. A verdict about staleness has
// to be the same without the publisher's lateness, and without what server and fleet
// waited for their cores; where it is not, nobody can tell whose doing it is. Where the
// server was asked for all it can do, its publisher's lateness is its own.

// view is another reading of a metric in a trial.
type view struct {
	name string // what it leaves out
	of   func(t *Trial, metric string) (Metric, error)
}

// withoutLateness are the other readings of a latency.
var withoutLateness = []view{
	{"the publisher's lateness", func(t *Trial, metric string) (Metric, error) {
		switch hist, s, _ := splitStat(metric); hist {
		case "staleness":
			return t.Value("delivery/" + s.name)
		case "roundtrip": // its due instant is the fleet's, and so is its lateness
			m, err := t.Value(metric)
			if late, errLate := t.Value("uplink-lag/mean"); errLate == nil {
				m.Value -= late.Value
			}
			return m, err
		}
		return t.Value(metric)
	}},
	{"what server and fleet waited for a core", func(t *Trial, metric string) (Metric, error) {
		m, err := t.Value(metric)
		if hist, _, _ := splitStat(metric); hist == "staleness" {
			m.Value -= t.waited()
		}
		return m, err
	}},
}

// waited is about how long an event waited for cores on its way, in s: what each
// process did on average, each time before it ran.
func (t *Trial) waited() float64 {
	return t.Metrics["server/wait"].Value + t.Metrics["proxy/wait"].Value + t.Metrics["fleet/wait"].Value
}

// consult holds a verdict against the other readings of what it rests on, and notes
// what a reader has to know of the generator.
func (r *Run) consult(e *Expect, c cell, samples map[*Term]sample, v *CellVerdict) {
	asked := slices.ContainsFunc(e.terms, func(t *Term) bool { return r.saturated(c.treatments[t]) })
	if asked || v.Certain || v.Leans == CannotTell || v.P > r.level() {
		return
	}
	latencies := slices.DeleteFunc(slices.Clone(e.terms), func(t *Term) bool {
		hist, _, _ := splitStat(t.Name)
		return !samples[t].measured || hist != "staleness" && hist != "roundtrip"
	})
	for _, other := range withoutLateness {
		looked := maps.Clone(samples)
		for _, term := range latencies {
			s := samples[term]
			s.values, _ = r.read(c.treatments[term], term.Name, other.of)
			looked[term] = s
		}
		both := reckon(e, looked)
		if len(both.left) < MinBlocks {
			continue // an older record, which does not tell
		}
		again := *v
		again.Leans, again.P = CannotTell, 1
		again.decide(e, both, r.level(), kindsOf(samples))
		if again.Leans != v.Leans || again.P > r.level() {
			v.Leans, v.P = CannotTell, 1
			v.Reason = "the generator was late: without " + other.name + " the verdict is another"
			return
		}
		v.P = max(v.P, again.P)
	}
	v.Notes = append(v.Notes, r.notes(e, c, samples, v)...)
}

// saturated reports whether t's server was asked for all that it can do: its publisher
// is late by its own doing then. A run that asks for saturation may not reach it.
func (r *Run) saturated(t Treatment) bool {
	for _, trial := range r.trialsOf(t) {
		if trial.Saturated == "server" || trial.Saturated == "both" {
			return true
		}
	}
	return false
}

// Thresholds of the footnotes.
const (
	nearThreshold = 0.10 // of a verdict's bound
	noticeable    = 0.02 // of the gap between events, by which lateness moves requests
	aShareOf      = 0.10 // of a difference of latencies
)

// notes are the footnotes of a decided cell: where a busy host may have moved what
// it did not void.
func (r *Run) notes(e *Expect, c cell, samples map[*Term]sample, v *CellVerdict) (list []string) {
	for _, term := range e.terms {
		t := c.treatments[term]
		info, known := Describe(term.Name)
		if !known || !samples[term].measured {
			continue
		}
		late, gap := r.lateness(t)
		switch hist, _, _ := splitStat(term.Name); {
		case slices.Contains(info.kind.needs, Accounted) && shares(t) && v.close() && late > noticeable*gap:
			list = append(list, fmt.Sprintf("the publisher was %s late on average, which lets events share an answer of %s; the verdict is near its bound",
				units.Format(late, "s"), t.Transport()))
		case hist == "connect" || hist == "ttfe" || hist == "notice/server" || hist == "notice/fleet" || strings.HasPrefix(term.Name, "age/"):
			if waited := r.mean(t, (*Trial).waited); waited > aShareOf*math.Abs(v.Diff.Center) {
				list = append(list, fmt.Sprintf("server and fleet waited %s for a core each time they ran, in trials of %s", units.Format(waited, "s"), t.Transport()))
			}
		}
	}
	return list
}

// shares reports whether events may share an answer, so that lateness moves their number.
func shares(t Treatment) bool {
	name, knobs, _ := splitTransport(t.Transport())
	batches := slices.ContainsFunc(knobs, func(k string) bool { return strings.HasPrefix(k, "batch=") && k != "batch=off" })
	return name == "poll" || name == "longpoll" || batches
}

// close reports whether the verdict is within 10 % of its threshold.
func (v *CellVerdict) close() bool {
	if v.test.lo != 0 || v.test.hi != 0 {
		edge := min(math.Abs(v.test.mean-v.test.lo), math.Abs(v.test.hi-v.test.mean))
		if v.test.log {
			return edge < math.Log(1+nearThreshold)
		}
		return edge < nearThreshold*math.Abs(v.Right.Center)
	}
	return v.Ratio.N > 0 && math.Abs(math.Log(v.Ratio.Center)) < math.Log(1+nearThreshold)
}

// lateness is how late t's publisher was on average, and how far apart its events
// were, in s.
func (r *Run) lateness(t Treatment) (late, gap float64) {
	late = r.mean(t, func(trial *Trial) float64 {
		m, _ := trial.Value("publish-lag/mean")
		return m.Value
	})
	gap = r.mean(t, func(trial *Trial) float64 {
		return trial.Metrics["window"].Value / max(trial.Metrics["events/distinct"].Value, 1)
	})
	return late, gap
}

// mean is the mean of something over t's trials.
func (r *Run) mean(t Treatment, of func(*Trial) float64) float64 {
	trials := r.trialsOf(t)
	sum := 0.0
	for _, trial := range trials {
		sum += of(trial)
	}
	return sum / max(float64(len(trials)), 1)
}
