package main

import (
	"fmt"
	"slices"
	"strings"

	"pushbench/results"
)

// What the host did meanwhile explains a result and voids none.

// meanwhile is that in two lines at the most; "" where a record does not know.
func (r *report) meanwhile() []string {
	var lines []string
	add := func(parts []string) {
		parts = slices.DeleteFunc(parts, func(s string) bool { return s == "" })
		if len(parts) > 0 {
			lines = append(lines, strings.Join(parts, "; ")+".")
		}
	}
	add([]string{
		r.typical("the hypervisor took %s of the CPU time", "host/steal", "%"),
		r.typical("other processes took %s", "host/foreign", "%"),
		r.speed(),
	})
	add([]string{
		r.typical("the publisher was %s late on average", "publish-lag/mean", "s"),
		r.typical("the emulated path %s", "link-late/mean", "s"),
		r.typical("each time it ran the server had waited %s for its core", "server/wait", "s"),
		r.typical("the fleet %s", "fleet/wait", "s"),
	})
	return lines
}

// typical tells the mean of a metric over all trials, and its greatest where that is
// much more.
func (r *report) typical(says, metric, unit string) string {
	sum, n, most := 0.0, 0, 0.0
	for _, t := range r.run.Trials {
		if m, err := t.Value(metric); err == nil {
			v := max(m.Value, 0)
			sum, n, most = sum+v, n+1, max(most, v)
		}
	}
	if n == 0 {
		return ""
	}
	mean := sum / float64(n)
	s := fmt.Sprintf(says, results.FormatShort(mean, unit))
	if most > 2*mean && results.FormatShort(most, unit) != results.FormatShort(mean, unit) {
		s += fmt.Sprintf(" (at most %s in a trial)", results.FormatShort(most, unit))
	}
	return s
}

// speed tells how much the calibration loop wandered.
func (r *report) speed() string {
	var loops []float64
	for _, t := range r.run.Trials {
		if m, ok := t.Metrics["canary"]; ok && m.Value > 0 {
			loops = append(loops, m.Value)
		}
	}
	if len(loops) < 2 {
		return ""
	}
	fastest, slowest := slices.Min(loops), slices.Max(loops)
	return fmt.Sprintf("a loop of fixed work took up to %s × its shortest time", results.Format(slowest/fastest, "1"))
}
