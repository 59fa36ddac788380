package run

import (
	"math"
	"strings"
	"testing"

	"pushbench/results"
)

func TestProgress(t *testing.T) {
	s := newSession(t, 6, Options{}, made)
	sl := s.plan.slots(1)[0]
	var out strings.Builder
	p := &progress{w: &out}
	p.total = 12

	m := made(s.plan.config(sl))
	h := results.NewHist()
	h.Record(500_000)
	m.Hists["staleness"] = h
	m.Metrics["server/cpu"] = results.Metric{Value: 12e-6, Unit: "s/event"}
	p.trial(s.plan, sl, m, "1m56s")
	m.Broken = []results.Broken{{Class: results.Unsaturated, Rule: "busy", Text: "fleet used 85 % of its core"}, {Class: results.Counted, Rule: "others", Of: "host/", Text: "other processes used 20 % of the cores' time"}}
	p.trial(s.plan, sl, m, "10s")
	m.Broken, m.Hists = []results.Broken{{Class: results.Sound, Rule: "lost", Text: "1 events lost"}, {Class: results.Sound, Rule: "duplicated", Text: "2 events duplicated"}}, nil
	p.total = 0
	p.trial(s.plan, sl, m, "0s at most")
	lines := strings.Split(out.String(), "\n")
	for i, want := range []string{"[ 1/12] block 1  ", "[ 2/12] block 1  ", "[  3] block 1  "} {
		if !strings.HasPrefix(lines[i], want) {
			t.Errorf("line %q, want %q…", lines[i], want)
		}
	}
	for i, want := range []string{
		"  p50 500 µs, cpu 12 µs/event  ETA 1m56s  ok",
		"  p50 500 µs, cpu 12 µs/event  ETA 10s  ok but for latencies and CPU: fleet used 85 % of its core; host: other processes used 20 % of the cores' time",
		"  ETA 0s at most  not sound: 1 events lost; 2 events duplicated",
	} {
		if !strings.HasSuffix(lines[i], want) {
			t.Errorf("line %q, want …%q", lines[i], want)
		}
	}
}

// However many trials there are, and however long each, their time does not begin
// anew below 0.
func TestEstimateHasAnEnd(t *testing.T) {
	s := newSession(t, 3, Options{}, made)
	s.plan.scenario.Measure = 1 << 62
	if d := s.plan.estimate(s.plan.slots(1)); d != math.MaxInt64 {
		t.Errorf("a block of trials of 146 years take %v", d)
	}
}
