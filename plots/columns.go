package main

import (
	"cmp"
	"errors"
	"slices"

	"pushbench/results"
	"pushbench/scenarios"
)

// What a reader weighs depends on what was asked: where subscribers send as
// well, the round trip of a message counts for more than the set-up of its
// connection; where an end stops answering, whether the other notices. The table
// has the columns that the treatments call for, as many as a screen takes.

// column is one of the costs.
type column struct {
	Head  string // two lines
	Expr  string // as a scenario writes it
	Unit  string // shown instead of the expression's own, "" for that
	Floor bool   // what the bare connection of raw costs stands beside it
	Alone bool   // it has no ratio: a share, or what is 0 for most
	Spare int    // the greater, the sooner it gives way to others; 0: never
}

// mostColumns is what a screen has room for.
const mostColumns = 8

// columns are those for some treatments of this record. Records from before TCP
// and IP were counted have the bytes at the socket.
func (r *report) columns(ts []results.Treatment) []column {
	ip, setUp := "", "conn/bytes/{down,up}"
	if r.countsTCPIP() {
		ip, setUp = "IP ", "conn/{bytes,tcpip}/{down,up}"
	}
	asks := func(key, level string) bool {
		return slices.ContainsFunc(ts, func(t results.Treatment) bool { return t[key] == level })
	}
	middle, tail := []string{"p50", "mean"}, []string{"p99", "p90"}
	latest, uplink := asks("want", "latest"), uplinked(ts)
	serverStops, fleetStops := asks("fault", scenarios.ServerStops), asks("fault", scenarios.FleetStops)
	var all []column
	for _, offer := range []struct {
		wanted bool
		column
	}{
		{latest, column{Head: "age,\nmean", Expr: "age/mean"}},
		{true, r.firstOf(middle, "staleness\n", "staleness", 2, ts)},
		{true, r.firstOf(tail, "staleness\n", "staleness", 1, ts)},
		{latest, column{Head: "skipped,\nper event", Expr: "events/skipped ÷ events/delivered", Alone: true}},
		{uplink, r.firstOf(middle, "round trip\n", "roundtrip", 0, ts)},
		{uplink, r.firstOf(tail, "round trip\n", "roundtrip", 0, ts)},
		{serverStops, column{Head: "fleet noticed\nafter, p50", Expr: "notice/fleet/p50", Alone: true}},
		{serverStops, column{Head: "share that\nnoticed", Expr: "notice/fleet-share", Unit: "%", Alone: true}},
		{fleetStops, column{Head: "server noticed\nafter, p50", Expr: "notice/server/p50", Alone: true}},
		{fleetStops, column{Head: "share that\nnoticed", Expr: "notice/server-share", Unit: "%", Alone: true}},
		{serverStops || fleetStops, column{Head: "IP bytes/s,\nwhile quiet", Expr: "idle/total/{down,up}"}},
		{serverStops || fleetStops, column{Head: "server CPU/s,\nwhile quiet", Expr: "idle/server-cpu", Unit: "s"}},
		{true, column{Head: ip + "down,\nper event", Expr: "bytes/total/down", Floor: true, Spare: 1}},
		{r.compresses(), column{Head: "compression,\ndown, event", Expr: "bytes/compression/down", Alone: true}},
		{true, column{Head: ip + "up,\nper event", Expr: "bytes/total/up", Floor: true, Spare: 1}},
		{!uplink, column{Head: "server CPU,\nper event", Expr: "server/cpu", Floor: true}},
		{uplink, column{Head: "server CPU,\nper message", Expr: "server/cpu-per-message"}},
		{uplink, column{Head: "sockets per\nsubscriber", Expr: "conn/count ÷ subscribers"}},
		{true, column{Head: "requests,\nper event", Expr: "requests", Spare: 5}},
		{true, r.firstOf(middle, "set-up\ntime, ", "connect", 4, ts)},
		{true, column{Head: "set-up\n" + ip + "bytes", Expr: setUp, Floor: true, Spare: 3}},
	} {
		if offer.wanted && offer.Expr != "" && (len(r.run.Trials) == 0 || r.records(offer.Expr)) {
			all = append(all, offer.column)
		}
	}
	for i := mostSpare(all); len(all) > mostColumns && i >= 0; i = mostSpare(all) {
		all = slices.Delete(all, i, i+1)
	}
	return all
}

// mostSpare is the column that gives way first, -1 where all of them were asked for.
func mostSpare(columns []column) int {
	most, at := 0, -1
	for i, c := range columns {
		if c.Spare > most {
			most, at = c.Spare, i
		}
	}
	return at
}

// firstOf is the column of the first of some quantiles that may be quoted of every
// treatment, none where there is none; a mean always may.
func (r *report) firstOf(quantiles []string, head, hist string, spare int, ts []results.Treatment) column {
	for _, what := range quantiles {
		if expr := hist + "/" + what; what == "mean" || r.quotable(ts, expr) {
			return column{Head: head + what, Expr: expr, Spare: spare}
		}
	}
	return column{}
}

// quotable reports whether some treatments have the value of an expression, and it may
// be quoted of each of them.
func (r *report) quotable(ts []results.Treatment, expr string) bool {
	some := false
	for _, t := range ts {
		if ok, _ := r.run.Printable(t, expr); !ok {
			return false
		}
		_, why := r.scope(scenarios.Plot{}).eval(expr, t)
		some = some || why == ""
	}
	return some
}

// records reports whether some trial has all that an expression reads: a scenario of
// memory has no events to speak of.
func (r *report) records(expr string) bool {
	f, err := results.ParseFormula(expr)
	if err != nil {
		return false
	}
	var needs []string
	for _, term := range f.Terms() {
		sum, _ := term.Metrics()
		needs = append(needs, sum...)
	}
	return slices.ContainsFunc(r.run.Trials, func(t *results.Trial) bool {
		return !slices.ContainsFunc(needs, func(metric string) bool {
			var missing *results.NoMetricError
			_, err := t.Value(metric)
			return errors.As(err, &missing) && !missing.Empty
		})
	})
}

// compresses reports whether compression is on in any treatment, or did anything
// in any trial.
func (r *report) compresses() bool {
	on := func(t results.Treatment) bool {
		how := knobsOf(t.Transport()).Get("compress")
		return how != "" && how != "off"
	}
	did := func(t *results.Trial) bool {
		return t.Metrics["bytes/compression/down"].Value != 0 || t.Metrics["bytes/compression/up"].Value != 0
	}
	return slices.ContainsFunc(r.ts, on) || slices.ContainsFunc(r.run.Trials, did)
}

// quote reads a column for each block of t; why says that there is nothing to quote.
func (r *report) quote(t results.Treatment, c column) (q quantity, why string) {
	if r.noneNoticed(t, []string{c.Expr}) {
		return quantity{}, noneNoticed
	}
	q, why = r.scope(scenarios.Plot{}).eval(c.Expr, t)
	if why == "" && len(q.blocks) == 0 {
		why = "no block has what it takes"
	}
	q.unit = cmp.Or(c.Unit, q.unit)
	return q, why
}
