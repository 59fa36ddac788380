package results

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
)

// drift is a run on a host that slows down from block to block, and ws is
// always 10 ms below poll.
func drift(blocks int) *Run {
	return runOf(blocks, func(transport string, _ Treatment, block int) values {
		v := 0.500 + 0.100*float64(block)
		if transport == "ws" {
			v -= 0.010
		}
		return values{"staleness/p50": v, "requests": map[string]float64{"poll": 2, "ws": 0}[transport]}
	}, "poll", "ws")
}

func near(a, b float64) bool { return math.Abs(a-b) <= 1e-9*math.Max(1, math.Abs(b)) }

// The drift is 1000 ms wide, the difference within blocks is exactly 10 ms:
// pairing must see it.
func TestPairingTakesDriftOut(t *testing.T) {
	r := drift(10)
	poll, ws := treatment("poll"), treatment("ws")
	d, err := r.Difference(poll, ws, "staleness/p50")
	if err != nil || !near(d.Center, 0.010) || !near(d.Lo, 0.010) || !near(d.Hi, 0.010) || d.N != 10 {
		t.Errorf("difference %+v, %v", d, err)
	}
	s, unit, err := r.Summary(poll, "staleness/p50")
	if err != nil || unit != "s" || !near(s.Center, 1.05) || !near(s.Lo, 0.7) || !near(s.Hi, 1.4) {
		t.Errorf("summary %+v %s, %v", s, unit, err)
	}
	q, err := r.Ratio(ws, poll, "staleness/p50")
	if err != nil || q.Lo < 0.98 || q.Hi >= 1 {
		t.Errorf("ratio %+v, %v", q, err)
	}
	if _, err := r.Ratio(poll, ws, "requests"); err == nil || !strings.Contains(err.Error(), "0 for ws") {
		t.Errorf("ratio to 0: %v", err)
	}
	if _, err := r.Difference(poll, ws, "staleness/p51"); err == nil {
		t.Error("difference of nothing")
	}
}

func TestOnlyKeptTrialsCount(t *testing.T) {
	r := drift(8)
	ws := r.trialsOf("ws")
	ws[0].Valid = false
	ws[1].Disturbed = true
	repeat := *ws[1]
	repeat.Disturbed, repeat.Attempt = false, 1
	repeat.Metrics = map[string]Metric{"staleness/p50": {Value: 7, Unit: "s"}}
	again := *ws[2] // kept twice: the first counts
	again.Attempt = 1
	again.Metrics = repeat.Metrics
	r.Trials = append(r.Trials, &repeat, &again)

	got, unit, err := r.Samples(treatment("ws"), "staleness/p50")
	if err != nil || unit != "s" || len(got) != 7 {
		t.Fatalf("%v %s, %v", got, unit, err)
	}
	if _, ok := got[1]; ok || got[2] != 7 || !near(got[3], 0.79) {
		t.Errorf("%v", got)
	}
	if n := r.KeptBlocks(treatment("ws")); n != 7 {
		t.Errorf("%d blocks kept, want 7", n)
	}
	d, err := r.Difference(treatment("poll"), treatment("ws"), "staleness/p50")
	if err != nil || d.N != 7 {
		t.Errorf("difference over %d blocks, want the 7 that have both; %v", d.N, err)
	}
	if got, want := r.Counts(), (Counts{Planned: 16, Written: 18, Kept: 16, Invalid: 1, Disturbed: 1, Repeated: 2}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}

func TestSamplesOfNothing(t *testing.T) {
	r := drift(3)
	var missing *NoMetricError
	if _, _, err := r.Samples(treatment("ws"), "no-such"); !errors.As(err, &missing) {
		t.Errorf("unknown metric: %v", err)
	}
	for _, trial := range r.Trials {
		trial.Valid = false
	}
	if got, _, err := r.Samples(treatment("ws"), "staleness/p50"); err != nil || len(got) != 0 {
		t.Errorf("no kept trial: %v, %v", got, err)
	}
	if got, _, err := r.Samples(treatment("longpoll"), "staleness/p50"); err != nil || len(got) != 0 {
		t.Errorf("no such treatment: %v, %v", got, err)
	}
	s, _, err := r.Summary(treatment("ws"), "staleness/p50")
	if err != nil || s.N != 0 || !math.IsNaN(s.Center) {
		t.Errorf("summary of nothing: %+v, %v", s, err)
	}
}

func TestUnitsMustAgree(t *testing.T) {
	r := drift(3)
	r.trialsOf("ws")[1].Metrics["staleness/p50"] = Metric{Value: 1, Unit: "B"}
	if _, _, err := r.Samples(treatment("ws"), "staleness/p50"); err == nil || !strings.Contains(err.Error(), "block 2") {
		t.Errorf("units differ between blocks: %v", err)
	}
	for _, trial := range r.trialsOf("ws") {
		trial.Metrics["staleness/p50"] = Metric{Value: 1, Unit: "B"}
	}
	if _, err := r.Ratio(treatment("ws"), treatment("poll"), "staleness/p50"); err == nil {
		t.Error("units differ between treatments, and there is a ratio")
	}
}

func TestTreatmentsInPlannedOrder(t *testing.T) {
	r := drift(2)
	slices.Reverse(r.Trials)
	r.Trials = append(r.Trials, &Trial{Treatment: treatment("longpoll"), Block: 1})
	var got []string
	for _, tr := range r.Treatments() {
		got = append(got, tr.Transport())
	}
	if !slices.Equal(got, []string{"poll", "ws", "longpoll"}) {
		t.Errorf("%q", got)
	}
}

// The rule: ten different values beyond the quantile, over all kept trials.
func TestPrintable(t *testing.T) {
	r := runOf(10, func(string, Treatment, int) values { return values{"events/distinct": 100} }, "ws", "poll")
	for _, trial := range r.Trials {
		staleness, connect := NewHist(), NewHist()
		for range 5000 { // 50 subscribers see the same 100 events
			if err := staleness.Record(1000); err != nil {
				t.Fatal(err)
			}
		}
		for range 50 {
			if err := connect.Record(1000); err != nil {
				t.Fatal(err)
			}
		}
		trial.Hists = map[string]*Hist{"staleness": staleness, "roundtrip": staleness, "connect": connect}
	}
	ws := treatment("ws")
	check := func(metric string, want bool, why string) {
		t.Helper()
		ok, got := r.Printable(ws, metric)
		if ok != want || !strings.Contains(got, why) || ok != (got == "") {
			t.Errorf("%s: %v, %q", metric, ok, got)
		}
	}
	// 1000 different events: the p99 has exactly 10 beyond it.
	check("staleness/p50", true, "")
	check("staleness/p99", true, "")
	check("staleness/p1", true, "")
	check("staleness/p99.9", false, "1000 different events give 1")
	check("staleness/p0.1", false, "1000 different events give 1")
	check("staleness/p99.1", false, "give 9")
	check("staleness/max", true, "")
	check("staleness/mean", true, "")
	check("requests", true, "")
	// 500 connections, however many events.
	check("connect/p98", true, "")
	check("connect/p99", false, "500 subscribers give 5")
	check("ttfe/p50", false, "0 different events")
	// 50,000 messages, of which no two subscribers send the same.
	check("roundtrip/p99.9", true, "")
	check("roundtrip/p99.99", false, "50000 messages give 5")

	r.trialsOf("ws")[0].Disturbed = true
	check("staleness/p99", false, "900 different events give 9")
	for _, trial := range r.Trials {
		trial.Metrics = map[string]Metric{"events/expected": {Value: 10, Unit: "1"}, "delivery/p99.9": {Value: 1, Unit: "s"}}
	}
	check("staleness/p50", true, "")
	check("staleness/p99", false, "90 different events")
	check("delivery/p99.9", true, "") // a number of its own in the record
	for _, trial := range r.Trials {
		trial.Metrics = nil
	}
	check("staleness/p99.9", true, "") // nothing says how many events there were but the values
}

func TestPooled(t *testing.T) {
	r := drift(3)
	for i, trial := range r.trialsOf("ws") {
		trial.Hists = map[string]*Hist{"staleness": histOf(int64(i), 1000)}
	}
	r.trialsOf("ws")[0].Disturbed = true
	h, err := r.Pooled(treatment("ws"), "staleness")
	if err != nil || h.N() != 4 || h.Min() != 1 {
		t.Errorf("n %d, min %d, %v", h.N(), h.Min(), err)
	}
	if r.trialsOf("ws")[1].Hists["staleness"].N() != 2 {
		t.Error("pooling changed a trial")
	}
	if _, err := r.Pooled(treatment("poll"), "staleness"); err == nil {
		t.Error("pooled a histogram that nobody has")
	}
}

func TestNoiseFloor(t *testing.T) {
	of := func(transport string, tr Treatment, block int) values {
		v := 1.0
		if strings.HasSuffix(transport, "#twin") {
			v = 1 + 0.01*float64(block-4) // 0.97 to 1.03
		}
		return values{"server/cpu": v, "requests": 0}
	}
	r := runOf(7, of, "ws", "ws#twin", "poll")
	s, ok := r.NoiseFloor("server/cpu")
	if !ok || s.N != 7 || !near(s.Lo, 0.97) || !near(s.Hi, 1.03) || !near(s.Center, 1) {
		t.Errorf("%+v, %v", s, ok)
	}
	if _, ok := r.NoiseFloor("requests"); ok {
		t.Error("a noise floor of 0 over 0")
	}
	if _, ok := runOf(7, of, "ws", "poll").NoiseFloor("server/cpu"); ok {
		t.Error("a noise floor without a twin")
	}
	if s, ok := runOf(7, of, "ws, rate=1/s", "ws, rate=2/s", "ws#twin, rate=1/s", "ws#twin, rate=2/s").NoiseFloor("server/cpu"); !ok || s.N != 14 {
		t.Errorf("two twins: %+v, %v", s, ok)
	}
}
