package main

import (
	"cmp"
	"math"
	"slices"

	"pushbench/servers/units"
)

// The levels of a factor as places along an axis.

// withUnlimited adds to the levels of a bandwidth the one that is no number, a step
// beyond them: off the scale, and nothing leads there.
func (r *report) withUnlimited(key string, levels []level, log bool) []level {
	if key != "bandwidth" || !slices.Contains(r.levels(key), unlimited) {
		return levels
	}
	lo, hi := levels[0].Value, levels[len(levels)-1].Value
	beyond := hi + math.Max((hi-lo)/3, hi/3)
	if log {
		beyond = hi * math.Max(math.Pow(hi/lo, 1./3), 2)
	}
	return append(levels, level{unlimited, beyond})
}

// numericLevels are the levels of a factor in rising order.
func (r *report) numericLevels(key string) []level {
	var ls []level
	for _, text := range r.levels(key) {
		if v, _, err := units.Parse(text); err == nil && finite(v) {
			ls = append(ls, level{text, v})
		}
	}
	slices.SortFunc(ls, func(a, b level) int { return cmp.Compare(a.Value, b.Value) })
	return ls
}
