package results

import (
	"errors"
	"maps"
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
		return values{"staleness/p50": v, "server/cpu": v, "requests": map[string]float64{"poll": 2, "ws": 0}[transport]}
	}, "poll", "ws")
}

func near(a, b float64) bool { return math.Abs(a-b) <= 1e-9*math.Max(1, math.Abs(b)) }

// The drift is 1000 ms wide, the difference within blocks is exactly 10 ms:
// pairing must see it.
func TestPairingTakesDriftOut(t *testing.T) {
	r := drift(10)
	v, err := judgeOne(r, Claim{Expect: "staleness/p50[ws] ≈ staleness/p50[poll] ± 10.1ms"})
	if d := v.Cells[0].Diff; err != nil || v.Outcome != Holds || !near(d.Center, -0.010) || math.Abs(d.Hi-d.Lo) > 0.01 || d.N != 10 {
		t.Errorf("difference %+v, %v", d, err)
	}
	s, err := r.Sample(treatment("poll"), "staleness/p50")
	if sum := s.Summary(); err != nil || s.Unit != "s" || sum.Lo > 0.9 || sum.Hi < 1.15 {
		t.Errorf("alone its interval has the drift in it: %+v, %v", sum, err)
	}
	if q := v.Cells[0].Ratio; q.Lo < 0.98 || q.Hi >= 1 {
		t.Errorf("ratio %+v", q)
	}
	v, err = judgeOne(r, Claim{Expect: "requests[poll] > requests[ws]"})
	if q := v.Cells[0].Ratio; err != nil || q.N != 0 {
		t.Errorf("ratio to 0: %+v, %v", q, err)
	}
}

// A trial drops out of a metric only where it broke a rule that this one needs.
func TestARuleVoidsWhatNeedsIt(t *testing.T) {
	metrics := []string{"staleness/p50", "connect/p90", "bytes/total/down", "requests", "server/cpu", "host/cpu", "server/rss", "events/lost", "host/steal"}
	for _, tc := range []struct {
		broken Broken
		voids  string
	}{
		{Broken{Class: Sound}, "staleness/p50 connect/p90 bytes/total/down requests server/cpu host/cpu server/rss events/lost host/steal"},
		{Broken{Class: Accounted}, "bytes/total/down requests"},
		{Broken{Class: Timed}, "staleness/p50 connect/p90"},
		{Broken{Class: AsAsked}, "staleness/p50 connect/p90 server/cpu host/cpu"},
		{Broken{Class: Unsaturated}, "staleness/p50 connect/p90 server/cpu host/cpu"},
		{Broken{Class: Counted}, "server/cpu host/cpu server/rss"},
		{Broken{Class: Counted, Of: "host/"}, "host/cpu"},
	} {
		trial := &Trial{Broken: []Broken{tc.broken}}
		var voided []string
		for _, m := range metrics {
			if !trial.Bears(m) {
				voided = append(voided, m)
			}
		}
		if got := strings.Join(voided, " "); got != tc.voids {
			t.Errorf("%+v voids %s, want %s", tc.broken, got, tc.voids)
		}
	}
	for _, info := range Vocabulary() {
		if info.kind.by == byRatio && info.Unit == "" {
			t.Errorf("%s has no unit", info.Name)
		}
	}
	if !(&Trial{Broken: []Broken{{Class: Timed}}}).Sound() {
		t.Error("a clock that was set makes the trial unsound")
	}
}

func TestWhatARuleVoidsIsLeftOut(t *testing.T) {
	r := drift(8)
	ws := r.listed("ws")
	breaks(ws[0], Sound)
	breaks(ws[1], Unsaturated)
	breaks(ws[2], Accounted)
	for metric, want := range map[string][]int{
		"staleness/p50": {3, 4, 5, 6, 7, 8}, "requests": {2, 4, 5, 6, 7, 8},
	} {
		s, err := r.Sample(treatment("ws"), metric)
		if got := slices.Sorted(maps.Keys(s.Values)); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s counts in blocks %v, want %v; %v", metric, got, want, err)
		}
	}
	if sound, tried := r.SoundBlocks(treatment("ws")); sound != 7 || tried != 8 {
		t.Errorf("%d of %d sound, want 7 of 8", sound, tried)
	}
	if got, want := r.Counts(), (Counts{Counted: 16, Sound: 15, Whole: 13}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}

// An interrupted block is done again whole, and then only that pass counts.
func TestABlockDoneAgainCountsOnce(t *testing.T) {
	r := drift(4)
	r.Trials = r.Trials[:7] // block 4 has poll, and lacks ws
	again := func(transport string, pass int, v float64) {
		trial := *r.listed(transport)[0]
		trial.Block, trial.Pass, trial.Metrics = 4, pass, map[string]Metric{"staleness/p50": {Value: v, Unit: "s"}}
		r.Trials = append(r.Trials, &trial)
	}
	again("ws", 1, 7) // it was begun anew, in another order
	if s, _ := r.Sample(treatment("poll"), "staleness/p50"); len(s.Values) != 3 {
		t.Errorf("the first pass still counts: %v", s.Values)
	}
	again("poll", 1, 8)
	for transport, want := range map[string]float64{"poll": 8, "ws": 7} {
		if s, err := r.Sample(treatment(transport), "staleness/p50"); err != nil || s.Values[4] != want {
			t.Errorf("%s: %v, %v; want %v of the last pass", transport, s.Values, err, want)
		}
	}
}

func TestSamplesOfNothing(t *testing.T) {
	r := drift(3)
	var missing *NoMetricError
	if _, err := r.Sample(treatment("ws"), "no-such"); !errors.As(err, &missing) {
		t.Errorf("unknown metric: %v", err)
	}
	for _, trial := range r.Trials {
		breaks(trial, Sound)
	}
	if got, err := r.Sample(treatment("ws"), "staleness/p50"); err != nil || len(got.Values) != 0 {
		t.Errorf("no sound trial: %v, %v", got, err)
	}
	s, err := r.Sample(treatment("longpoll"), "staleness/p50")
	if sum := s.Summary(); err != nil || sum.N != 0 || !math.IsNaN(sum.Center) {
		t.Errorf("no such treatment: %+v, %v", sum, err)
	}
}

func TestUnitsMustAgree(t *testing.T) {
	r := drift(3)
	r.listed("ws")[1].Metrics["staleness/p50"] = Metric{Value: 1, Unit: "B"}
	if _, err := r.Sample(treatment("ws"), "staleness/p50"); err == nil || !strings.Contains(err.Error(), "block 2") {
		t.Errorf("units differ between blocks: %v", err)
	}
	for _, trial := range r.listed("ws") {
		trial.Metrics["staleness/p50"] = Metric{Value: 1, Unit: "B"}
	}
	if _, err := judgeOne(r, Claim{Expect: "staleness/p50[ws] < staleness/p50[poll]"}); err == nil || !strings.Contains(err.Error(), "cannot compare s with B") {
		t.Errorf("units differ between treatments: %v", err)
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

// The rule: ten different values beyond the quantile, in each trial.
func TestPrintable(t *testing.T) {
	r := runOf(3, func(string, Treatment, int) values { return values{"events/distinct": 1000} }, "ws", "poll?interval=1s")
	filled := func(n int) *Hist {
		h := NewHist()
		for range n {
			if err := h.Record(1000); err != nil {
				t.Fatal(err)
			}
		}
		return h
	}
	for _, trial := range r.Trials {
		staleness := filled(50_000) // 50 subscribers see the same 1,000 events
		trial.Hists = map[string]*Hist{"staleness": staleness, "roundtrip": staleness, "connect": filled(500), "connect-tls": filled(500)}
	}
	check := func(transport, metric string, want bool, why string) {
		t.Helper()
		ok, got := r.Printable(treatment(transport), metric)
		if ok != want || !strings.Contains(got, why) || ok != (got == "") {
			t.Errorf("%s of %s: %v, %q", metric, transport, ok, got)
		}
	}
	check("ws", "staleness/p50", true, "")
	check("ws", "staleness/p99", true, "") // exactly 10
	check("ws", "staleness/p1", true, "")
	check("ws", "staleness/p99.9", false, "1000 different events give 1")
	check("ws", "staleness/p0.1", false, "1000 different events give 1")
	check("ws", "staleness/p99.1", false, "give 9")
	check("ws", "staleness/max", true, "")
	check("ws", "staleness/mean", true, "")
	check("ws", "requests", true, "")
	// Each subscriber polls at a phase of its own.
	check("poll?interval=1s", "staleness/p99.9", true, "")
	check("poll?interval=1s", "staleness/p99.99", false, "50000 events at as many phases give 5")
	// 500 connections, however many events.
	check("ws", "connect/p98", true, "")
	check("ws", "connect/p99", false, "500 subscribers give 5")
	check("ws", "connect-tls/p99", false, "500 subscribers give 5")
	check("ws", "ttfe/p50", true, "") // not measured: there is nothing to quote
	// 50,000 messages, of which no two subscribers send the same.
	check("ws", "roundtrip/p99.9", true, "")
	check("ws", "roundtrip/p99.99", false, "50000 messages give 5")

	// One trial with too few is enough to forbid it: three times 1,000 are no 3,000.
	r.listed("ws")[1].Metrics["events/distinct"] = Metric{Value: 999, Unit: "1"}
	check("ws", "staleness/p99", false, "999 different events")
	breaks(r.listed("ws")[1], Timed)
	check("ws", "staleness/p99", true, "")
	for _, trial := range r.Trials {
		trial.Metrics = map[string]Metric{"events/expected": {Value: 10, Unit: "1"}, "delivery/p99.9": {Value: 1, Unit: "s"}}
	}
	check("ws", "staleness/p50", false, "10 different events give 5")
	check("ws", "delivery/p99.9", true, "") // a number of its own in the record
	for _, trial := range r.Trials {
		trial.Metrics = nil
	}
	check("ws", "staleness/p99.9", true, "") // nothing says how many events there were but the values
}

func TestPooled(t *testing.T) {
	r := drift(3)
	for i, trial := range r.listed("ws") {
		trial.Hists = map[string]*Hist{"staleness": histOf(int64(i), 1000)}
	}
	breaks(r.listed("ws")[0], Timed)
	h, err := r.Pooled(treatment("ws"), "staleness")
	if err != nil || h.N() != 4 || h.Min() != 1 {
		t.Errorf("n %d, min %d, %v", h.N(), h.Min(), err)
	}
	if r.listed("ws")[1].Hists["staleness"].N() != 2 {
		t.Error("pooling changed a trial")
	}
	if h, err := r.Pooled(treatment("poll"), "staleness"); err != nil || h.N() != 0 {
		t.Errorf("a histogram that nobody has: %d values, %v", h.N(), err)
	}
}

// What the protocol fixes is the same in every trial, or the trial is a finding.
func TestExactValues(t *testing.T) {
	r := runOf(9, func(transport string, _ Treatment, block int) values {
		framing := 2.0
		if block == 5 && transport == "ws" {
			framing = 4
		}
		return values{"bytes/protocol/down": framing, "bytes/total/down": framing}
	}, "ws", "wsbare")
	s, err := r.Sample(treatment("ws"), "bytes/protocol/down")
	if sum := s.Summary(); err != nil || len(s.Values) != 8 || !sum.Exact || sum.Lo != 2 || sum.Hi != 2 {
		t.Errorf("%+v, %+v, %v", s, sum, err)
	}
	if f := r.Findings(); len(f) != 1 || !strings.Contains(f[0], "bytes/protocol/down of ws is 4 B/event in block 5, and 2 B/event in most") {
		t.Errorf("findings %q", f)
	}
	// Agreement alone makes nothing exact: a count has room for one more.
	s, err = r.Sample(treatment("wsbare"), "bytes/total/down")
	if sum := s.Summary(); err != nil || sum.Exact || !(sum.Lo < 2) || !(sum.Hi > 2) {
		t.Errorf("equal by chance: %+v, %v", sum, err)
	}
	for metric, exact := range map[string]string{
		"bytes/envelope/down": "poll?interval=1s, sse, ws?compress=takeover",
		"bytes/payload/down":  "poll?interval=1s, ws",
		"requests":            "ws, sse, stream, raw",
		"bytes/protocol/down": "ws, wsbare, raw, stream",
		"conn/rtts":           "poll, ws",
	} {
		for transport := range strings.SplitSeq(exact, ", ") {
			if !Exact(metric, Treatment{"transport": transport}) {
				t.Errorf("%s of %s is not exact", metric, transport)
			}
		}
	}
	for _, not := range []struct {
		metric string
		t      Treatment
	}{
		{"bytes/total/down", Treatment{"transport": "ws"}},
		{"requests", Treatment{"transport": "longpoll"}},
		{"requests", Treatment{"transport": "poll?interval=1s"}},
		{"bytes/protocol/down", Treatment{"transport": "ws?batch=on"}},
		{"bytes/protocol/down", Treatment{"transport": "stream", "http": "2"}},
		{"bytes/payload/down", Treatment{"transport": "ws", "uplink": "10/s"}},
		{"server/cpu", Treatment{"transport": "ws"}},
	} {
		if Exact(not.metric, not.t) {
			t.Errorf("%s of %v is called exact", not.metric, not.t)
		}
	}
}

// Counts that all came out the same have room for one step and no more: of one
// request an event as of any other number; and of none there are not less.
func TestOneStepOfEqualCounts(t *testing.T) {
	for _, c := range []struct{ value, lo, hi float64 }{{1, 0.99, 1.01}, {4, 3.99, 4.01}, {0, 0, 0.01}} {
		s := Sample{Values: map[int]float64{1: c.value, 2: c.value, 3: c.value}, Grain: 0.01}.Summary()
		if s.Center != c.value || math.Abs(s.Lo-c.lo) > 1e-4 || math.Abs(s.Hi-c.hi) > 1e-4 {
			t.Errorf("%g in each of three blocks: %g to %g, want %g to %g", c.value, s.Lo, s.Hi, c.lo, c.hi)
		}
	}
	if spread := momentsOf([]float64{7, 7, 8, 7}, 0.05); spread.widened(0.5) != spread {
		t.Error("a spread that is there was changed")
	}
}
