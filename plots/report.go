package main

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"pushbench/results"
	"pushbench/scenarios"
)

// report is one result file with its scenario: what every table, figure and
// verdict is made from.
type report struct {
	path     string
	run      *results.Run
	scenario *scenarios.Scenario
	ts       []results.Treatment
	varying  []string      // keys with more than one level in this run, the scenario's order
	twins    func() string // how often two of a kind were told apart

	// Figures, the screen and the table for a README ask for the same sums and charts: each
	// is worked out once, by treatment and metrics, or by plot.
	sums   map[string]func() (quantity, string)
	charts map[string]func() (*drawing, error)
}

// open reads a result file, or stdin where path is "-".
func open(path string, stdin io.Reader) (*report, error) {
	var run *results.Run
	var err error
	if path == "-" {
		path = "stdin.jsonl"
		run, err = results.ReadFrom(stdin, "stdin")
	} else {
		run, err = results.Read(path)
	}
	if err != nil {
		return nil, coded{exitUsage, fmt.Errorf("read results: %w", err)}
	}
	name := run.Header.Scenario.Name + ".yaml"
	s, err := scenarios.Parse(name, []byte(run.Header.Scenario.Text), nil)
	if err != nil {
		return nil, coded{exitUsage, fmt.Errorf("read the scenario that %s carries: %w", path, err)}
	}
	return newReport(path, run, s), nil
}

// openAll reads every file, and reports every one that it cannot.
func openAll(paths []string, stdin io.Reader) ([]*report, error) {
	if len(paths) == 0 {
		return nil, usageError("no result file given")
	}
	var rs []*report
	var errs []error
	for _, p := range paths {
		r, err := open(p, stdin)
		rs, errs = append(rs, r), append(errs, err)
	}
	return rs, errors.Join(errs...)
}

func newReport(path string, run *results.Run, s *scenarios.Scenario) *report {
	r := &report{path: path, run: run, scenario: s, ts: run.Treatments(),
		sums: map[string]func() (quantity, string){}, charts: map[string]func() (*drawing, error){}}
	r.twins = sync.OnceValue(r.ofTwins)
	known := make([]string, 0, len(s.Factors))
	for _, f := range s.Factors {
		known = append(known, f.Key)
	}
	for _, t := range r.ts { // a record may vary more than its scenario says
		for _, k := range sortedKeys(t) {
			if !slices.Contains(known, k) {
				known = append(known, k)
			}
		}
	}
	for _, k := range known {
		if len(r.levels(k)) > 1 {
			r.varying = append(r.varying, k)
		}
	}
	return r
}

// sum is add, once. What it returns is shared: nobody changes the map.
func (r *report) sum(t results.Treatment, metrics ...string) (q quantity, why string) {
	key := t.Key() + " " + strings.Join(metrics, " ")
	if r.sums[key] == nil {
		r.sums[key] = sync.OnceValues(func() (quantity, string) { return r.add(t, metrics) })
	}
	return r.sums[key]()
}

// build is chart, once.
func (r *report) build(p scenarios.Plot) (*drawing, error) {
	key := fmt.Sprintf("%+v", p)
	if r.charts[key] == nil {
		r.charts[key] = sync.OnceValues(func() (*drawing, error) { return r.chart(p) })
	}
	return r.charts[key]()
}

// name is the result file's name without folder and ending: what its figures
// are called by.
func (r *report) name() string {
	base := filepath.Base(r.path)
	return strings.TrimSuffix(base, filepath.Ext(base))
}

// levels are the levels of a key in this run, in planned order.
func (r *report) levels(key string) []string {
	var ls []string
	for _, t := range r.ts {
		if l, ok := t[key]; ok && !slices.Contains(ls, l) {
			ls = append(ls, l)
		}
	}
	return ls
}

// asRows are the keys whose levels are set beside one another under each condition: a
// transport, and who serves it.
var asRows = []string{"transport", "server"}

// conditions are the combinations of levels, transport and server aside, that this run
// compares these under; one empty condition where only they vary.
func (r *report) conditions() []results.Treatment {
	var cs []results.Treatment
	for _, t := range r.ts {
		c := results.Treatment{}
		for _, k := range r.varying {
			if !slices.Contains(asRows, k) {
				c[k] = t[k]
			}
		}
		if !slices.ContainsFunc(cs, func(o results.Treatment) bool { return o.Key() == c.Key() }) {
			cs = append(cs, c)
		}
	}
	return cs
}

// grouped are those of a list that have a key in common, in the order of their first.
func grouped[V any, K comparable](list []V, key func(V) K) (groups [][]V) {
	place := map[K]int{}
	for _, v := range list {
		k := key(v)
		if _, known := place[k]; !known {
			place[k] = len(groups)
			groups = append(groups, nil)
		}
		groups[place[k]] = append(groups[place[k]], v)
	}
	return groups
}

// under are the treatments of a condition.
func (r *report) under(condition map[string]string) []results.Treatment {
	return slices.DeleteFunc(slices.Clone(r.ts), func(t results.Treatment) bool { return !t.Matches(condition) })
}

// named is the treatment of a condition with this transport, whatever it spells out; false
// where the run has none.
func (r *report) named(transport string, condition map[string]string) (results.Treatment, bool) {
	for _, t := range r.under(condition) {
		if plain(t.Transport()) == transport {
			return t, true
		}
	}
	return nil, false
}

// rivals reports whether a treatment is there for others to be compared with, since
// somebody else serves it.
func (r *report) rivals(t results.Treatment) bool {
	return slices.Contains(r.varying, "server") && t["server"] != scenarios.OurServer
}

// row is what a treatment is called among those of its condition.
func (r *report) row(t results.Treatment) string {
	if r.rivals(t) {
		return t.Transport() + ", " + t["server"]
	}
	return t.Transport()
}

// tooFew says which treatments have fewer sound blocks than an interval takes, nil for
// none. It calls the record by the name given.
func (r *report) tooFew(path string) error {
	var names []string
	for _, t := range r.ts {
		if sound, tried := r.run.SoundBlocks(t); sound < results.MinBlocks {
			names = append(names, fmt.Sprintf("%s (%d of %d sound)", r.label(t), sound, tried))
		}
	}
	if len(names) == 0 {
		return nil
	}
	if more := len(names) - namedAtMost; more > 1 {
		names = append(names[:namedAtMost], fmt.Sprintf("and %d treatments more", more))
	}
	return coded{exitTooFew, fmt.Errorf("%s: too few sound blocks for an interval (%d are needed): %s; go on with it: loadgen -resume, with more time (-for) or -blocks",
		path, results.MinBlocks, strings.Join(names, "; "))}
}

// label names a treatment by its transport and what else varies.
func (r *report) label(t results.Treatment) string {
	parts := []string{t.Transport()}
	for _, k := range r.varying {
		if k != "transport" {
			parts = append(parts, k+"="+t[k])
		}
	}
	return strings.Join(parts, ", ")
}
