package results

import (
	"fmt"
	"slices"

	"pushbench/servers/units"
)

// Some numbers are fixed by the protocol and the schedule: they are the same in
// every trial, or something is wrong with it. Which ones is known beforehand,
// never inferred from their having agreed.

// Exact reports whether a metric of a treatment is fixed.
func Exact(metric string, t Treatment) bool {
	name, knobs, _ := splitTransport(t.Transport())
	uplink := t["uplink"] != "" && t["uplink"] != "none" && t["uplink"] != "0/s"
	quiet := t["fault"] == "" || t["fault"] == "none"
	polls := name == "poll" || name == "longpoll"
	switch metric {
	case "bytes/envelope/down", "bytes/envelope/up":
		return true // each event is encoded once, in fixed width
	case "bytes/payload/down", "bytes/payload/up":
		return !uplink // how many messages share the window with an event is chance
	case "requests", "requests/empty":
		return !polls && !uplink && quiet
	case "bytes/protocol/down", "bytes/protocol/up": // framing, a header of one length for each event
		framed := slices.Contains([]string{"raw", "stream", "ws", "wsbare"}, name)
		return framed && len(knobs) == 0 && !uplink && quiet && t["http"] != "2" && (t["loss"] == "" || t["loss"] == "0%")
	case "conn/rtts":
		return quiet
	}
	return false
}

// strays reports whether a trial gives another value of an exact metric than most
// trials of its treatment: a finding, that enters no average.
func (r *Run) strays(t *Trial, metric string) bool {
	return Exact(metric, t.Treatment) && t.Metrics[metric] != r.usual(t.Treatment, metric)
}

// usual is what most trials of a treatment have of an exact metric.
func (r *Run) usual(t Treatment, metric string) (usual Metric) {
	r.index()
	key := metric + " " + t.Key()
	if known, ok := r.indexed.usual[key]; ok {
		return known
	}
	defer func() { r.indexed.usual[key] = usual }()
	votes := map[Metric]int{}
	for _, trial := range r.trialsOf(t) {
		if m, ok := trial.Metrics[metric]; ok && trial.Bears(metric) {
			votes[m]++
		}
	}
	for m, n := range votes {
		if n > votes[usual] || n == votes[usual] && m.Value < usual.Value {
			usual = m
		}
	}
	return usual
}

// Findings lists the trials that broke a law of arithmetic: an exact metric that is
// another than in most trials of its treatment.
func (r *Run) Findings() []string {
	var list []string
	for _, t := range r.Treatments() {
		for _, info := range vocabulary {
			for block, trial := range r.trialsOf(t) {
				if m, ok := trial.Metrics[info.Name]; ok && trial.Bears(info.Name) && r.strays(trial, info.Name) {
					usual := r.usual(t, info.Name)
					list = append(list, fmt.Sprintf("%s of %s is %s in block %d, and %s in most: it is fixed by the protocol",
						info.Name, t.Transport(), units.Format(m.Value, m.Unit), block, units.Format(usual.Value, usual.Unit)))
				}
			}
		}
	}
	slices.Sort(list)
	return list
}
