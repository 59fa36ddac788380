package main

import (
	"strings"

	"pushbench/results"
	"pushbench/servers/units"
)

// How soon an end notices that the other has stopped is a time only for those
// that notice. The rest has none: to leave it out would flatter, and to count it
// as 0 would turn the worst into the best. So every such number goes with the
// share that it is of, and where nobody noticed that is said.

const (
	// noneNoticed is why there is no time.
	noneNoticed = "not noticed by any"
	// never is the same in a cell of the table.
	never = "never"
)

// noticing is the histogram that a metric is of, where that is one of noticing:
// notice/server for notice/server/p50.
func noticing(metric string) (hist string, ok bool) {
	for _, h := range []string{"notice/server", "notice/fleet"} {
		if metric == h || strings.HasPrefix(metric, h+"/") {
			return h, true
		}
	}
	return "", false
}

// noticed is the share of ends that noticed, for a metric of how soon; not ok
// for any other.
func (r *report) noticed(t results.Treatment, metrics []string) (share quantity, ok bool) {
	if len(metrics) != 1 {
		return quantity{}, false
	}
	hist, ok := noticing(metrics[0])
	if !ok {
		return quantity{}, false
	}
	share, why := r.sum(t, hist+"-share")
	share.unit = "%"
	return share, why == ""
}

// noneNoticed reports whether the share is on record and 0 in every block.
func (r *report) noneNoticed(t results.Treatment, metrics []string) bool {
	share, ok := r.noticed(t, metrics)
	return ok && allZero(share.blocks)
}

// shareInWords is ", by all" or ", by 40 %".
func shareInWords(share quantity) string {
	s := share.summary()
	if s.Center == 1 {
		return ", by all"
	}
	return ", by " + units.FormatShort(s.Center, share.unit)
}

// markNoticed completes a bar that is a time of noticing.
func (r *report) markNoticed(b *row, t results.Treatment, metrics []string) {
	share, ok := r.noticed(t, metrics)
	switch {
	case !ok:
	case allZero(share.blocks):
		b.Never, b.Words = true, noneNoticed+" in "+seconds(r.run.Header.Plan.Measure)
	case finite(b.Value):
		b.Words += shareInWords(share)
	}
}
