package main

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"pushbench/results"
	"pushbench/servers/units"
)

// A model of CPU that is fitted to the whole grid of subscribers and rates shows
// what a server pays for: for having connections, for publishing, for
// delivering, for being asked. The numbers come from results.FitCPU.

// gridKey is the same of treatments that differ in subscribers and rate alone.
func gridKey(t results.Treatment) string { return with(with(t, "subscribers", ""), "rate", "").Key() }

// loadOf is what makes up the load of a treatment, by its means over blocks.
func (r *report) loadOf(t results.Treatment, metric string) (load results.Load, ok bool) {
	points, err := r.run.CPUPoints(t, metric)
	center := func(of func(results.Load) float64) float64 {
		q := quantity{blocks: map[int]float64{}}
		for block, p := range points {
			q.blocks[block] = of(p.Load)
		}
		return q.summary().Center
	}
	return results.Load{
		Connections: center(func(l results.Load) float64 { return l.Connections }),
		Published:   center(func(l results.Load) float64 { return l.Published }),
		Delivered:   center(func(l results.Load) float64 { return l.Delivered }),
		Requests:    center(func(l results.Load) float64 { return l.Requests }),
	}, err == nil && len(points) > 0
}

// termUnits are what a coefficient is for, in the order of the table.
var termUnits = []struct{ term, head string }{
	{"connections", "per connection,\neach second"},
	{"published", "per event\npublished"},
	{"delivered", "per event\ndelivered"},
	{"requests", "per\nrequest"},
}

// fits are the models of all transports of a run, a row each.
func (r *report) fits(metric string) exhibit {
	e := exhibit{Head: []string{"transport"}, Words: 1, Ruled: true, Title: map[string]string{
		"server/cpu": "CPU time of the server, fitted over subscribers and rates",
		"host/cpu":   "CPU time of the whole host, fitted over subscribers and rates",
	}[metric]}
	for _, u := range termUnits {
		e.Head = append(e.Head, u.head)
	}
	e.Head = append(e.Head, "off by\n(at most)", "left out, off\nby (at most)", "grid")
	var notes footnotes
	apart := append([]string{"transport"}, slices.DeleteFunc(slices.Clone(r.varying), func(k string) bool {
		return k == "transport" || k == "subscribers" || k == "rate"
	})...)
	for _, grid := range grouped(r.ts, gridKey) {
		row := []string{heading(apart, grid[0])}
		model, err := r.run.FitCPU(grid, metric)
		if err != nil {
			row = append(append(row, "– "+notes.mark(inShort(err))), slices.Repeat([]string{"–"}, 6)...)
			e.Rows = append(e.Rows, row)
			continue
		}
		for _, u := range termUnits {
			row = append(row, termCell(model, u.term, &notes))
		}
		row = append(row, errorRange(model.Within), errorRange(model.Without), fmt.Sprintf("%d × %d", model.Treatments, model.Blocks))
		e.Rows = append(e.Rows, row)
	}
	e.Notes = append([]string{fmt.Sprintf("Least squares of the relative error in each block, no coefficient below 0; means over blocks with their %s; ~ 0: not told from 0. "+
		"Off by: how far the model's CPU lies from each trial's, at the median and at most; left out: as a fit to the other treatments predicts it. Grid: treatments × blocks.", confidence())}, notes.paragraphs()...)
	return e
}

func termCell(m results.CPUFit, name string, notes *footnotes) string {
	for _, t := range m.Terms {
		if t.Name != name {
			continue
		}
		s := strings.Replace(valueWithInterval(t.Center, t.Lo, t.Hi, "s"), " (", "\n(", 1)
		switch {
		case t.Finite() && !t.FromZero() && t.Hi > 0:
			return "~ 0\n(at most " + units.Format(t.Hi, "s") + ")"
		case t.Finite() && !t.FromZero():
			return "0"
		case !t.Finite():
			return s + fmt.Sprintf("\n(n = %d)", t.N)
		}
		return s
	}
	for _, why := range m.LeftOut {
		if strings.HasPrefix(why, name+":") {
			return "– " + notes.mark(why)
		}
	}
	return "none"
}

func errorRange(e results.Errors) string {
	if math.IsNaN(e.Median) {
		return "–"
	}
	return percent(e.Median) + "\n(" + percent(e.Largest) + ")"
}

// percent rounds an error as one says it.
func percent(v float64) string { return units.Format(math.Round(v*1000)/1000, "%") }
