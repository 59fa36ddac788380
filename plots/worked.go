package main

import (
	"fmt"
	"strings"

	"pushbench/results"
	"pushbench/scenarios"
)

// Figures, the screen and the table for a README ask for the same numbers and
// charts. Each is worked out once; the run does not change meanwhile.

// worked is what has been worked out before.
type worked struct {
	sums   map[string]readout // by treatment and metrics
	charts map[string]built   // by plot
}

// readout is what sum found.
type readout struct {
	quantity
	why string
}

// built is what chart made.
type built struct {
	*drawing
	err error
}

// once is what work gives for a key; it works once.
func once[V any](known map[string]V, key string, work func() V) V {
	v, ok := known[key]
	if !ok {
		v = work()
		known[key] = v
	}
	return v
}

// sum is add, once. What it returns is shared: nobody changes the map.
func (r *report) sum(t results.Treatment, metrics ...string) (q quantity, why string) {
	found := once(r.worked.sums, t.Key()+" "+strings.Join(metrics, " "), func() readout {
		q, why := r.add(t, metrics)
		return readout{q, why}
	})
	return found.quantity, found.why
}

// build makes the chart that a plot asks for.
func (r *report) build(p scenarios.Plot) (*drawing, error) {
	made := once(r.worked.charts, fmt.Sprintf("%+v", p), func() built {
		d, err := r.chart(p)
		return built{d, err}
	})
	return made.drawing, made.err
}
