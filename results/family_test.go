package results

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"pushbench/servers/units"
)

// family is a run of eight blocks in which the CPU of poll is above that of ws by an
// effect of its own at each rate, in standard errors; p of 3.5 is 0.01.
func family(effects ...float64) *Run {
	var treatments []string
	for i := range effects {
		treatments = append(treatments, fmt.Sprintf("ws, rate=%d/s", i+1), fmt.Sprintf("poll, rate=%d/s", i+1))
	}
	return runOf(8, func(transport string, t Treatment, block int) values {
		var rate int
		fmt.Sscanf(t["rate"], "%d/s", &rate)
		noise := 0.1 * (float64(block%2) - 0.5)
		v := effects[rate-1]*0.1/2/math.Sqrt(7) + noise
		if transport == "ws" {
			v = 0
		}
		return values{"server/cpu": 1e-5 * math.Exp(v), "bytes/total/down": 100 + noise}
	}, treatments...)
}

// judgeAmong judges a claim among others of which nothing comes.
func judgeAmong(t *testing.T, r *Run, others int, expect string) Verdict {
	t.Helper()
	claims := []Claim{{ID: "C", Expect: expect}}
	for range others {
		claims = append(claims, Claim{Expect: "bytes/total/down[ws] < bytes/total/down[ws]"})
	}
	v := r.Judge(claims)[0]
	if v.Err != nil {
		t.Fatal(v.Err)
	}
	return v
}

// A claim that holds only somewhere is one of many, as any other.
func TestOnlyWhereAmongManyClaims(t *testing.T) {
	const expect = "server/cpu[ws] < server/cpu[poll]"
	for _, tc := range []struct {
		effects []float64
		others  int
		want    Outcome
	}{
		{[]float64{20, 20, 20, -4}, 0, HoldsOnlyWhere}, // p is 0.005
		{[]float64{20, 20, 20, -4}, 30, CannotTell},
		{[]float64{20, 20, 20, -9}, 30, HoldsOnlyWhere},
		{[]float64{20, 20, 20, -0.1}, 0, CannotTell},
	} {
		v := judgeAmong(t, family(tc.effects...), tc.others, expect)
		if v.Outcome != tc.want {
			t.Errorf("%v among %d others: %s", tc.effects, tc.others, v.Sentence())
		}
		if tc.want == CannotTell && tc.others > 0 && !strings.Contains(v.Sentence(), "cannot tell where rate=4/s: among so many claims it does not stand out") {
			t.Errorf("%s does not say why", v.Sentence())
		}
	}
}

// Where each cell alone would be decided and the claim is not, those that keep it open
// are, and more blocks would tell.
func TestCellsAreOpenWhereTheClaimIs(t *testing.T) {
	for _, tc := range []struct {
		effects []float64
		says    string
	}{
		{[]float64{4, 4, 4}, "cannot tell in any of 3 cases: among so many claims it does not stand out"},
		{[]float64{20, 4, 20}, "cannot tell where rate=2/s: among so many claims it does not stand out"},
		{[]float64{4}, "cannot tell: among so many claims it does not stand out"},
	} {
		v := judgeAmong(t, family(tc.effects...), 30, "server/cpu[ws] < server/cpu[poll]")
		if v.Outcome != CannotTell || v.Takes.Blocks == 0 || !strings.Contains(v.Sentence(), tc.says) {
			t.Errorf("%v: %s", tc.effects, v.Sentence())
		}
	}
}

// What could not be tested has no chance of a false verdict, and costs the others none.
func TestUntestedClaimsCostNothing(t *testing.T) {
	r := family(4)
	claims := []Claim{{Expect: "server/cpu[ws] < server/cpu[poll]"}}
	for range 30 {
		claims = append(claims, Claim{Expect: "server/cpu[ws] ≈ server/cpu[poll]"}) // without a tolerance
	}
	for _, trial := range r.Trials {
		trial.Metrics["server/rss"] = Metric{Value: 1e6, Unit: "B"}
		if trial.Block > 2 {
			trial.Broken = append(trial.Broken, Broken{Class: Accounted})
		}
	}
	for range 30 {
		claims = append(claims, Claim{Expect: "bytes/total/down[ws] < bytes/total/down[poll]"}) // two blocks
	}
	if v := r.Judge(claims)[0]; v.Outcome != Holds {
		t.Errorf("among claims that are not tested: %s", v.Sentence())
	}
}

// What would have shown would have, whatever the other claims came to.
func TestWhatWouldHaveShownAmongMany(t *testing.T) {
	const expect = "server/cpu[ws] < server/cpu[poll]"
	alone, among := judgeAmong(t, family(1), 0, expect), judgeAmong(t, family(1), 19, expect)
	for _, tc := range []struct {
		v     Verdict
		level float64
	}{{alone, 0.05}, {among, 0.05 / 20}} {
		test := tc.v.Cells[0].test
		test.alpha = tc.level
		if want := units.Format(math.Expm1(test.half()), "%"); !strings.Contains(tc.v.Sentence(), "a difference above "+want+" would have shown") {
			t.Errorf("%s, want %s", tc.v.Sentence(), want)
		}
	}
}

// More blocks do not make a generator punctual, also where they would decide another
// combination.
func TestNoAdviceForALateGenerator(t *testing.T) {
	r := runOf(8, func(transport string, treatment Treatment, block int) values {
		v, noise := values{"staleness/p50": 0.0006, "delivery/p50": 0.0006}, 1+0.02*float64(block%3)
		if transport == "ws" {
			v = values{"staleness/p50": 0.0008 * noise, "delivery/p50": 0.0005 * noise}
		}
		if treatment["rate"] == "9/s" { // open, and no lateness in it
			v["staleness/p50"] = 0.0006 + 0.0001*float64(block%3)
			v["delivery/p50"] = v["staleness/p50"]
			if transport == "poll" {
				v["staleness/p50"], v["delivery/p50"] = 0.00075, 0.00075
			}
		}
		return v
	}, "ws, rate=1/s", "poll, rate=1/s", "ws, rate=9/s", "poll, rate=9/s")
	v := judgeAmong(t, r, 0, "staleness/p50[ws] < staleness/p50[poll]")
	if other := judgeAmong(t, r, 19, "staleness/p50[ws, rate=9/s] < staleness/p50[poll, rate=9/s]"); other.Takes.Blocks == 0 {
		t.Errorf("the other combination takes nothing: %s", other.Sentence())
	}
	if v.Outcome != CannotTell || !strings.Contains(v.Reason, "the generator was late") || v.Takes.Blocks != 0 {
		t.Errorf("%s, takes %d blocks", v.Sentence(), v.Takes.Blocks)
	}
}
