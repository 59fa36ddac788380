package main

import (
	"cmp"
	"fmt"
	"math"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"pushbench/results"
	"pushbench/servers/units"
)

// What a reader must know before trusting a number: how often two that are the same
// were told apart, what does not count, and every warning on record.

// ofTwins says how often two of a kind were told apart, in the columns of the table, and
// by how much; "" where the run has no twin.
func (r *report) ofTwins() string {
	heads, metrics := map[string]string{}, []string{}
	for _, col := range r.columns(r.ts) {
		if _, single := results.Describe(col.Expr); single { // the twin of a sum or a share is judged by its parts
			metrics = append(metrics, col.Expr)
			heads[col.Expr] = strings.NewReplacer(",\n", " ", "\n", " ").Replace(col.Head)
		}
	}
	pairs, differ := r.twinPairs(metrics)
	if len(pairs) == 0 {
		return ""
	}
	var apart []string
	for _, p := range differ {
		apart = append(apart, heads[p.Metric]+" "+further(p.Ratio)+" ("+r.label(p.Treatment)+")")
	}
	s := fmt.Sprintf("a #twin is the same treatment again: %d of %s tell the two apart, where chance does in 1 of 20", len(differ), plural(fmt.Sprint(len(pairs)), "comparison"))
	return strings.TrimSuffix(s+": "+strings.Join(apart, "; "), ": ")
}

// twinPairs are the comparisons of a treatment with its twin that chance has a part in,
// and those of them that tell the two apart.
func (r *report) twinPairs(metrics []string) (pairs, differ []results.TwinPair) {
	for _, p := range r.run.Twins(metrics) {
		if p.Exact {
			continue
		}
		pairs = append(pairs, p)
		if p.Differs() {
			differ = append(differ, p)
		}
	}
	return pairs, differ
}

// further tells a ratio as one says it: "11 % less", or "× 2.3" far from 1.
func further(ratio results.Summary) string {
	switch q := ratio.Center; {
	case ratio.N == 0:
		return "differs"
	case q < 2./3 || q > 3./2:
		return "× " + units.Format(q, "1")
	case q < 1:
		return units.Format(1-q, "%") + " less"
	default:
		return units.Format(q-1, "%") + " more"
	}
}

// headroom says how much of what the fleet can take the run asked of it, ""
// where the record does not know.
func (r *report) headroom() string {
	var ceilings []float64
	most, where := 0.0, ""
	for _, t := range r.ts {
		ceiling, why := r.sum(t, "fleet/ceiling")
		share, whyShare := r.sum(t, "fleet/load")
		if why != "" || whyShare != "" || len(share.blocks) == 0 {
			continue
		}
		for _, block := range sortedKeys(ceiling.blocks) {
			ceilings = append(ceilings, ceiling.blocks[block])
		}
		if s := share.summary().Center; s > most {
			most, where = s, r.label(t)
		}
	}
	if len(ceilings) == 0 || where == "" {
		return ""
	}
	return fmt.Sprintf("takes %s events/s by calibration against the floor; %s asked the most of it, %s",
		count(math.Round(results.Summarize(ceilings).Center)), where, units.Format(most, "%"))
}

func (r *report) trials() string {
	c := r.run.Counts()
	s := fmt.Sprintf("%d of %d are sound", c.Sound, c.Counted)
	if c.Sound == c.Counted {
		s = fmt.Sprintf("all %d are sound", c.Counted)
	}
	if part := c.Sound - c.Whole; part > 0 {
		s += fmt.Sprintf("; %d of them count in part, see below", part)
	}
	return s + "; " + r.blocks()
}

// blocks says in how many blocks each treatment has a sound trial.
func (r *report) blocks() string {
	byCount := map[int][]string{}
	tried := 0
	for _, t := range r.ts {
		n, of := r.run.SoundBlocks(t)
		tried = max(tried, of)
		byCount[n] = append(byCount[n], r.label(t))
	}
	counts := sortedKeys(byCount)
	if len(counts) == 1 {
		return "every treatment has " + plural(fmt.Sprint(counts[0]), "sound block")
	}
	slices.Reverse(counts)
	var parts []string
	for i, n := range counts {
		names := strings.Join(byCount[n], "; ")
		if i == 0 && len(byCount[n]) > 3 {
			names = "most treatments"
		}
		parts = append(parts, fmt.Sprintf("%d of %d for %s", n, tried, names))
	}
	return "sound blocks: " + strings.Join(parts, " · ")
}

// warnings are the doubts on record: of the run, of its file, and of its
// trials, where those that differ only in their numbers count as one.
func (r *report) warnings() []string {
	var list []string
	if few := r.tooFew(filepath.Base(r.path)); few != nil {
		list = append(list, few.Error())
	}
	if !r.countsTCPIP() {
		list = append(list, "bytes are those at the socket, without TCP and IP headers: "+oldRecord+"; hold them against no newer one")
	}
	list = append(list, r.run.Header.Warnings...)
	list = append(list, r.run.Warnings...)
	if e := r.run.End; e != nil && e.Reason != "" && e.Reason != "complete" {
		list = append(list, "the run did not come to its end: "+e.Reason)
	}
	list = append(list, r.dropped()...)
	list = append(list, r.run.Findings()...)
	var warned []doubt
	broken := map[results.Class][]doubt{}
	for _, t := range r.run.Trials {
		by := t.Treatment.Transport()
		for _, text := range t.Warnings {
			warned = append(warned, doubt{"a warning", text, by})
		}
		for _, b := range t.Broken {
			broken[b.Class] = append(broken[b.Class], doubt{voids(b), b.Text, by})
		}
	}
	list = append(list, r.gathered(warned)...)
	for _, class := range results.Classes {
		list = append(list, r.gathered(broken[class])...)
	}
	return list
}

// dropped are the combinations that cannot be run, by the reason.
func (r *report) dropped() (list []string) {
	for _, alike := range grouped(r.run.Header.Plan.Dropped, func(d results.Dropped) string { return d.Why }) {
		var labels []string
		for _, d := range alike {
			labels = append(labels, r.label(d.Treatment))
		}
		list = append(list, fmt.Sprintf("not run, since %s: %s", alike[0].Why, strings.Join(labels, "; ")))
	}
	return list
}

// voids says what of a trial does not count where it broke a rule.
func voids(b results.Broken) string {
	if b.Of != "" {
		return "metrics under " + b.Of + " do not count"
	}
	return map[results.Class]string{
		results.Sound:       "nothing counts",
		results.Accounted:   "bytes and requests do not count",
		results.Timed:       "latencies do not count",
		results.AsAsked:     "latencies and CPU do not count",
		results.Unsaturated: "latencies and CPU do not count",
		results.Counted:     "CPU and memory do not count",
	}[b.Class]
}

// numbers in a warning; -, with digits around it, is part of a name.
var numbers = regexp.MustCompile(`[0-9]+([.,][0-9]+)*(e[-+]?[0-9]+)?`)

// doubt is something that a trial of a transport says against itself.
type doubt struct{ what, text, by string }

// gathered tells doubts by their wording, the most frequent first: the first of its kind,
// how often, and where.
func (r *report) gathered(doubts []doubt) []string {
	kinds := grouped(doubts, func(d doubt) doubt { return doubt{what: d.what, text: numbers.ReplaceAllString(d.text, "#")} })
	slices.SortStableFunc(kinds, func(a, b []doubt) int { return cmp.Compare(len(b), len(a)) })
	var list []string
	for _, kind := range kinds {
		var by []string
		such := ":"
		for _, d := range kind {
			if !slices.Contains(by, d.by) {
				by = append(by, d.by)
			}
			if d.text != kind[0].text {
				such = ", such as:"
			}
		}
		where := strings.Join(by, ", ")
		if len(by) > 1 && len(by) == len(r.levels("transport")) {
			where = "of every transport"
		}
		list = append(list, fmt.Sprintf("%s in %s (%s)%s %s", kind[0].what, plural(fmt.Sprint(len(kind)), "trial"), where, such, kind[0].text))
	}
	return list
}
