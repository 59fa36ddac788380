package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"pushbench/results"
	"pushbench/servers/units"
)

// The answer is what somebody reads who reads nothing else: for each transport a
// sentence of what was found, against WebSocket where that was run. It speaks of what
// the scenario asks about most, in its claims and its figures.

// fact is one of the things that can be told of a transport.
type fact struct {
	subject, verb, rest string   // "an event", "takes", "%s on the wire"
	expr                string   // of what is told
	instead             string   // where that may not be quoted of every transport; "": nothing
	unit                string   // shown instead of the expression's own, "" for that
	never               string   // what is told where none noticed
	asked               []string // how the metrics begin by which a scenario asks for it
}

// facts in the order in which they are told.
var facts = []fact{
	{subject: "a subscriber's newest event", verb: "is", rest: "%s old on average", expr: "age/mean", asked: []string{"age/"}},
	{subject: "an event", verb: "is", rest: "%s old", expr: "staleness/p50", instead: "staleness/mean", asked: []string{"staleness/", "delivery/"}},
	{subject: "an event", verb: "takes", rest: "%s on the wire", expr: "bytes/total/{down,up}", asked: []string{"bytes/"}},
	{subject: "an event", verb: "takes", rest: "%s of the server's CPU", expr: "server/cpu", unit: "s", asked: []string{"server/cpu", "host/cpu"}},
	{subject: "a message and its echo", verb: "take", rest: "%s", expr: "roundtrip/p50", instead: "roundtrip/mean", asked: []string{"roundtrip/"}},
	{subject: "an event or an echo", verb: "takes", rest: "%s of the server's CPU", expr: "server/cpu-per-message", asked: []string{"server/cpu-per-message"}},
	{subject: "the server", verb: "delivers", rest: "%s events a second", expr: "throughput", unit: inAll, asked: []string{"throughput"}},
	{subject: "the server", verb: "notices", rest: "a dead peer after %s", expr: "notice/server/p50", never: "does not notice a dead peer", asked: []string{"notice/server"}},
	{subject: "a subscriber", verb: "notices", rest: "a dead server after %s", expr: "notice/fleet/p50", never: "does not notice a dead server", asked: []string{"notice/fleet"}},
	{subject: "a connection", verb: "is", rest: "ready after %s", expr: "connect/p50", instead: "connect/mean", asked: []string{"connect", "ttfe"}},
	{subject: "a connection", verb: "takes", rest: "%s to set up", expr: "conn/{bytes,tcpip}/{down,up}", instead: "conn/bytes/{down,up}", asked: []string{"conn/bytes", "conn/tcpip", "conn/tls"}},
	{subject: "a connection", verb: "takes", rest: "%s of the server's CPU", expr: "conn/server-cpu", asked: []string{"conn/server-cpu"}},
	{subject: "an idle connection", verb: "takes", rest: "%s of the server's memory", expr: "idle/server-rss", asked: []string{"idle/server-rss", "held/server-rss"}},
	{subject: "a quiet connection", verb: "takes", rest: "%s on the wire", expr: "idle/total/{down,up}", instead: "idle/bytes/{down,up}", asked: []string{"idle/total", "idle/bytes"}},
	{subject: "a quiet connection", verb: "takes", rest: "%s of the server's CPU a second", expr: "idle/server-cpu", unit: "s", asked: []string{"idle/server-cpu"}},
}

// inAll is the unit of what is told as a whole number.
const inAll = "whole"

// mostFacts is how many of them a sentence has room for.
const mostFacts = 3

// told are the facts that this record has and its scenario asks for most; of a
// scenario that asks for none, the first.
func (r *report) told() []fact {
	type asked struct {
		fact
		place, times int
	}
	var list []asked
	for i, f := range facts {
		if f.instead != "" && !r.quotable(r.ts, f.expr) {
			f.expr = f.instead
			if strings.HasSuffix(f.expr, "/mean") {
				f.rest += " on average"
			}
		}
		if r.records(f.expr) {
			list = append(list, asked{f, i, r.asks(f)})
		}
	}
	slices.SortStableFunc(list, func(a, b asked) int { return cmp.Compare(b.times, a.times) })
	list = list[:min(mostFacts, len(list))]
	if len(list) > 0 && list[0].times > 0 {
		list = slices.DeleteFunc(list, func(a asked) bool { return a.times == 0 })
	}
	slices.SortFunc(list, func(a, b asked) int { return cmp.Compare(a.place, b.place) })
	var told []fact
	for _, a := range list {
		told = append(told, a.fact)
	}
	return told
}

// asks counts how often the scenario's claims and figures ask for a fact.
func (r *report) asks(f fact) (n int) {
	count := func(metric string) {
		for _, prefix := range f.asked {
			whole := prefix == "server/cpu" || prefix == "host/cpu" // which other metrics begin with
			if metric == prefix || !whole && strings.HasPrefix(metric, prefix) {
				n++
				return
			}
		}
	}
	for _, c := range r.scenario.Claims {
		e, err := results.ParseExpect(c.Expect)
		if err != nil {
			continue // told with the verdicts
		}
		for _, t := range e.Terms() {
			count(t.Name)
		}
	}
	for _, p := range r.scenario.Plots {
		for _, m := range p.Metrics() {
			count(m)
		}
	}
	return n
}

// answer is a sentence for each transport, by its name.
func (r *report) answer() (names, sentences []string) {
	told := r.told()
	ranges := false
	for _, transport := range r.levels("transport") {
		if strings.HasSuffix(transport, "#twin") {
			continue // it says nothing of its own
		}
		s, ranged := r.sentence(transport, told)
		if s != "" {
			names, sentences = append(names, transport), append(sentences, s)
			ranges = ranges || ranged
		}
	}
	if ranges {
		names = append(names, "")
		sentences = append(sentences, fmt.Sprintf("A range, a to b, is over the %d conditions that the tables tell apart.", len(r.conditions())))
	}
	return names, sentences
}

// sentence is what is told of a transport; ranged, whether it has a range.
func (r *report) sentence(transport string, told []fact) (s string, ranged bool) {
	type part struct{ subject, verb, words string }
	var parts []part
	based := false
	for _, f := range told {
		v := r.factOf(transport, f)
		if len(v.values) == 0 && v.never == 0 {
			continue
		}
		words, verb := v.text(f, based)
		parts = append(parts, part{f.subject, verb, words})
		ranged = ranged || strings.Contains(spanOf(v.values)+spanOf(v.ratios), " to ")
		based = based || len(v.ratios) > 0
	}
	if len(parts) == 0 {
		return "", false
	}
	var clauses []string // of one subject each
	for _, of := range grouped(parts, func(p part) string { return p.subject }) {
		var words []string
		between, verb := ", ", ""
		if len(of) == 2 {
			between = " "
		}
		for i, p := range of {
			if p.verb != verb {
				p.words, verb = joined(" ", p.verb, p.words), p.verb
			}
			if i > 0 && i == len(of)-1 {
				p.words = "and " + p.words
			}
			words = append(words, p.words)
		}
		clauses = append(clauses, of[0].subject+" "+strings.Join(words, between))
	}
	s = strings.Join(clauses, "; ") + "."
	return strings.ToUpper(s[:1]) + s[1:], ranged
}

// found is what is known of a fact under the conditions of a run.
type found struct {
	values, ratios []reading
	base           string // what the ratios are to
	never          int    // conditions under which none noticed
}

// factOf reads a fact of a transport under each condition.
func (r *report) factOf(transport string, f fact) (v found) {
	for _, c := range r.conditions() {
		for _, t := range r.under(with(c, "transport", transport)) {
			if r.rivals(t) {
				continue
			}
			q, why := r.quote(t, column{Expr: f.expr, Unit: f.unit})
			if why == noneNoticed {
				v.never++
			}
			if why != "" {
				continue
			}
			v.values = append(v.values, reading{Summary: q.summary(), unit: perEvent(q.unit)})
			ws, ok := r.named(baselineTransport, c)
			if !ok || ws.Transport() == transport || f.never != "" {
				continue
			}
			b, _ := r.quote(ws, column{Expr: f.expr})
			if ratio, why := q.over(b); why == "" {
				v.base = ws.Transport()
				v.ratios = append(v.ratios, reading{Summary: ratio, unit: "1"})
			}
		}
	}
	return v
}

// text tells a fact and its verb; based, that the sentence has said what ratios are to.
func (v found) text(f fact, based bool) (part, verb string) {
	if len(v.values) == 0 {
		return f.never, ""
	}
	part = fmt.Sprintf(f.rest, spanOf(v.values))
	if v.never > 0 {
		part += fmt.Sprintf(", and never under %d of %s", v.never, plural(fmt.Sprint(len(v.values)+v.never), "condition"))
	}
	if s := against(v.ratios); s != "" {
		if !based {
			s = strings.Replace(s, "×", "× that of "+v.base, 1)
		}
		part += " (" + s + ")"
	}
	return part, f.verb
}

// spanOf writes one value, or the least and the greatest of several.
func spanOf(vs []reading) string {
	if len(vs) == 0 {
		return ""
	}
	byCenter := func(a, b reading) int { return cmp.Compare(a.Center, b.Center) }
	low, high := slices.MinFunc(vs, byCenter), slices.MaxFunc(vs, byCenter)
	if low.short() == high.short() {
		return low.short()
	}
	if low.unit == inAll {
		return low.short() + " to " + high.short()
	}
	return strings.Replace(units.FormatInterval(low.Center, high.Center, low.unit), "–", " to ", 1)
}

// against says how much that is of what the baseline takes, and how surely; "" where
// there is nothing to say it of.
func against(ratios []reading) string {
	if len(ratios) == 0 {
		return ""
	}
	s := spanOf(ratios) + " ×"
	open := func(v reading) bool { return v.Finite() && !v.Exact && v.Lo <= 1 && v.Hi >= 1 }
	switch only := ratios[0]; {
	case !slices.ContainsFunc(ratios, func(v reading) bool { return !open(v) }):
		s += ", not told apart"
	case len(ratios) > 1:
	case !only.Finite():
		s += fmt.Sprintf(", n = %d", only.N)
	default:
		if i := interval(only.Center, only.Lo, only.Hi, "1"); i != "" && i != toTheDigit {
			s += ", " + i
		}
	}
	return s
}
