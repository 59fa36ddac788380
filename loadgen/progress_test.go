package main

import (
	"math"
	"strings"
	"testing"
	"time"

	"pushbench/results"
)

func TestProgress(t *testing.T) {
	s := newSession(t, 6, options{}, made)
	slots := s.plan.slots()
	var out strings.Builder
	clock := time.Now()
	p := newProgress(&out)
	p.now = func() time.Time { return clock }
	p.start(len(slots), s.plan.estimate(slots))

	// Trials that take twice their estimate double that of the rest.
	clock = clock.Add(2 * s.plan.estimate(slots[:1]))
	left := s.plan.estimate(slots[1:])
	if got, want := p.eta(left), (2 * left).Round(time.Second); got != want {
		t.Errorf("ETA %v, want %v", got, want)
	}
	if got := p.eta(0); got != 0 {
		t.Errorf("ETA %v of nothing", got)
	}

	m := made(s.plan.config(slots[0]))
	h := results.NewHist()
	h.Record(500_000)
	m.Hists["staleness"] = h
	m.Metrics["server/cpu"] = results.Metric{Value: 12e-6, Unit: "s/event"}
	p.trial(0, s.plan, slots[0], m, left)
	m.Disturbed, m.Disturbance = true, []string{"steal 50.0 % of the CPU time (limit 5 %)"}
	p.trial(1, s.plan, slots[1], m, 0)
	m.Valid, m.Invalid, m.Hists = false, []string{"1 events lost", "2 events duplicated"}, nil
	p.trial(11, s.plan, slots[11], m, 0)
	lines := strings.Split(out.String(), "\n")
	for i, want := range []string{
		"12 trials, about 1m3s",
		"[ 1/12] block 1  ",
		"[ 2/12] block 1  ",
		"[12/12] block 6  ",
	} {
		if !strings.HasPrefix(lines[i], want) {
			t.Errorf("line %q, want %q…", lines[i], want)
		}
	}
	for i, want := range []string{
		"  p50 500 µs, cpu 12 µs/event  ETA 1m56s  ok",
		"  p50 500 µs, cpu 12 µs/event  ETA 0s  disturbed: steal 50.0 % of the CPU time (limit 5 %)",
		"  ETA 0s  invalid: 1 events lost; 2 events duplicated; disturbed: steal 50.0 % of the CPU time (limit 5 %)",
	} {
		if !strings.HasSuffix(lines[i+1], want) {
			t.Errorf("line %q, want …%q", lines[i+1], want)
		}
	}
}

// However many trials there are, and however long each, their time does not begin
// anew below 0.
func TestEstimateHasAnEnd(t *testing.T) {
	s := newSession(t, 3, options{}, made)
	s.plan.scenario.Measure = 1 << 62
	if d := s.plan.estimate(s.plan.slots()); d != math.MaxInt64 {
		t.Errorf("six trials of 146 years take %v", d)
	}
}
