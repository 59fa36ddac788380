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
	worked   worked
}

// inputError is a fault of what was handed in, not of this program: exit 2.
type inputError struct{ err error }

func (e inputError) Error() string { return e.err.Error() }
func (e inputError) Unwrap() error { return e.err }

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
		return nil, inputError{fmt.Errorf("read results: %w", err)}
	}
	name := run.Header.Scenario.Name + ".yaml"
	s, err := scenarios.Parse(name, []byte(run.Header.Scenario.Text), nil)
	if err != nil {
		return nil, inputError{fmt.Errorf("read the scenario that %s carries: %w", path, err)}
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
		if err != nil {
			errs = append(errs, err)
			continue
		}
		rs = append(rs, r)
	}
	return rs, errors.Join(errs...)
}

func newReport(path string, run *results.Run, s *scenarios.Scenario) *report {
	r := &report{path: path, run: run, scenario: s, ts: run.Treatments(), worked: worked{map[string]readout{}, map[string]built{}}}
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

// conditions are the combinations of levels, transport aside, that this run
// compares transports under; one empty condition where only they vary.
func (r *report) conditions() []results.Treatment {
	var cs []results.Treatment
	for _, t := range r.ts {
		c := results.Treatment{}
		for _, k := range r.varying {
			if k != "transport" {
				c[k] = t[k]
			}
		}
		if !slices.ContainsFunc(cs, func(o results.Treatment) bool { return o.Key() == c.Key() }) {
			cs = append(cs, c)
		}
	}
	return cs
}

// under are the treatments of a condition.
func (r *report) under(condition map[string]string) []results.Treatment {
	return slices.DeleteFunc(slices.Clone(r.ts), func(t results.Treatment) bool { return !t.Matches(condition) })
}

// baseline is the treatment that ratios of its condition refer to: plain
// WebSocket. It is false where the run has none.
func (r *report) baseline(condition map[string]string) (results.Treatment, bool) {
	return r.named(baselineTransport, condition)
}

// named is the treatment of a condition with this transport, whatever it spells out.
func (r *report) named(transport string, condition map[string]string) (results.Treatment, bool) {
	for _, t := range r.under(condition) {
		if plain(t.Transport()) == transport {
			return t, true
		}
	}
	return nil, false
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
	return tooFewError(fmt.Sprintf("%s: too few sound blocks for an interval (%d are needed): %s; go on with it: loadgen -resume, with more time (-for) or -blocks",
		path, results.MinBlocks, strings.Join(names, "; ")))
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
