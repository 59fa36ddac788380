package main

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"pushbench/results"
	"pushbench/servers/units"
)

// What a reader weighs depends on what was asked: where subscribers send as
// well, the round trip of a message counts for more than the set-up of its
// connection; where an end stops answering, whether the other notices. The table
// has the columns that the treatments call for, as many as a screen takes.

// column is one of the costs.
type column struct {
	Head    string // two lines
	Metrics []string
	Each    string // what their sum is divided by: "subscribers", or a metric; "" for nothing
	Unit    string // shown instead of the metrics' own, "" for theirs
	Floor   bool   // what the bare connection of raw costs stands beside it
	Alone   bool   // it has no ratio: a share, or what is 0 for most
	Spare   int    // the greater, the sooner it gives way to others; 0: never
}

// mostColumns is what a screen has room for.
const mostColumns = 8

// name is the column as a scenario would write it.
func (c column) name() string {
	if c.Each != "" {
		return inBraces(c.Metrics) + " ÷ " + c.Each
	}
	return inBraces(c.Metrics)
}

// columns are those for some treatments of this record. Records from before TCP
// and IP were counted have the bytes at the socket.
func (r *report) columns(ts []results.Treatment) []column {
	ip := ""
	if r.countsTCPIP() {
		ip = "IP "
	}
	uplink := uplinked(ts)
	asks := func(key, level string) bool {
		return slices.ContainsFunc(ts, func(t results.Treatment) bool { return t[key] == level })
	}
	latest := asks("want", "latest")
	var all []column
	add := func(wanted bool, cs ...column) {
		if wanted {
			all = append(all, cs...)
		}
	}
	add(latest, column{Head: "age,\nmean", Metrics: []string{"age/mean"}})
	add(true,
		r.middle("staleness\n", "staleness", 2, ts))
	add(true, r.tail("staleness", 1, ts)...)
	add(latest, column{Head: "skipped,\nper event", Metrics: []string{"events/skipped"}, Each: "events/delivered", Alone: true})
	add(uplink,
		r.middle("round trip\n", "roundtrip", 0, ts))
	add(uplink, r.tail("roundtrip", 0, ts)...)
	for _, f := range []struct{ fault, end, word string }{
		{"server-stops", "notice/fleet", "fleet"}, {"fleet-stops", "notice/server", "server"},
	} {
		add(asks("fault", f.fault),
			column{Head: f.word + " noticed\nafter, p50", Metrics: []string{f.end + "/p50"}, Alone: true},
			column{Head: "share that\nnoticed", Metrics: []string{f.end + "-share"}, Unit: "%", Alone: true})
	}
	add(asks("fault", "server-stops") || asks("fault", "fleet-stops"),
		column{Head: "IP bytes/s,\nwhile quiet", Metrics: []string{"idle/total/down", "idle/total/up"}},
		column{Head: "server CPU/s,\nwhile quiet", Metrics: []string{"idle/server-cpu"}, Unit: "s"})
	add(true, column{Head: ip + "down,\nper event", Metrics: []string{"bytes/total/down"}, Floor: true, Spare: 1})
	add(r.compresses(), column{Head: "compression,\ndown, event", Metrics: []string{"bytes/compression/down"}, Alone: true})
	add(true, column{Head: ip + "up,\nper event", Metrics: []string{"bytes/total/up"}, Floor: true, Spare: 1})
	add(!uplink, column{Head: "server CPU,\nper event", Metrics: []string{"server/cpu"}, Floor: true})
	add(uplink,
		column{Head: "server CPU,\nper message", Metrics: []string{"server/cpu-per-message"}},
		column{Head: "sockets per\nsubscriber", Metrics: []string{"conn/count"}, Each: "subscribers"})
	add(true,
		column{Head: "requests,\nper event", Metrics: []string{"requests"}, Spare: 5},
		r.middle("set-up\ntime, ", "connect", 4, ts),
		column{Head: "set-up\n" + ip + "bytes", Metrics: r.setupBytes(), Floor: true, Spare: 3})
	if len(r.run.Trials) > 0 {
		all = slices.DeleteFunc(all, func(c column) bool { return !r.records(c) })
	}
	for len(all) > mostColumns {
		spare := slices.MaxFunc(all, func(a, b column) int { return cmp.Compare(a.Spare, b.Spare) })
		if spare.Spare == 0 {
			break // all of them were asked for
		}
		all = slices.DeleteFunc(all, func(c column) bool { return c.Head == spare.Head })
	}
	return all
}

// middle is the column of the median, or of the mean where that may not be quoted of
// every treatment.
func (r *report) middle(head, hist string, spare int, ts []results.Treatment) column {
	what := "mean"
	if r.quotable(ts, hist+"/p50") {
		what = "p50"
	}
	return column{Head: head + what, Metrics: []string{hist + "/" + what}, Spare: spare}
}

// tail is the column of the greatest quantile that may be quoted of every treatment, if
// there is one.
func (r *report) tail(hist string, spare int, ts []results.Treatment) []column {
	for _, quantile := range []string{"p99", "p90"} {
		if r.quotable(ts, hist+"/"+quantile) {
			words := strings.ReplaceAll(hist, "roundtrip", "round trip")
			return []column{{Head: words + "\n" + quantile, Metrics: []string{hist + "/" + quantile}, Spare: spare}}
		}
	}
	return nil
}

// quotable reports whether some treatments have metrics, and those may be quoted of
// each of them.
func (r *report) quotable(ts []results.Treatment, metrics ...string) bool {
	some := false
	for _, t := range ts {
		_, why := r.sum(t, metrics...)
		some = some || why == ""
		for _, m := range metrics {
			if ok, _ := r.run.Printable(t, m); !ok {
				return false
			}
		}
	}
	return some
}

// records reports whether some trial has all that a column needs: a scenario of
// memory has no events to speak of.
func (r *report) records(c column) bool {
	needs := c.Metrics
	if strings.Contains(c.Each, "/") {
		needs = append(slices.Clone(needs), c.Each)
	}
	return slices.ContainsFunc(r.run.Trials, func(t *results.Trial) bool {
		for _, m := range needs {
			var missing *results.NoMetricError
			if _, err := t.Value(m); errors.As(err, &missing) && !missing.Empty {
				return false
			}
		}
		return true
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

// setupBytes are the metrics that add up to the bytes of a connection's set-up,
// as far down as the record counts.
func (r *report) setupBytes() []string {
	ms := []string{"conn/bytes/down", "conn/bytes/up"}
	if r.countsTCPIP() {
		ms = append(ms, "conn/tcpip/down", "conn/tcpip/up")
	}
	return ms
}

// valuesOf reads a column for each block of t.
func (r *report) valuesOf(t results.Treatment, c column) (quantity, error) {
	q, err := r.measure(t, c.Metrics)
	if err != nil {
		return quantity{}, err
	}
	if c.Unit != "" {
		q.unit = c.Unit
	}
	switch c.Each {
	case "":
		return q, nil
	case "subscribers":
		n, _, err := units.Parse(t[c.Each])
		if err != nil {
			return quantity{}, fmt.Errorf("%s of %s is no number: %w", c.Each, t.Transport(), err)
		}
		return blockwise(q.unit, func(v []float64) float64 { return v[0] / n }, q), nil
	default:
		by, err := r.measure(t, []string{c.Each})
		if err != nil {
			return quantity{}, err
		}
		return blockwise(q.unit, func(v []float64) float64 { return v[0] / v[1] }, q, by), nil
	}
}

// quote is valuesOf with the reason in words where there is nothing to quote.
func (r *report) quote(t results.Treatment, c column) (q quantity, why string) {
	if r.noneNoticed(t, c.Metrics) {
		return quantity{}, noneNoticed
	}
	if _, why := r.sum(t, c.Metrics...); why != "" {
		return quantity{}, why
	}
	q, err := r.valuesOf(t, c)
	if err != nil {
		return quantity{}, inShort(err)
	}
	if len(q.blocks) == 0 {
		return quantity{}, "no block has what it takes"
	}
	return q, ""
}
