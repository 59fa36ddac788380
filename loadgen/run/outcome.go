package run

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"pushbench/results"
)

// needed is how many sound blocks a treatment has to have for the run to have
// answered: as many as an interval takes. A run that never set out to have so many is
// a smoke run, and shows by one that the treatment works.
func (s *session) needed() int {
	if p := s.plan.planned; p.Short || p.Blocks < results.MinBlocks {
		return 1
	}
	return results.MinBlocks
}

// enough is an error with a code of its own where a treatment has too few sound
// blocks. It says why, and what would mend that.
func (s *session) enough() error {
	needed := s.needed()
	var few []string
	rules := map[string]bool{} // that were broken
	some := false              // of their trials are sound
	for _, t := range s.plan.chosen {
		n, of := s.record.SoundBlocks(t.Labels)
		if n >= needed {
			continue
		}
		some = some || n > 0
		why := s.broken(t.Labels)
		for _, b := range why {
			rules[b.rule] = true
		}
		few = append(few, fmt.Sprintf("%s (%d of %d%s)", s.plan.name(t.Labels), n, of, reasons(why)))
	}
	if len(few) == 0 {
		return nil
	}
	return ExitError{ExitFewTrials, fmt.Errorf("%s: fewer than %d sound %s for %s; %s", s.path, needed, plural(needed, "block", "blocks"), strings.Join(few, ", "), mends(rules, some))}
}

// tally is how often a rule was broken.
type tally struct {
	rule string
	text string // what was found, of the first trial that broke it
	n    int
}

// broken is the rules that cost a treatment its blocks, the most frequent first.
func (s *session) broken(t results.Treatment) (list []tally) {
	for _, trial := range s.record.Trials {
		for _, b := range trial.Broken {
			if b.Class != results.Sound || trial.Treatment.Key() != t.Key() {
				continue
			}
			at := slices.IndexFunc(list, func(known tally) bool { return known.rule == b.Rule })
			if at < 0 {
				at, list = len(list), append(list, tally{rule: b.Rule, text: brief(b.Text)})
			}
			list[at].n++
		}
	}
	slices.SortFunc(list, func(a, b tally) int { return cmp.Or(cmp.Compare(b.n, a.n), cmp.Compare(a.rule, b.rule)) })
	return list
}

// reasons is the two most frequent rules in words.
func reasons(why []tally) string {
	var b strings.Builder
	for _, w := range why[:min(2, len(why))] {
		fmt.Fprintf(&b, "; %d ×: %s", w.n, w.text)
	}
	return b.String()
}

// advice is what mends a rule that keeps being broken, where that is neither the
// server's nor the transport's: what those break is a finding.
var advice = map[string]string{
	failedRule:    "the log of each trial that failed is in the file",
	unreachedRule: "the log of each trial that failed is in the file; -resume runs these blocks again",
	"window":      "a longer measure or a higher rate in the scenario mends it",
	"missed":      "fewer subscribers, a lower rate or a third CPU let the link keep up",
}

const finding = "the server or the transport broke these rules, and more time does not mend that"

// mends is what would give a run the blocks that it lacks.
func mends(rules map[string]bool, some bool) string {
	var list []string
	for _, rule := range slices.Sorted(maps.Keys(rules)) {
		if text := cmp.Or(advice[rule], finding); !slices.Contains(list, text) {
			list = append(list, text)
		}
	}
	if some || len(list) == 0 {
		list = append(list, "-resume with -for runs more blocks")
	}
	return strings.Join(list, "; ")
}

// plural is one of two words.
func plural(n int, one, more string) string {
	if n == 1 {
		return one
	}
	return more
}
