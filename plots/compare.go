package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"pushbench/results"
)

// sides are runs of an old build and of a new one, by turns: old[i] was run beside
// new[i].
type sides struct {
	old, new []*report
	columns  []column // that mean the same in all of them
}

// fewestPairs is how many runs of each build tell a change.
const fewestPairs = results.MinBlocks

// byTurns holds files to what turns can take.
func byTurns(paths []string) error {
	if n := len(paths); n != 2 && (n < 2*fewestPairs || n%2 > 0) {
		return usageError(fmt.Sprintf("compare takes two result files, OLD and NEW, or %d at least of each by turns, OLD NEW OLD NEW OLD NEW; there are %d files", fewestPairs, n))
	}
	return nil
}

// turns takes reports as they are given to compare: old, new, old, new …
func turns(rs []*report) sides {
	var s sides
	for i := 0; i+1 < len(rs); i += 2 {
		s.old, s.new = append(s.old, rs[i]), append(s.new, rs[i+1])
	}
	return s
}

// compare tells what changed from one build to another, a row per treatment and
// metric. One run a side tells only what the protocol fixes: two runs of one build on
// one host differ in most of the rest.
func compare(w io.Writer, s sides) error {
	var b strings.Builder
	for _, t := range s.given() {
		b.WriteString(hanging(t.side+"  ", fmt.Sprintf("%s: scenario %s, %s, %s", t.path, t.run.Header.Scenario.Name, t.buildWords(), t.when())) + "\n")
	}
	b.WriteString(hanging("host ", s.old[0].machine()) + "\n\n")

	s.columns = s.inCommon()
	var asked []results.Quantity
	for _, c := range s.columns {
		asked = append(asked, s.quantity(c))
	}
	changes, err := s.between(asked)
	if err != nil {
		return err
	}
	laws, err := s.between(s.laws())
	if err != nil {
		return err
	}
	t := newComparison(len(s.old) > 1)
	for _, tr := range s.old[0].ts {
		if s.has(tr) {
			t.treatment(s, tr, changesOf(changes, tr), changesOf(laws, tr))
		}
	}
	if t.rows == 0 {
		return coded{exitUsage, fmt.Errorf("compare %s with %s: they have no treatment in common", s.old[0].path, s.new[0].path)}
	}
	b.WriteString(t.String())
	for _, doubt := range slices.Concat(s.strangers(), s.turned(), s.differ()) {
		b.WriteString(hanging("doubt ", doubt) + "\n")
	}
	_, err = io.WriteString(w, b.String())
	return err
}

func changesOf(changes []results.Change, t results.Treatment) []results.Change {
	return slices.DeleteFunc(slices.Clone(changes), func(c results.Change) bool { return !maps.Equal(c.Treatment, t) })
}

func (s sides) between(quantities []results.Quantity) ([]results.Change, error) {
	runs := func(rs []*report) (list []*results.Run) {
		for _, r := range rs {
			list = append(list, r.run)
		}
		return list
	}
	return results.BetweenRuns(runs(s.old), runs(s.new), quantities...)
}

// quantity is a column in whichever run, whose treatments may lack keys that are newer.
func (s sides) quantity(c column) results.Quantity {
	return results.Quantity{Name: c.Expr, Of: func(run *results.Run, t results.Treatment) (results.Sample, error) {
		r := s.of(run)
		own, ok := r.find(t)
		if !ok {
			return results.Sample{}, errors.New("a run has no such treatment")
		}
		q, why := r.quote(own, c)
		if why != "" {
			return results.Sample{}, errors.New(why)
		}
		return q.sample(), nil
	}}
}

// laws are what the protocol fixes in any treatment, columns aside.
func (s sides) laws() (list []results.Quantity) {
	for _, m := range results.Vocabulary() {
		shown := func(c column) bool { return c.Expr == m.Name }
		exact := func(t results.Treatment) bool { return results.Exact(m.Name, t) }
		if slices.ContainsFunc(s.columns, shown) || !slices.ContainsFunc(s.old[0].ts, exact) {
			continue
		}
		q := s.quantity(column{Expr: m.Name})
		all := q.Of
		q.Of = func(run *results.Run, t results.Treatment) (results.Sample, error) {
			if !exact(t) {
				return results.Sample{}, errors.New("the protocol does not fix it")
			}
			return all(run, t)
		}
		list = append(list, q)
	}
	return list
}

func (s sides) all() []*report { return slices.Concat(s.old, s.new) }

func (s sides) of(run *results.Run) *report {
	rs := s.all()
	return rs[slices.IndexFunc(rs, func(r *report) bool { return r.run == run })]
}

func (s sides) has(t results.Treatment) bool {
	return !slices.ContainsFunc(s.all(), func(r *report) bool { _, ok := r.find(t); return !ok })
}

// strangers are the treatments that some runs lack.
func (s sides) strangers() (list []string) {
	for _, r := range s.all() {
		for _, t := range r.ts {
			if !s.has(t) {
				list = append(list, fmt.Sprintf("only in some of the runs: %s", r.label(t)))
			}
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// inCommon are the columns that mean the same in all runs. Where one counts TCP and IP headers
// and another does not, bytes are those above them.
func (s sides) inCommon() []column {
	columns := s.old[0].columns(s.old[0].ts)
	unlike := func(r *report) bool { return r.countsTCPIP() != s.old[0].countsTCPIP() }
	if !slices.ContainsFunc(s.all(), unlike) {
		return columns
	}
	for i, c := range columns {
		switch c.Expr {
		case "bytes/total/down", "bytes/total/up":
			columns[i].Expr = strings.Replace(c.Expr, "total", "{payload,envelope,protocol}", 1)
		case "conn/{bytes,tcpip}/{down,up}":
			columns[i].Expr = "conn/bytes/{down,up}"
		}
	}
	return columns
}

// differ is what else the runs differ in.
func (s sides) differ() (list []string) {
	list = differences(s.old[0], s.new[0])
	for i := 1; i < len(s.old); i++ {
		for _, d := range slices.Concat(differences(s.old[0], s.old[i]), differences(s.new[0], s.new[i])) {
			if d = "within a side, " + d; !slices.Contains(list, d) {
				list = append(list, d)
			}
		}
	}
	return list
}

// find is the treatment of r with the same levels as t.
func (r *report) find(t results.Treatment) (results.Treatment, bool) {
	for _, o := range r.ts {
		if maps.Equal(complete(o), complete(t)) {
			return o, true
		}
	}
	return nil, false
}

// differences are what else changed between the runs: a ratio may come from
// there as well.
func differences(old, new *report) []string {
	var list []string
	say := func(what string, a, b any) {
		if fmt.Sprint(a) != fmt.Sprint(b) {
			list = append(list, fmt.Sprintf("the runs differ in %s: %v, then %v", what, a, b))
		}
	}
	a, b := old.run.Header, new.run.Header
	if old.countsTCPIP() != new.countsTCPIP() {
		list = append(list, "one of the runs counts TCP and IP headers and the other does not: bytes are compared without them")
	}
	say("the scenario", a.Scenario.Name, b.Scenario.Name)
	if a.Scenario.Name == b.Scenario.Name && a.Scenario.Text != b.Scenario.Text {
		list = append(list, "the scenario's text has changed")
	}
	list = append(list, elsewhere("host", a.Host.Differences(b.Host))...)
	list = append(list, elsewhere("build", a.Build.Differences(b.Build))...)
	say("the measured window", seconds(a.Plan.Measure), seconds(b.Plan.Measure))
	say("the seed", a.Plan.Seed, b.Plan.Seed)
	return list
}

// elsewhere tells of every field in which two hosts, or two builds, differ. Groups of
// fields that an older record has not share a line.
func elsewhere(of string, differences []results.Difference) (list []string) {
	var unknown []string
	for _, d := range differences {
		if d.Old == "" && d.New == "" {
			unknown = append(unknown, d.Name)
			continue
		}
		list = append(list, fmt.Sprintf("the %ss differ in %s", of, strings.TrimPrefix(d.String(), "facts ")))
	}
	if unknown != nil {
		list = append(list, fmt.Sprintf("one of the records says nothing of its %s's %s, in which the two may differ", of, strings.Join(unknown, ", ")))
	}
	return list
}
