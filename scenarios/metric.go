package scenarios

import (
	"slices"
	"strings"

	"pushbench/results"
)

// metricNames are the words of the record's vocabulary: numbers as they are,
// and distributions, of which name/p50, /p99.9, /mean, /min or /max is a
// number. They are asked for here so that a slip in a claim is found before a
// run of twenty minutes and not after it.
func metricNames() (all, distributions []string) {
	for _, m := range results.Vocabulary() {
		all = append(all, m.Name)
		if _, isNumber := results.Describe(m.Name); !isNumber {
			distributions = append(distributions, m.Name)
		}
	}
	return all, distributions
}

// metricProblem says what is wrong with the name of a number, "" if nothing.
func metricProblem(name string) string {
	if _, ok := results.Describe(name); ok {
		return ""
	}
	all, distributions := metricNames()
	if slices.Contains(distributions, name) {
		return "is a whole distribution; pick a number of it, such as " + name + "/p50 or " + name + "/mean"
	}
	if base, _, ok := cutLast(name); ok && slices.Contains(distributions, base) {
		return "is no part of " + base + "; write such as " + base + "/p50, /p99.9, /mean, /min or /max"
	}
	if near := results.Nearest(name, all); near != "" {
		return "is no metric; did you mean " + near + "?"
	}
	return "is no metric; " + listing("known metrics", all)
}

func cutLast(name string) (base, part string, ok bool) {
	i := strings.LastIndexByte(name, '/')
	if i < 0 {
		return name, "", false
	}
	return name[:i], name[i+1:], true
}
