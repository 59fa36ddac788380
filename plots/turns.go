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

// turn is a run in time.
type turn struct {
	*report
	side string
}

// ended is when a run did; one without an end line, when its last trial began.
func (t turn) ended() time.Time {
	instants := []time.Time{t.run.Header.Started}
	for _, trial := range t.run.Trials {
		instants = append(instants, trial.Started)
	}
	if t.run.End != nil {
		instants = append(instants, t.run.End.Ended)
	}
	return slices.MaxFunc(instants, time.Time.Compare)
}

// given are the runs in the order in which they were given.
func (s sides) given() (list []turn) {
	for i := range s.old {
		list = append(list, turn{s.old[i], "old"}, turn{s.new[i], "new"})
	}
	return list
}

// turned says where the runs did not alternate in time, or ran at once.
func (s sides) turned() (list []string) {
	given := s.given()
	byStart := func(a, b turn) int { return a.run.Header.Started.Compare(b.run.Header.Started) }
	byTime := slices.SortedStableFunc(slices.Values(given), byStart)
	var order []string
	alternate := true
	for i, t := range byTime {
		order = append(order, t.side)
		alternate = alternate && (i == 0 || t.side != byTime[i-1].side)
	}
	switch {
	case !alternate:
		list = append(list, "the runs of the two builds did not alternate; in time they were "+strings.Join(order, ", ")+": what the host did in between looks like a change")
	case len(s.old) > 1 && !slices.IsSortedFunc(given, byStart):
		list = append(list, "the runs are not given in the order in which they ran, so that pairs are not of neighbours")
	}
	for i, t := range byTime[1:] {
		if before := byTime[i]; before.ended().After(t.run.Header.Started) {
			list = append(list, fmt.Sprintf("%s and %s overlap in time: each took CPU from the other", before.path, t.path))
		}
	}
	return list
}
