package measure

import (
	"time"

	"pushbench/results"
	"pushbench/servers/feed"
)

// Silence is what a fault did.
type Silence struct {
	Began   int64    // ns on CLOCK_MONOTONIC
	Notices []Notice // of each end that could notice
}

// Notice is one end's part in it.
type Notice struct {
	End   string  // server or fleet
	Of    int     // what it had in all: connections at a server, subscriptions in a fleet
	Ended []int64 // when each of them ended, as far as they did (ns)
}

// split is how many had ended before the silence began, and how long after that
// each ended that did so in time (ns). What has not ended by then has no time: it
// counts in the share of those that noticed, and in no quantile.
func (n Notice) split(began int64, within time.Duration) (before int, after []int64) {
	for _, at := range n.Ended {
		switch took := feed.Between(began, at); {
		case took < 0:
			before++
		case took <= within:
			after = append(after, int64(took))
		}
	}
	return before, after
}

// noticed is how soon each end noticed the silence, by its name.
func (o *Observation) noticed() map[string]*results.Hist {
	hists := map[string]*results.Hist{}
	for _, n := range o.Silence.Notices {
		h := results.NewHist()
		_, after := n.split(o.Silence.Began, o.Window)
		for _, took := range after {
			h.Record(took) // within the window, which is an hour at most
		}
		hists[n.End] = h
	}
	return hists
}

// noticeShare is the share of an end's connections or subscriptions that noticed.
func noticeShare(end string) func(*Observation) float64 {
	return func(o *Observation) float64 {
		for _, n := range o.Silence.Notices {
			if n.End == end {
				before, after := n.split(o.Silence.Began, o.Window)
				return float64(len(after)) / float64(max(0, n.Of-before))
			}
		}
		return none
	}
}
