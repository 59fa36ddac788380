package main

import (
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pushbench/results"
	"pushbench/scenarios"
)

// A run that was never run: numbers that are plausible, from a fixed seed, so
// that what is printed and drawn of them never changes.

// scenarioAt parses a scenario file.
func scenarioAt(t testing.TB, path string) *scenarios.Scenario {
	t.Helper()
	s, err := scenarios.Load(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// syntheticRun runs a scenario in the imagination.
func syntheticRun(t testing.TB, s *scenarios.Scenario) *results.Run {
	t.Helper()
	plan, err := s.Plan()
	if err != nil {
		t.Fatal(err)
	}
	run := &results.Run{
		Path: s.Name + ".jsonl",
		Header: results.Header{
			Type: "header", Schema: results.Schema, Plan: plan,
			Scenario: results.Source{Name: s.Name, Text: string(s.Text)},
			Host: results.Host{CPU: "Example CPU @ 2.50GHz", Cores: 2, Memory: 4 << 30, OS: "linux", Kernel: "6.18.0", Congestion: "bbr",
				Virtual: true, OpenFiles: 20000, ServerCPUs: []int{0}, FleetCPUs: []int{1}, Canary: []float64{0.01}},
			Build:   results.Build{Go: "go1.26.0", Revision: "0123456789abcdef0123456789abcdef01234567"},
			Started: time.Date(2026, 5, 4, 10, 12, 0, 0, time.UTC),
		},
	}
	ts, _, err := s.Treatments()
	if err != nil {
		t.Fatal(err)
	}
	order := 0
	for block := 1; block <= s.Blocks; block++ {
		drift := rand.New(rand.NewPCG(s.Seed, uint64(block))) // what the host does to a whole block
		slow := 1 + 0.05*drift.Float64()
		for i, tr := range ts {
			order++
			r := rand.New(rand.NewPCG(s.Seed+uint64(block)<<8, uint64(i)))
			run.Trials = append(run.Trials, syntheticTrial(tr, s.Measure, block, order, slow, r))
		}
	}
	run.End = &results.End{Type: "end", Ended: run.Header.Started.Add(5 * time.Minute), Reason: "complete", Trials: order}
	return run
}

// syntheticTrial makes up one trial: a poll waits uniformly for its next turn,
// and headers are shared by the events of an answer.
func syntheticTrial(tr scenarios.Treatment, measure time.Duration, block, order int, slow float64, r *rand.Rand) *results.Trial {
	spread := func(v, share float64) float64 { return v * slow * math.Exp(share*r.NormFloat64()) }
	interval := 0.0
	switch {
	case strings.HasPrefix(tr.Transport, "poll?interval=1s"):
		interval = 1
	case strings.HasPrefix(tr.Transport, "poll"):
		interval = 0.1
	}
	longpoll := strings.HasPrefix(tr.Transport, "longpoll")
	distinct := math.Max(1, math.Round(tr.Rate*measure.Seconds()))

	path, requests := 150e-6, 0.0
	header := [2]float64{4, 0} // down, up: a WebSocket frame
	if longpoll {
		path, requests, header = 210e-6, 1, [2]float64{108, 141}
	}
	if interval > 0 {
		path, requests = 300e-6, 1/(interval*tr.Rate)
		header = [2]float64{108 * requests, 141 * requests}
	}
	hist := func(n float64, one func() float64) *results.Hist {
		h := results.NewHist()
		for range int(math.Min(n, 1000)) {
			if err := h.Record(int64(one() * 1e9)); err != nil {
				panic(err)
			}
		}
		return h
	}
	delay := func() float64 { return interval*r.Float64() + spread(path, 0.35) }
	bytes := func(v float64) results.Metric { return results.Metric{Value: v, Unit: "B/event"} }
	staleness := hist(distinct*float64(tr.Subscribers), delay)
	cpu := spread((9+0.002*float64(tr.Payload)+34*requests)*1e-6, 0.02)
	envelope := 60.0
	return &results.Trial{
		Type: "trial", Treatment: tr.Labels, Block: block, Order: order, Valid: true, Invalid: []string{}, Warnings: []string{},
		Metrics: map[string]results.Metric{
			"bytes/payload/down":  bytes(float64(tr.Payload)),
			"bytes/envelope/down": bytes(envelope), "bytes/envelope/up": bytes(0), "bytes/payload/up": bytes(0),
			"bytes/protocol/down": bytes(header[0]), "bytes/protocol/up": bytes(header[1]),
			"bytes/total/down": bytes(float64(tr.Payload) + envelope + header[0]),
			"bytes/total/up":   bytes(header[1]),
			"conn/bytes/down":  {Value: 129, Unit: "B"}, "conn/bytes/up": {Value: 170, Unit: "B"}, "conn/count": {Value: float64(tr.Subscribers), Unit: "1"},
			"server/cpu": {Value: cpu, Unit: "s/event"}, "host/cpu": {Value: 2.1 * cpu, Unit: "s/event"},
			"server/rss": {Value: spread(12e6+20e3*float64(tr.Subscribers), 0.03), Unit: "B"}, "server/goroutines": {Value: 10 + 2*float64(tr.Subscribers), Unit: "1"},
			"requests":        {Value: requests, Unit: "1"},
			"events/distinct": {Value: distinct, Unit: "1"}, "events/expected": {Value: distinct * float64(tr.Subscribers), Unit: "1"},
		},
		Hists: map[string]*results.Hist{
			"staleness": staleness,
			"delivery":  staleness,
			"connect":   hist(float64(tr.Subscribers), func() float64 { return spread(400e-6, 0.2) }),
			"ttfe":      hist(float64(tr.Subscribers), func() float64 { return spread(900e-6, 0.2) + interval*r.Float64() }),
		},
	}
}

// disturb makes the run look lived in: one trial disturbed and repeated, one
// invalid, one with a warning.
func disturb(run *results.Run) {
	first := run.Trials[3]
	first.Disturbed, first.Disturbance = true, []string{"steal 7.1 %, at most 5 % is allowed"}
	again := *first
	again.Disturbed, again.Disturbance, again.Attempt, again.Order = false, nil, 1, len(run.Trials)+1
	run.Trials = append(run.Trials, &again)
	bad := run.Trials[7]
	bad.Valid, bad.Invalid = false, []string{"3 events lost"}
	for _, i := range []int{9, 12} {
		run.Trials[i].Warnings = []string{"fleet-bound: the fleet took 12.3 µs/event, the server 11.1 µs/event"}
	}
}

// inMemory is a report without a file.
func inMemory(t testing.TB, path string) *report {
	s := scenarioAt(t, path)
	return newReport(s.Name+".jsonl", syntheticRun(t, s), s)
}

// write puts a run into a file, as loadgen would.
func write(t testing.TB, path string, run *results.Run) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	w, err := results.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	steps := []func() error{func() error { return w.Header(run.Header) }}
	for _, trial := range run.Trials {
		steps = append(steps, func() error { return w.Trial(trial) })
	}
	if run.End != nil {
		steps = append(steps, func() error { return w.End(*run.End) })
	}
	steps = append(steps, w.Close)
	for _, step := range steps {
		if err := step(); err != nil {
			t.Fatal(err)
		}
	}
}
