package main

import (
	"cmp"
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

// began and ended are when a run did; one without an end line, when its last trial
// began.
func (t turn) began() time.Time { return t.run.Header.Started }

func (t turn) ended() time.Time {
	end := t.began()
	for _, trial := range t.run.Trials {
		if trial.Started.After(end) {
			end = trial.Started
		}
	}
	if t.run.End != nil && t.run.End.Ended.After(end) {
		end = t.run.End.Ended
	}
	return end
}

// turned says where the runs did not alternate in time, or ran at once.
func (s sides) turned() (list []string) {
	var given []turn
	for i := range s.old {
		given = append(given, turn{s.old[i], "old"}, turn{s.new[i], "new"})
	}
	byTime := slices.Clone(given)
	slices.SortStableFunc(byTime, func(a, b turn) int { return a.began().Compare(b.began()) })
	var order []string
	alternate := true
	for i, t := range byTime {
		order = append(order, t.side)
		alternate = alternate && (i == 0 || t.side != byTime[i-1].side)
	}
	switch sorted := slices.IsSortedFunc(given, func(a, b turn) int { return cmp.Compare(a.began().UnixNano(), b.began().UnixNano()) }); {
	case !alternate:
		list = append(list, "the runs of the two builds did not alternate; in time they were "+strings.Join(order, ", ")+": what the host did in between looks like a change")
	case !sorted && len(s.old) > 1:
		list = append(list, "the runs are not given in the order in which they ran, so that pairs are not of neighbours")
	}
	for i, t := range byTime[1:] {
		if before := byTime[i]; before.ended().After(t.began()) {
			list = append(list, fmt.Sprintf("%s and %s overlap in time: each took CPU from the other", before.path, t.path))
		}
	}
	return list
}
