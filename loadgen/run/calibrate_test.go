package run

import (
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pushbench/loadgen/trial"
	"pushbench/results"
	"pushbench/scenarios"
	"pushbench/servers/all"
)

// flooded is a session whose calibration finds an event to cost 5 µs, and a poll
// 20 µs.
func flooded(t *testing.T) (*session, *[]trial.Config) {
	t.Helper()
	s := newSession(t, 1, Options{}, made)
	var ran []trial.Config
	s.floor = func(_ context.Context, c trial.Config) (*results.Trial, error) {
		ran = append(ran, c)
		return &results.Trial{Metrics: map[string]results.Metric{
			"fleet/cpu": {Value: 5e-6, Unit: "s/event"}, "fleet/cpu-per-request": {Value: 20e-6, Unit: "s"},
		}}, nil
	}
	return s, &ran
}

// The fleet is calibrated once, with a push and with polls, and every trial then
// says how near it came.
func TestCalibration(t *testing.T) {
	s, ran := flooded(t)
	for i := range s.plan.chosen { // a flood wakes the CPUs by itself
		s.plan.chosen[i].Awake = true
	}
	run := s.completed(t)
	var transports []string
	for _, c := range *ran {
		if c.Treatment.Awake {
			t.Error("it asks for CPUs that stay awake")
		}
		transports = append(transports, c.Treatment.Transport)
	}
	if got := strings.Join(transports, " "); got != all.Floor+" "+all.BusyPoll {
		t.Errorf("calibrated with %q", got)
	}
	if want := (results.Calibration{Event: 5e-6, Poll: 20e-6}); run.Header.Calibration != want {
		t.Errorf("the record has %+v, not %+v", run.Header.Calibration, want)
	}
}

// A calibration that fails is a warning, and no trial has a ceiling.
func TestCalibrationFails(t *testing.T) {
	s, _ := flooded(t)
	s.floor = func(context.Context, trial.Config) (*results.Trial, error) {
		return &results.Trial{
			Broken:  []results.Broken{{Class: results.Sound, Rule: failedRule, Text: "the ends did not settle"}},
			Metrics: map[string]results.Metric{},
		}, nil
	}
	run := s.completed(t)
	if w := strings.Join(run.Header.Warnings, "\n"); !strings.Contains(w, "calibrate the fleet against raw: no fleet/cpu: the ends did not settle") {
		t.Errorf("warnings %q", w)
	}
	if _, ok := run.Trials[0].Metrics["fleet/load"]; ok {
		t.Error("a trial has a load")
	}
}

// An interrupt in the calibration ends the run before its first trial.
func TestInterruptedCalibration(t *testing.T) {
	s, _ := flooded(t)
	wantInterrupted(t, s, &s.floor)
}

// wantInterrupted lets an interrupt come in the first trial of a kind.
func wantInterrupted(t *testing.T, s *session, in *func(context.Context, trial.Config) (*results.Trial, error)) {
	t.Helper()
	ctx, interrupt := context.WithCancel(t.Context())
	*in = func(context.Context, trial.Config) (*results.Trial, error) {
		interrupt()
		return nil, ctx.Err()
	}
	var code ExitError
	if err := s.run(ctx); !errors.As(err, &code) || code.Code != ExitInterrupted {
		t.Errorf("it ended with %v", err)
	}
}

func TestLoad(t *testing.T) {
	c := results.Calibration{Event: 5e-6, Poll: 20e-6}
	for _, test := range []struct {
		name                    string
		perEvent, util, request float64
		together                float64 // events in a message
		load, ceiling           float64
		bound                   bool
	}{
		// 20,000 deliveries a second of 5 µs each.
		{"push", 10e-6, 0.2, 0, 1, 0.1, 200_000, false},
		{"push near the ceiling", 5e-6, 0.75, 0, 1, 0.75, 200_000, true},
		// 4,000 deliveries a second by 1,000 polls of 20 µs.
		{"poll", 50e-6, 0.2, 0.25, 4, 0.02, 200_000, false},
		{"poll near the ceiling", 20e-6, 0.71, 1, 1, 0.71, 50_000, true},
		// 500,000 events a second in 50,000 messages, of 5 µs or more each.
		{"batches", 1e-6, 0.5, 0, 10, 0.5, 1_000_000, false},
		{"batches of few", 1e-6, 0.2, 0, 1.25, 0.8, 250_000, true},
	} {
		r := &results.Trial{Metrics: map[string]results.Metric{
			"fleet/cpu": {Value: test.perEvent, Unit: "s/event"}, "fleet/cpu-util": {Value: test.util, Unit: "1"}, "requests": {Value: test.request, Unit: "1"},
			"events-per-response": {Value: test.together, Unit: "1"},
		}}
		load(r, c, 1)
		near := func(metric string, want float64) {
			if got := r.Metrics[metric].Value; math.Abs(got-want) > 1e-9*want {
				t.Errorf("%s: %s is %v, want %v", test.name, metric, got, want)
			}
		}
		near("fleet/load", test.load)
		near("fleet/ceiling", test.ceiling)
		if said := strings.Contains(strings.Join(r.Warnings, ""), "client-bound"); said != test.bound {
			t.Errorf("%s: warnings %q", test.name, r.Warnings)
		}
	}
	// Beside 20,000 deliveries a second 500 messages, each of at most a poll.
	talk := &results.Trial{Metrics: map[string]results.Metric{
		"fleet/cpu": {Value: 10e-6, Unit: "s/event"}, "fleet/cpu-util": {Value: 0.2, Unit: "1"},
		"uplink/echoed": {Value: 1000, Unit: "1"}, "window": {Value: 2, Unit: "s"},
	}}
	if load(talk, c, 1); math.Abs(talk.Metrics["fleet/load"].Value-0.11) > 1e-9 {
		t.Errorf("load %v with an uplink, want 0.11", talk.Metrics["fleet/load"].Value)
	}
	idle := &results.Trial{Metrics: map[string]results.Metric{}}
	if load(idle, c, 1); len(idle.Metrics) > 0 {
		t.Errorf("a trial of memory has %v", idle.Metrics)
	}
}

// Over HTTP an uplink has connections of its own, for which there must be files.
func TestConnections(t *testing.T) {
	for _, test := range []struct {
		transport string
		uplink    float64
		want      int
	}{
		{"poll?interval=1s", 0, 50}, {"poll?interval=1s", 10, 100}, {"sse", 10, 100}, {"ws?compress=takeover", 10, 50}, {"raw", 10, 50},
	} {
		if got := connections(scenarios.Treatment{Transport: test.transport, Subscribers: 50, Uplink: test.uplink}); got != test.want {
			t.Errorf("%s with an uplink of %v/s: %d connections, want %d", test.transport, test.uplink, got, test.want)
		}
	}
}

// The calibration is under the dearest conditions that the plan has.
func TestDearest(t *testing.T) {
	path := filepath.Join(t.TempDir(), "dear.yaml")
	text := `question: q
factors: {transport: [poll?interval=1s, ws], payload: [4KB, 200B], tls: [off, on], http: [1.1, 2]}
warmup: 1s
measure: 4s
blocks: 1
`
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	p, err := readPlan(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if d := p.dearest(); d.Payload != 4096 || !d.TLS || d.HTTP != "2" {
		t.Errorf("%+v", d)
	}
}
