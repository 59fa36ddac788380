package main

import (
	"fmt"
	"io"

	"pushbench/servers/units"
)

// twinMetrics are those in which twins are held against each other: what a reader of
// any table or claim goes by.
var twinMetrics = []string{
	"staleness/p50", "staleness/p90", "staleness/mean", "roundtrip/p50", "connect/p50",
	"bytes/total/down", "bytes/total/up", "bytes/protocol/down", "bytes/protocol/up", "requests",
	"server/cpu", "fleet/cpu", "host/cpu", "server/rss", "server/switches", "idle/server-rss", "conn/server-cpu",
}

// twins tells for each run how many comparisons of two of a kind the ruler takes for
// different; about one in twenty is what it promises.
func twins(w io.Writer, rs []*report) error {
	apart, all := 0, 0
	for _, r := range rs {
		pairs, differ := r.twinPairs(twinMetrics)
		if len(pairs) == 0 {
			continue
		}
		if _, err := fmt.Fprintf(w, "%s: %d of %d differ\n", r.path, len(differ), len(pairs)); err != nil {
			return err
		}
		for _, p := range differ {
			fmt.Fprintf(w, "  %s of %s: %s (p = %.2g)\n", p.Metric, r.label(p.Treatment), further(p.Ratio), p.P)
		}
		apart, all = apart+len(differ), all+len(pairs)
	}
	if all == 0 {
		return coded{exitUsage, fmt.Errorf("no run has a treatment and its #twin to compare")}
	}
	_, err := fmt.Fprintf(w, "together: %d of %d comparisons of a treatment with its twin differ, %s\n", apart, all, units.Format(float64(apart)/float64(all), "%"))
	return err
}
