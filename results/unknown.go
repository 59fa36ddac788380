package results

import (
	"slices"
	"strings"
)

// Unknown says what is wrong with the name of a number that no metric has, and what
// was meant as far as that can be told: "is no metric; did you mean server/cpu?".
func Unknown(name string) string {
	base := name[:max(0, strings.LastIndexByte(name, '/'))]
	for _, h := range histograms {
		switch h.Name {
		case name:
			return "is a whole distribution; pick a number of it, such as " + name + "/p50 or " + name + "/mean"
		case base:
			return "is no part of " + base + "; write such as " + base + "/p50, /p99.9, /mean, /min or /max"
		}
	}
	if meant := meant(name); meant != "" {
		return "is no metric; did you mean " + meant + "?"
	}
	known, heads := names()
	first, _, _ := strings.Cut(name, "/")
	if kin := under(first, known); len(kin) > 0 {
		return "is no metric; those of " + first + " are " + strings.Join(kin, ", ")
	}
	return "is no metric; they begin with " + strings.Join(heads, ", ")
}

// meant is the metric that a name is a slip for, or the metrics that it is the
// beginning of; "" where there is none.
func meant(name string) string {
	known, _ := names()
	if parts := under(name, known); len(parts) > 0 {
		return strings.Join(parts, ", ")
	}
	return Nearest(name, known)
}

// under are the names that begin with these words.
func under(words string, names []string) (kin []string) {
	for _, name := range names {
		if strings.HasPrefix(name, words+"/") {
			kin = append(kin, name)
		}
	}
	return kin
}

// names are those of all metrics, with the usual numbers of each distribution, and the
// words that they begin with.
func names() (all, heads []string) {
	for _, m := range vocabulary {
		all = append(all, m.Name)
	}
	for _, h := range histograms {
		for _, part := range []string{"", "/p50", "/p90", "/p99", "/p99.9", "/mean", "/min", "/max"} {
			all = append(all, h.Name+part)
		}
	}
	for _, name := range all {
		head, _, _ := strings.Cut(name, "/")
		heads = append(heads, head)
	}
	slices.Sort(heads)
	return all, slices.Compact(heads)
}
