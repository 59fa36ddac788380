package main

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Builds are compared by runs that alternate, since a host changes within the hour:
// what it did between the runs of one build and those of the other would look like a
// change of the build.

// ended is when a run did; one without an end line, when its last trial began.
func (r *report) ended() time.Time {
	end := r.run.Header.Started
	for _, trial := range r.run.Trials {
		if trial.Started.After(end) {
			end = trial.Started
		}
	}
	if r.run.End != nil && r.run.End.Ended.After(end) {
		end = r.run.End.Ended
	}
	return end
}

// turned says where the runs did not alternate in time, or ran at once.
func (s sides) turned() (list []string) {
	byStart := func(a, b *report) int { return a.run.Header.Started.Compare(b.run.Header.Started) }
	var given []*report
	for i := range s.old {
		given = append(given, s.old[i], s.new[i])
	}
	byTime := slices.Clone(given)
	slices.SortStableFunc(byTime, byStart)
	var order []string
	for _, r := range byTime {
		order = append(order, map[bool]string{true: "old", false: "new"}[slices.Contains(s.old, r)])
	}
	switch turns := slices.Compact(slices.Clone(order)); {
	case len(turns) < len(order):
		list = append(list, "the runs of the two builds did not alternate; in time they were "+strings.Join(order, ", ")+": what the host did in between looks like a change")
	case len(s.old) > 1 && !slices.IsSortedFunc(given, byStart):
		list = append(list, "the runs are not given in the order in which they ran, so that pairs are not of neighbours")
	}
	for i, r := range byTime[1:] {
		if before := byTime[i]; before.ended().After(r.run.Header.Started) {
			list = append(list, fmt.Sprintf("%s and %s overlap in time: each took CPU from the other", before.path, r.path))
		}
	}
	return list
}
