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
	read   map[string]readout // by treatment and metrics
	summed map[string]readout
	built  map[string]built // by plot
	twins  *string          // what is said of them
}

func newWorked() worked {
	return worked{read: map[string]readout{}, summed: map[string]readout{}, built: map[string]built{}}
}

// readout is what measure found, or sum.
type readout struct {
	quantity
	err error
	why string
}

// built is what chart made.
type built struct {
	*drawing
	err error
}

func readKey(t results.Treatment, metrics []string) string {
	return t.Key() + " " + strings.Join(metrics, " ")
}

// measure reads the sum of metrics for each block of t that has them all. What it
// returns is shared: nobody changes the map.
func (r *report) measure(t results.Treatment, metrics []string) (quantity, error) {
	key := readKey(t, metrics)
	known, ok := r.worked.read[key]
	if !ok {
		known.quantity, known.err = r.add(t, metrics)
		r.worked.read[key] = known
	}
	return known.quantity, known.err
}

// sum is measure with the reason in words where there is nothing to sum.
func (r *report) sum(t results.Treatment, metrics ...string) (q quantity, why string) {
	key := readKey(t, metrics)
	known, ok := r.worked.summed[key]
	if !ok {
		known.quantity, known.why = r.sound(t, metrics)
		r.worked.summed[key] = known
	}
	return known.quantity, known.why
}

// build makes the chart that a plot asks for.
func (r *report) build(p scenarios.Plot) (*drawing, error) {
	key := fmt.Sprintf("%+v", p)
	known, ok := r.worked.built[key]
	if !ok {
		known.drawing, known.err = r.chart(p)
		r.worked.built[key] = known
	}
	return known.drawing, known.err
}
