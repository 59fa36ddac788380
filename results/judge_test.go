package results

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"pushbench/servers/test/golden"
)

// headline is a run shaped like the headline scenario: poll half a second above
// ws, longpoll as fast as ws within noise, and a twin of ws.
func headline(blocks int) *Run {
	rng := newRand(7)
	return runOf(blocks, func(transport string, _ Treatment, block int) values {
		noise := 1 + 0.02*(rng.Float64()-0.5)
		base := map[string]float64{"poll?interval=1s": 0.5, "longpoll": 0.00061, "ws": 0.0006, "ws#twin": 0.0006}[transport]
		bytes := map[string]float64{"poll?interval=1s": 400, "longpoll": 350, "ws": 219, "ws#twin": 219}[transport]
		return values{
			"staleness/p50": base * noise, "staleness/p99": base * 2 * noise, "staleness/mean": base,
			"bytes/total/down": bytes, "server/cpu": 12e-6 * noise, "requests/empty": 0,
			"publish-lag/p99": 0.0001 * noise,
		}
	}, "poll?interval=1s", "longpoll", "ws", "ws#twin")
}

// byRate is a run with a second factor: at 1/s long polling equals ws, at 40/s
// it is far behind, at 200/s it is lost in noise.
func byRate(blocks int) *Run {
	return runOf(blocks, func(transport string, t Treatment, block int) values {
		v := 0.001
		if transport == "longpoll" {
			v = map[string]float64{"1/s": 0.0005, "40/s": 0.080, "200/s": 0.001 + 0.0002*float64(block%3-1)}[t["rate"]]
		}
		return values{"staleness/p50": v}
	}, "longpoll, rate=1/s", "longpoll, rate=40/s", "longpoll, rate=200/s", "ws, rate=1/s", "ws, rate=40/s", "ws, rate=200/s")
}

// byPlace is a run in which long polling is behind ws at each of six rates but 1/s.
func byPlace(blocks int) *Run {
	var treatments []string
	for _, transport := range []string{"longpoll", "ws"} {
		for _, rate := range []string{"1/s", "2/s", "5/s", "10/s", "20/s", "50/s"} {
			treatments = append(treatments, transport+", rate="+rate)
		}
	}
	return runOf(blocks, func(transport string, t Treatment, block int) values {
		v := 0.001
		if transport == "longpoll" {
			v = map[bool]float64{true: 0.0005, false: 0.002}[t["rate"] == "1/s"]
		}
		return values{"staleness/p50": v}
	}, treatments...)
}

type judged struct {
	name   string
	run    *Run
	expect string
	where  map[string]string
	want   Outcome
}

var judgedClaims = []judged{
	{"below", headline(7), "staleness/p50[ws] < staleness/p50[poll?interval=1s]", nil, Holds},
	{"above", headline(7), "staleness/p50[poll?interval=1s] > staleness/p50[ws]", nil, Holds},
	{"the other way round", headline(7), "staleness/p50[ws] > staleness/p50[poll?interval=1s]", nil, Fails},
	{"three blocks and a large ratio", headline(3), "staleness/p50[ws] < staleness/p50[poll?interval=1s]", nil, Holds},
	{"three blocks and a small ratio", headline(3), "server/cpu[ws] < 1.2 × server/cpu[longpoll]", nil, CannotTell},
	{"two blocks", headline(2), "staleness/p50[ws] < staleness/p50[poll?interval=1s]", nil, CannotTell},
	{"one block", headline(1), "staleness/p50[ws] < staleness/p50[poll?interval=1s]", nil, CannotTell},
	{"inside the tolerance", headline(7), "staleness/mean[poll?interval=1s] − staleness/mean[ws] ≈ 500ms ± 3%", nil, Holds},
	{"outside the tolerance", headline(7), "staleness/mean[poll?interval=1s] − staleness/mean[ws] ≈ 400ms ± 3%", nil, Fails},
	{"across the tolerance", headline(7), "staleness/p50[poll?interval=1s] ≈ 500ms ± 0.5%", nil, CannotTell},
	{"absolute tolerance", headline(7), "staleness/p50[longpoll] ≈ staleness/p50[ws] ± 2ms", nil, Holds},
	{"twin shows no difference", headline(10), "staleness/p50[ws#twin] ≈ staleness/p50[ws]", nil, Holds},
	{"no tolerance, a difference", headline(7), "staleness/mean[longpoll] ≈ staleness/mean[ws]", nil, CannotTell},
	{"no tolerance, too few blocks", headline(5), "staleness/mean[longpoll] ≈ staleness/mean[ws]", nil, CannotTell},
	{"a small difference, seven blocks", headline(7), "staleness/p50[ws] < staleness/p50[longpoll]", nil, Holds},
	{"exact bytes", headline(7), "bytes/total/down[ws] < bytes/total/down[longpoll]", nil, Holds},
	{"equal bytes are not fewer", headline(7), "bytes/total/down[ws] < bytes/total/down[ws#twin]", nil, CannotTell},
	{"equal bytes", headline(7), "bytes/total/down[ws] ≈ bytes/total/down[ws#twin]", nil, Holds},
	{"against a constant", headline(7), "publish-lag/p99[ws] < 1ms", nil, Holds},
	{"against a knob", headline(7), "staleness/mean[poll?interval=1s] ≈ 0.5 × interval[poll?interval=1s] ± 2%", nil, Holds},
	{"zero on the right", headline(7), "requests/empty[ws] ≈ requests/empty[poll?interval=1s]", nil, CannotTell},
	{"rounding is no difference", headline(7), "0.2 × staleness/mean[ws] + 0.7 × staleness/mean[ws] ≈ 0.9 × staleness/mean[ws] ± 0.001%", nil, Holds},
	{"a share of nothing", headline(7), "server/cpu[ws] ≈ requests/empty[ws] × server/cpu[ws] ± 50%", nil, Fails},
	{"above 0", headline(7), "server/cpu[poll?interval=1s] > 0", nil, Holds},
	{"only where", byRate(7), "staleness/p50[longpoll] < staleness/p50[ws]", nil, HoldsOnlyWhere},
	{"where", byRate(7), "staleness/p50[longpoll] < staleness/p50[ws]", map[string]string{"rate": "1/s"}, Holds},
	{"fails in all", byRate(7), "staleness/p50[ws] > 1s", nil, Fails},
	{"holds in all", byRate(7), "staleness/p50[longpoll] < 1s", nil, Holds},
	{"in all with five blocks", byRate(5), "staleness/p50[longpoll] < 1s", nil, Holds},
	{"holds here, open there", byRate(7), "staleness/p50[ws] < staleness/p50[longpoll]", map[string]string{}, HoldsOnlyWhere},
	{"everywhere but there", byPlace(7), "staleness/p50[ws] < staleness/p50[longpoll]", nil, HoldsOnlyWhere},
	{"nowhere but there", byPlace(7), "staleness/p50[longpoll] < staleness/p50[ws]", nil, HoldsOnlyWhere},
	{"levels named", byRate(7), "staleness/p50[longpoll, rate=1/s] < staleness/p50[longpoll, rate=40/s]", nil, Holds},
	{"one level named", byRate(7), "staleness/p50[ws] ≈ staleness/p50[ws, rate=1/s]", nil, CannotTell},
	{"level as a number", byRate(7), "rate[ws, rate=40/s] × staleness/p50[ws, rate=40/s] < 1", nil, Holds},
}

func TestJudge(t *testing.T) {
	var sentences strings.Builder
	for _, tc := range judgedClaims {
		v, err := judgeOne(tc.run, Claim{ID: "C1", Expect: tc.expect, Where: tc.where})
		if err != nil {
			t.Errorf("%s: %v", tc.name, err)
			continue
		}
		if v.Outcome != tc.want {
			t.Errorf("%s: %s\n%s\nwant %s", tc.name, tc.expect, v.Sentence(), tc.want)
		}
		if (v.Outcome == CannotTell) != (v.Reason != "") {
			t.Errorf("%s: %s with reason %q", tc.name, v.Outcome, v.Reason)
		}
		fmt.Fprintf(&sentences, "# %s: %s\n%s\n", tc.name, tc.expect, v.Sentence())
	}
	golden.Compare(t, "testdata/sentences.golden", sentences.String())
}

func TestJudgeKeepsItsNumbers(t *testing.T) {
	v, err := judgeOne(headline(7), Claim{Expect: "staleness/mean[poll?interval=1s] ≈ 400ms ± 3%"})
	if err != nil {
		t.Fatal(err)
	}
	c := v.Cells[0]
	if len(v.Cells) != 1 || len(c.Where) != 0 || c.Unit != "s" || !near(c.Left.Center, 0.5) || !near(c.Right.Center, 0.4) ||
		!near(c.Diff.Center, 0.1) || !near(c.Ratio.Center, 1.25) || !near(c.Tolerance, 0.012) || c.Diff.N != 7 {
		t.Errorf("%+v", c)
	}
}

func TestQuantileRuleBindsClaims(t *testing.T) {
	r := headline(7)
	for _, trial := range r.Trials {
		delete(trial.Metrics, "staleness/p99")
		trial.Metrics["events/distinct"] = Metric{Value: 20, Unit: "1"}
		trial.Hists = map[string]*Hist{"staleness": histOf(1, 2, 3)}
	}
	v, err := judgeOne(r, Claim{Expect: "staleness/p99[ws] < 1s"})
	if err != nil || v.Outcome != CannotTell || !strings.Contains(v.Reason, "needs 10 values beyond it") {
		t.Errorf("%s, %v", v.Sentence(), err)
	}
}

func TestPairsNeedAllTreatmentsOfABlock(t *testing.T) {
	r := headline(8)
	breaks(r.listed("ws")[0], Timed)
	breaks(r.listed("poll?interval=1s")[1], Timed)
	claim := Claim{Expect: "staleness/p50[ws] < staleness/p50[poll?interval=1s]"}
	v, err := judgeOne(r, claim)
	if err != nil || v.Outcome != Holds || v.Cells[0].Diff.N != 6 {
		t.Errorf("%s, %v", v.Sentence(), err)
	}
	for _, trial := range r.listed("ws") {
		breaks(trial, Timed)
	}
	if v, err = judgeOne(r, claim); err != nil || v.Outcome != CannotTell || !strings.Contains(v.Reason, "counts in no block: as the test has it") {
		t.Errorf("%s, %v", v.Sentence(), err)
	}
	// Bytes stay what they are.
	if v, err = judgeOne(r, Claim{Expect: "bytes/total/down[ws] < bytes/total/down[poll?interval=1s]"}); err != nil || v.Outcome != Holds || v.Cells[0].Diff.N != 8 {
		t.Errorf("%s, %v", v.Sentence(), err)
	}
}

// A treatment that fails in more than one of four trials bears no claim.
func TestUnsoundTreatments(t *testing.T) {
	r := headline(8)
	claim := Claim{Expect: "bytes/total/down[ws] < bytes/total/down[poll?interval=1s]"}
	for i, want := range []Outcome{Holds, Holds, CannotTell} {
		breaks(r.listed("ws")[i], Sound)
		if v, err := judgeOne(r, claim); err != nil || v.Outcome != want {
			t.Errorf("%d of 8 unsound: %s, %v", i+1, v.Sentence(), err)
		}
	}
}

// Some levels may lack a treatment: they are left out, and counted.
func TestCombinationsThatDoNotExist(t *testing.T) {
	of := func(transport string, _ Treatment, _ int) values {
		return values{"staleness/p50": map[string]float64{"ws": 1, "poll": 2}[transport]}
	}
	r := runOf(7, of, "ws, rate=1/s", "ws, rate=2/s", "poll, rate=1/s", "raw, rate=9/s")
	v, err := judgeOne(r, Claim{Expect: "staleness/p50[ws] < staleness/p50[poll]"})
	if err != nil || v.Outcome != Holds || len(v.Cells) != 1 || v.Cells[0].Where["rate"] != "1/s" || !strings.Contains(v.Sentence(), "to compare with: 1") {
		t.Errorf("%s, %v", v.Sentence(), err)
	}
	r = runOf(7, of, "ws, rate=1/s", "poll, rate=2/s")
	if _, err := judgeOne(r, Claim{Expect: "staleness/p50[ws] < staleness/p50[poll]"}); err == nil || !strings.Contains(err.Error(), "no combination") {
		t.Errorf("nothing in common: %v", err)
	}
}

func TestKnobOrderDoesNotMatter(t *testing.T) {
	r := runOf(7, func(string, Treatment, int) values { return values{"staleness/p50": 1} }, "poll?interval=1s&pace=after")
	v, err := judgeOne(r, Claim{Expect: "staleness/p50[poll?pace=after&interval=1s] ≈ interval[poll?pace=after&interval=1s] ± 1ms"})
	if err != nil || v.Outcome != Holds {
		t.Errorf("%s, %v", v.Sentence(), err)
	}
}

func TestJudgeSaysWhatIsWrongWithAClaim(t *testing.T) {
	r := headline(7)
	r.Header.Plan.Treatments[0]["arrivals"] = "poisson"
	for _, tc := range []struct {
		expect string
		where  map[string]string
		want   string
	}{
		{"staleness/p50[ws] <", nil, "found the end"},
		{"staleness/p50[sse] < 1s", nil, "the run has no treatment [sse]; its transports are poll?interval=1s, longpoll, ws, ws#twin"},
		{"staleness/p50[ws, rate=1/s] < 1s", nil, "no treatment [ws, rate=1/s]"},
		{"staleness/p50[ws] < 1s", map[string]string{"rtt": "20ms"}, "no treatment of this run has rtt=20ms"},
		{"ttfe/p50[ws] < 1s", nil, "no metric ttfe/p50"},
		{"stalenes[ws] + staleness/p50[ws] < 1s", nil, "stalenes is no metric of this run, and no knob or level of [ws]"},
		{"interval[ws] + staleness/p50[ws] < 1s", nil, "interval is no metric"},
		{"arrivals[poll?interval=1s] × staleness/p50[ws] < 1s", nil, "arrivals of [poll?interval=1s] is no number"},
		{"interval[poll?interval=1s] + server/cpu[ws] < 0", nil, "cannot add s/event to s"},
	} {
		v, err := judgeOne(r, Claim{ID: "C7", Expect: tc.expect, Where: tc.where})
		if err == nil {
			t.Errorf("%s: %s", tc.expect, v.Sentence())
			continue
		}
		if !strings.Contains(err.Error(), tc.want) || !strings.Contains(err.Error(), "claim C7") {
			t.Errorf("%s:\n got %v\nwant %s", tc.expect, err, tc.want)
		}
		var expr *ExprError
		if tc.where == nil && !errors.As(err, &expr) {
			t.Errorf("%s: %T, want an *ExprError", tc.expect, err)
		}
	}
}

// A metric that one treatment lacks and another has leaves the claim open.
func TestMetricThatOneTreatmentLacks(t *testing.T) {
	r := headline(7)
	for _, trial := range r.listed("ws") {
		delete(trial.Metrics, "server/cpu")
	}
	v, err := judgeOne(r, Claim{Expect: "server/cpu[ws] < server/cpu[longpoll]"})
	if err != nil || v.Outcome != CannotTell || !strings.Contains(v.Reason, "no metric server/cpu") {
		t.Errorf("%s, %v", v.Sentence(), err)
	}
}
