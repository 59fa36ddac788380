package main

import (
	"fmt"
	"strings"

	"pushbench/results"
)

// The answer is what somebody reads who reads nothing else: for each transport a
// sentence of what was found, against WebSocket where that was run.

// fact is one of the things that are told of a transport.
type fact struct {
	metrics []string
	says    string // with its value: "an event is %s old"
	unit    string // shown instead of the metrics' own, "" for theirs
}

// facts in the order in which they are told; those that a record lacks are left out.
var facts = []fact{
	{metrics: []string{"age/mean"}, says: "what a subscriber knows is %s old on average"},
	{metrics: []string{"staleness/p50"}, says: "an event is %s old"},
	{metrics: []string{"roundtrip/p50"}, says: "a message and its echo take %s"},
	{metrics: []string{"notice/server/p50"}, says: "the server notices a dead peer after %s"},
	{metrics: []string{"notice/fleet/p50"}, says: "a subscriber notices a dead server after %s"},
	{metrics: []string{"bytes/total/down", "bytes/total/up"}, says: "it takes %s on the wire"},
	{metrics: []string{"server/cpu"}, says: "it takes %s of the server's CPU", unit: "s"},
	{metrics: []string{"idle/server-rss"}, says: "an idle connection takes %s of the server's memory"},
	{metrics: []string{"idle/server-cpu"}, says: "a quiet connection takes %s of the server's CPU a second", unit: "s"},
}

// mostFacts is how many of them a sentence has room for.
const mostFacts = 3

// answer is a sentence for each transport.
func (r *report) answer() []string {
	told := r.told()
	if len(told) == 0 {
		return nil
	}
	var lines []string
	for _, transport := range r.levels("transport") {
		if strings.Contains(transport, "#") {
			continue // a twin says nothing of its own
		}
		var parts []string
		for _, f := range told {
			if said := r.say1(transport, f); said != "" {
				parts = append(parts, said)
			}
		}
		if len(parts) > 0 {
			lines = append(lines, transport+": "+strings.Join(parts, "; ")+".")
		}
	}
	return lines
}

// told are the facts that this record has.
func (r *report) told() (list []fact) {
	for _, f := range facts {
		if len(list) < mostFacts && r.records(column{Metrics: f.metrics}) {
			list = append(list, f)
		}
	}
	return list
}

// say1 tells one fact of a transport: its value and what it is to WebSocket's, or
// both as a range where the run has several conditions.
func (r *report) say1(transport string, f fact) string {
	var values, ratios []reading
	base := ""
	for _, c := range r.conditions() {
		t, ok := r.exactly(transport, c)
		if !ok {
			continue
		}
		q, why := r.sum(t, f.metrics...)
		if why != "" || len(q.blocks) == 0 {
			continue
		}
		if f.unit != "" {
			q.unit = f.unit
		}
		values = append(values, reading{Summary: q.summary(), unit: perEvent(q.unit)})
		ws, ok := r.baseline(c)
		if !ok || ws.Transport() == transport {
			continue
		}
		b, why := r.sum(ws, f.metrics...)
		if why != "" {
			continue
		}
		if ratio, why := q.over(b); why == "" {
			base = ws.Transport()
			ratios = append(ratios, reading{Summary: ratio, unit: "1"})
		}
	}
	if len(values) == 0 {
		return ""
	}
	said := fmt.Sprintf(f.says, spanOf(values))
	if len(ratios) > 0 {
		said += ", " + against(ratios, base)
	}
	return said
}

// exactly is the treatment of a condition with this very transport.
func (r *report) exactly(transport string, condition map[string]string) (results.Treatment, bool) {
	for _, t := range r.under(condition) {
		if t.Transport() == transport {
			return t, true
		}
	}
	return nil, false
}

// spanOf writes one value, or the least and the greatest of several.
func spanOf(vs []reading) string {
	low, high := ends(vs)
	if low.short() == high.short() {
		return low.short()
	}
	return low.short() + " to " + high.short()
}

func ends(vs []reading) (low, high reading) {
	low, high = vs[0], vs[0]
	for _, v := range vs[1:] {
		if v.Center < low.Center {
			low = v
		}
		if v.Center > high.Center {
			high = v
		}
	}
	return low, high
}

// against says how much that is of what the baseline takes, and how surely.
func against(ratios []reading, base string) string {
	low, high := ends(ratios)
	if len(ratios) > 1 {
		return fmt.Sprintf("%s to %s × as with %s", low.short(), high.short(), base)
	}
	s := fmt.Sprintf("%s × as with %s", low.short(), base)
	switch i := interval(low.Center, low.Lo, low.Hi, "1"); {
	case low.Finite() && !low.Exact && low.Lo <= 1 && low.Hi >= 1:
		return s + " (" + i + ": not told apart)"
	case i != "":
		return s + " (" + i + ")"
	case !low.Finite():
		return s + fmt.Sprintf(" (n = %d)", low.N)
	}
	return s
}
