package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"pushbench/servers/units"
)

// What the host did meanwhile explains a result and voids none.

// meanwhile is that in two lines at the most: who else had the CPUs, and who was kept
// waiting. A record that does not know has fewer.
func (r *report) meanwhile() []string {
	lines := []string{
		joined("; ",
			r.typical("CPU time taken", about{"hypervisor", "host/steal"}, about{"other processes", "host/foreign"}),
			r.speed()),
		joined("; ",
			r.typical("late on average", about{"publisher", "publish-lag/mean"}, about{"path", "link-late/mean"}),
			r.typical("waited for a core", about{"server", "server/wait"}, about{"fleet", "fleet/wait"})),
	}
	lines = slices.DeleteFunc(lines, func(line string) bool { return line == "" })
	for i, line := range lines { // said once, where the first of them is
		if first, _, found := strings.Cut(line, " ("); found {
			colon := strings.LastIndex(first, ":")
			lines[i] = line[:colon] + " (worst trial)" + line[colon:]
			break
		}
	}
	return lines
}

// about is something that a trial tells of its host.
type about struct{ who, metric string }

// typical tells means over all trials, each with its greatest where that is much more.
func (r *report) typical(what string, of ...about) string {
	var parts []string
	for _, a := range of {
		sum, n, most, unit := 0.0, 0, 0.0, "s"
		for _, t := range r.run.Trials {
			m, err := t.Value(a.metric)
			if err != nil {
				continue
			}
			v := max(m.Value, 0)
			sum, n, most = sum+v, n+1, max(most, v)
			if m.Unit == "1" {
				unit = "%"
			}
		}
		if n == 0 {
			continue
		}
		mean, worst := roughly(sum/float64(n), unit), roughly(most, unit)
		part := a.who + " " + mean
		if most > 2*sum/float64(n) && worst != mean {
			part += " (" + worst + ")"
		}
		parts = append(parts, part)
	}
	if len(parts) == 0 {
		return ""
	}
	return what + ": " + strings.Join(parts, ", ")
}

// roughly is a value to two digits; what is hardly anything is said to be.
func roughly(v float64, unit string) string {
	if unit == "%" && v > 0 && v < 0.001 {
		return "under 0.1 %"
	}
	two, err := strconv.ParseFloat(strconv.FormatFloat(v, 'e', 1, 64), 64)
	if err != nil { // beyond the greatest float
		two = v
	}
	return units.Format(two, unit)
}

// speed tells how much the speed of the CPUs varied, by the calibration loop.
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
	return fmt.Sprintf("CPU speed varied %s ×", units.Format(slices.Max(loops)/slices.Min(loops), "1"))
}
