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
)

// What a reader must know before trusting a number: how far apart two runs of
// the same thing lie, what was left out, and every warning on record.

// twins says how often the ruler takes two of a kind for different, in the columns of
// the table, and by how much they differ; "" where the run has no twin.
func (r *report) twins() string {
	heads, metrics := map[string]string{}, []string{}
	for _, col := range r.columns(r.ts) {
		if len(col.Metrics) > 1 || col.Each != "" {
			continue // the twin of a sum or a share is judged by its parts
		}
		metrics = append(metrics, col.Metrics[0])
		heads[col.Metrics[0]] = strings.NewReplacer(",\n", " ", "\n", " ").Replace(col.Head)
	}
	pairs := slices.DeleteFunc(r.run.Twins(metrics), func(p results.TwinPair) bool { return p.Exact })
	if len(pairs) == 0 {
		return ""
	}
	var differ []string
	for _, p := range pairs {
		if p.Differs() {
			differ = append(differ, fmt.Sprintf("%s of %s by × %s", heads[p.Metric], p.Treatment.Transport(), results.Format(p.Ratio.Center, "1")))
		}
	}
	s := fmt.Sprintf("%d of %s of two of a kind differ, where about one in twenty does by chance", len(differ), plural(fmt.Sprint(len(pairs)), "comparison"))
	if len(differ) > 0 {
		s += ": " + strings.Join(differ, "; ")
	}
	return s
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
		ceilings = append(ceilings, byBlock(ceiling.blocks)...)
		if s := share.summary().Center; s > most {
			most, where = s, r.label(t)
		}
	}
	if len(ceilings) == 0 || where == "" {
		return ""
	}
	return fmt.Sprintf("takes %s events/s by calibration against the floor; %s asked the most of it, %s",
		count(math.Round(results.Summarize(ceilings).Center)), where, results.Format(most, "%"))
}

// trials says how the run went.
func (r *report) trials() string {
	c := r.run.Counts()
	return fmt.Sprintf("%d of %d are sound, %d broke no rule at all. %s", c.Sound, c.Counted, c.Whole, r.blocks())
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
		return fmt.Sprintf("Every treatment has %s.", plural(fmt.Sprint(counts[0]), "block"))
	}
	slices.Reverse(counts)
	var parts []string
	for i, n := range counts {
		names := strings.Join(byCount[n], "; ")
		if i == 0 && len(byCount[n]) > 3 {
			names = "most treatments"
		}
		parts = append(parts, fmt.Sprintf("%d of %d sound for %s", n, tried, names))
	}
	return "Blocks: " + strings.Join(parts, " · ") + "."
}

// warnings are the doubts on record: of the run, of its file, and of its
// trials, where those that differ only in their numbers count as one.
func (r *report) warnings() []string {
	var list []string
	if few := r.tooFew(); len(few) > 0 {
		list = append(list, (&tooFewError{path: filepath.Base(r.path), names: few}).Error())
	}
	if !r.countsTCPIP() {
		list = append(list, "bytes are those at the socket, without TCP and IP headers: "+oldRecord+"; hold them against no newer one")
	}
	list = append(list, r.run.Header.Warnings...)
	list = append(list, r.run.Warnings...)
	if e := r.run.End; e != nil && e.Reason != "" && e.Reason != "complete" {
		list = append(list, "the run did not come to its end: "+e.Reason)
	}
	for _, d := range r.run.Header.Plan.Dropped {
		list = append(list, fmt.Sprintf("left out: %s: %s", r.label(d.Treatment), d.Why))
	}
	list = append(list, r.ofTrials("warning", func(t *results.Trial) []string { return t.Warnings })...)
	list = append(list, r.run.Findings()...)
	for _, class := range results.Classes {
		list = append(list, r.ofTrials(voids[class], func(t *results.Trial) (texts []string) {
			for _, b := range t.Broken {
				if b.Class == class {
					texts = append(texts, b.Text)
				}
			}
			return texts
		})...)
	}
	return list
}

// voids says what of a trial does not count where it broke a rule of a class.
var voids = map[results.Class]string{
	results.Sound:       "unsound, counts nowhere",
	results.Accounted:   "not accounted for, bytes and requests do not count",
	results.Timed:       "not timed, latencies do not count",
	results.AsAsked:     "not as asked, latencies and CPU do not count",
	results.Unsaturated: "saturated, latencies and CPU do not count",
	results.Counted:     "not counted, CPU and memory do not count",
}

// numbers in a warning; -, with digits around it, is part of a name.
var numbers = regexp.MustCompile(`[0-9]+([.,][0-9]+)*(e[-+]?[0-9]+)?`)

// ofTrials gathers what trials say by its wording, the most frequent first:
// the first of its kind, how often, and where.
func (r *report) ofTrials(kind string, say func(*results.Trial) []string) []string {
	type doubt struct {
		text  string
		n     int
		where []string
	}
	byWords := map[string]*doubt{}
	var order []*doubt
	for _, t := range r.run.Trials {
		for _, text := range say(t) {
			key := numbers.ReplaceAllString(text, "#")
			d := byWords[key]
			if d == nil {
				d = &doubt{text: text}
				byWords[key] = d
				order = append(order, d)
			}
			d.n++
			if name := t.Treatment.Transport(); !slices.Contains(d.where, name) {
				d.where = append(d.where, name)
			}
		}
	}
	slices.SortStableFunc(order, func(a, b *doubt) int { return cmp.Compare(b.n, a.n) })
	var list []string
	for _, d := range order {
		s := fmt.Sprintf("%s: %s (%s)", kind, d.text, strings.Join(d.where, ", "))
		if d.n > 1 {
			s = fmt.Sprintf("%s in %d trials (%s), such as: %s", kind, d.n, strings.Join(d.where, ", "), d.text)
		}
		list = append(list, s)
	}
	return list
}
