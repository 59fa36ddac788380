package main

import (
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
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
			Build: results.Build{Go: "go1.26.0", Revision: "0123456789abcdef0123456789abcdef01234567",
				Servers: map[string]string{"GOAMD64": "v1"}},
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

	heads := map[string][2]float64{ // of a response, of a request
		"": {108, 141}, "minimal": {108, 141}, "browser": {108, 514}, "browser+cookie=1KB": {108, 1547}, "lubbers2010": {193, 716},
	}[tr.Labels["headers"]]
	path, requests := 150e-6, 0.0
	header, segments, records := [2]float64{4, 0}, [2]float64{1, 1}, [2]float64{1, 0} // down, up: a WebSocket frame
	if tr.Payload < 60 {
		header[0] = 2
	}
	if longpoll || interval > 0 {
		path, requests = 300e-6, 1/(interval*tr.Rate)
		if longpoll {
			path, requests = 210e-6, 1
		}
		header = [2]float64{heads[0] * requests, heads[1] * requests}
		segments, records = [2]float64{requests, 2 * requests}, [2]float64{requests, requests}
	}
	setup := [2]float64{heads[0], heads[1]}
	if !longpoll && interval == 0 {
		setup = [2]float64{139, heads[1] + 130} // an upgrade
	}
	if strings.Contains(tr.Transport, "keepalive=off") {
		segments = [2]float64{5 * requests, 6 * requests}
	}
	tls := 0.0
	if tr.Labels["tls"] == "on" {
		tls = 22
		setup = [2]float64{setup[0] + 1260, setup[1] + 420}
	}
	// As many as it takes for what is quoted: quantiles of staleness up to p99, of the
	// others up to p90.
	delay := func() float64 { return interval*r.Float64() + spread(path, 0.35) }
	bytes := func(v float64) results.Metric { return results.Metric{Value: v, Unit: "B/event"} }
	staleness := histOf(int(min(distinct*float64(tr.Subscribers), 1000)), delay)
	subscribers := float64(tr.Subscribers)
	cpu := spread((9+0.002*float64(tr.Payload)+34*requests+12/subscribers+2/tr.Rate)*1e-6, 0.02)
	envelope := 60.0
	if tr.Encoding == "binary" {
		envelope = 32
	}
	if tr.Transport == "raw" {
		cpu *= 0.8
	}
	// Now and then an acknowledgement travels alone.
	tcpip := [2]float64{52 * segments[0], 52 * segments[1] * (1 + 0.02*r.Float64())}
	size := func(v float64) results.Metric { return results.Metric{Value: v, Unit: "B"} }
	held := 1.0 // what a transport holds for a connection, in buffers
	switch {
	case interval > 0:
		held = 1.4
	case longpoll:
		held = 2.1
	}
	trial := &results.Trial{
		Type: "trial", Treatment: tr.Labels, Block: block, Order: order, Broken: []results.Broken{}, Warnings: []string{},
		Metrics: map[string]results.Metric{
			"bytes/payload/down":  bytes(float64(tr.Payload)),
			"bytes/envelope/down": bytes(envelope), "bytes/envelope/up": bytes(0), "bytes/payload/up": bytes(0),
			"bytes/protocol/down": bytes(header[0]), "bytes/protocol/up": bytes(header[1]),
			"bytes/tls/down": bytes(tls * records[0]), "bytes/tls/up": bytes(tls * records[1]),
			"bytes/tcpip/down": bytes(tcpip[0]), "bytes/tcpip/up": bytes(tcpip[1]),
			"bytes/total/down": bytes(float64(tr.Payload) + envelope + header[0] + tls*records[0] + tcpip[0]),
			"bytes/total/up":   bytes(header[1] + tls*records[1] + tcpip[1]),
			"conn/bytes/down":  size(setup[0]), "conn/bytes/up": size(setup[1]), "conn/count": {Value: subscribers, Unit: "1"},
			"conn/tcpip/down": size(164), "conn/tcpip/up": size(216),
			"conn/server-cpu": {Value: spread(60e-6*held, 0.05), Unit: "s"},
			"idle/server-rss": size(spread(11000*held, 0.03)), "idle/server-heap": size(spread(4200*held, 0.02)), "idle/server-stacks": size(spread(4096, 0.01)), "idle/kernel": size(spread(9000, 0.02)),
			"held/server-rss": size(spread(17000*held, 0.03)), "held/server-heap": size(spread(8200*held, 0.02)), "held/server-stacks": size(spread(4100, 0.01)), "held/kernel": size(spread(9400, 0.02)),
			"server/cpu": {Value: cpu, Unit: "s/event"}, "host/cpu": {Value: 2.1 * cpu, Unit: "s/event"},
			"idle/bytes/down": {Value: 64 * held, Unit: "B/s"}, "idle/bytes/up": {Value: 97 * held, Unit: "B/s"},
			"fleet/cpu":       {Value: 1.1 * cpu, Unit: "s/event"},
			"server/syscalls": {Value: 1 + 2*requests, Unit: "1"}, "server/switches": {Value: 0.3 + requests, Unit: "1"},
			"fleet/ceiling": {Value: 180e3, Unit: "1/s"}, "fleet/load": {Value: tr.Rate * subscribers / 180e3, Unit: "1"},
			"server/wait": {Value: spread(4e-6, 0.3), Unit: "s"}, "fleet/wait": {Value: spread(7e-6, 0.3), Unit: "s"},
			"server/waiting": {Value: spread(0.004, 0.3), Unit: "1"}, "fleet/waiting": {Value: spread(0.006, 0.3), Unit: "1"},
			"host/steal": {Value: spread(0.003, 1), Unit: "1"}, "host/foreign": {Value: spread(0.02, 0.5), Unit: "1"},
			"canary": {Value: spread(0.01, 0.02), Unit: "s"}, "window": {Value: measure.Seconds(), Unit: "s"},
			"server/cpu-util": {Value: cpu * tr.Rate * subscribers, Unit: "1"},
			"throughput":      {Value: tr.Rate * subscribers / max(1, 2*cpu*tr.Rate*subscribers), Unit: "1/s"},
			"fleet/rss":       {Value: 15e6 + 2e3*float64(tr.Subscribers), Unit: "B"}, "kernel/memory": {Value: 10e3 * float64(tr.Subscribers), Unit: "B"},
			"server/rss": {Value: spread(12e6+20e3*float64(tr.Subscribers), 0.03), Unit: "B"}, "server/goroutines": {Value: 10 + 2*float64(tr.Subscribers), Unit: "1"},
			"requests":        {Value: requests, Unit: "1"},
			"events/distinct": {Value: distinct, Unit: "1"}, "events/expected": {Value: distinct * float64(tr.Subscribers), Unit: "1"},
		},
		Hists: map[string]*results.Hist{
			"staleness":   staleness,
			"delivery":    staleness,
			"publish-lag": histOf(int(min(distinct, 200)), func() float64 { return spread(40e-6, 0.5) }),
			"connect":     histOf(min(tr.Subscribers, 200), func() float64 { return spread(400e-6, 0.2) }),
			"ttfe":        histOf(min(tr.Subscribers, 200), func() float64 { return spread(900e-6, 0.2) + interval*r.Float64() }),
		},
	}
	dress(trial, tr, rand.New(rand.NewPCG(uint64(block), uint64(order))))
	return trial
}

// histOf has n values in seconds.
func histOf(n int, one func() float64) *results.Hist {
	h := results.NewHist()
	for range n {
		if err := h.Record(int64(one() * 1e9)); err != nil {
			panic(err)
		}
	}
	return h
}

// liveIn makes the run look lived in: a trial that lost events, one whose bytes do
// not add up, one whose server was at its limit, on a host that stalled; two with
// a warning; and a block that was interrupted and done again.
func liveIn(run *results.Run) {
	broken := func(i int, class results.Class, rule, text string) {
		run.Trials[i].Broken = append(run.Trials[i].Broken, results.Broken{Class: class, Rule: rule, Text: text})
	}
	broken(7, results.Sound, "lost", "3 events lost")
	broken(13, results.Accounted, "tallies", "tallies differ: the server sent 52,310 B, the fleet received 52,294 B")
	broken(16, results.Unsaturated, "busy", "the fleet used 61 % of its core and waited 23 % of the time for it, at most 80 % is allowed together")
	stalled := run.Trials[16]
	stalled.Metrics["host/foreign"] = results.Metric{Value: 0.31, Unit: "1"}
	stalled.Metrics["server/wait"] = results.Metric{Value: 212e-6, Unit: "s"}
	for _, i := range []int{9, 12} {
		run.Trials[i].Warnings = []string{"fleet-bound: the fleet took 12.3 µs/event, the server 11.1 µs/event"}
	}
	last := run.Trials[len(run.Trials)-1].Block
	start := slices.IndexFunc(run.Trials, func(t *results.Trial) bool { return t.Block == last })
	cut := copyOf(&results.Run{Trials: run.Trials[start : start+2]}).Trials
	for _, trial := range cut {
		trial.Metrics["server/cpu"] = results.Metric{Value: 1, Unit: "s/event"} // which nothing may show
	}
	run.Trials = slices.Insert(run.Trials, start, cut...)
}

// inMemory is a report without a file.
func inMemory(t testing.TB, path string) *report {
	s := scenarioAt(t, path)
	if imagined[path] == nil {
		imagined[path] = syntheticRun(t, s)
	}
	return newReport(s.Name+".jsonl", imagined[path], s)
}

// imagined are the runs of inMemory by path, which nobody changes.
var imagined = map[string]*results.Run{}

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
