package scenarios

import (
	"strconv"
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

// quantileOf is the quantile that a number such as staleness/p99.9 is: 0.999;
// false for a number that is none.
func quantileOf(name string) (q float64, ok bool) {
	if _, known := results.Describe(name); !known {
		return 0, false
	}
	_, part, _ := cutLast(name)
	percent, isP := strings.CutPrefix(part, "p")
	if !isP {
		return 0, false
	}
	q, err := strconv.ParseFloat(percent+"e-2", 64) // the float nearest 0.999, which 99.9/100 is not
	return q, err == nil
}

func cutLast(name string) (base, part string, ok bool) {
	i := strings.LastIndexByte(name, '/')
	if i < 0 {
		return name, "", false
	}
	return name[:i], name[i+1:], true
}
