package scenarios

import "pushbench/results"

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
