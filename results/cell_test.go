package results

import (
	"math"
	"strings"
	"testing"
)

// Where all blocks agree there is room for one step of what was counted, however
// many metrics a side has, and whether they are added or taken away.
func TestOneStepOfASide(t *testing.T) {
	r := runOf(4, func(transport string, _ Treatment, _ int) values {
		bytes := map[string]float64{"ws": 219, "poll": 400}[transport]
		return values{
			"bytes/total/down": bytes, "bytes/total/up": bytes / 2, "events/delivered": 100,
			"conn/bytes/down": 166, "conn/bytes/up": 208, "conn/count": 50,
		}
	}, "ws", "poll")
	for expect, half := range map[string]float64{
		"bytes/total/down[poll] < bytes/total/down[ws]":                                                          0.01,
		"bytes/total/down[poll] − bytes/total/down[ws] < 5B/event":                                               0.01,
		"bytes/total/down[poll] + bytes/total/up[poll] > bytes/total/down[ws] + bytes/total/up[ws]":              0.01,
		"bytes/total/down[poll] > 3 × bytes/total/down[ws]":                                                      0.03,
		"conn/bytes/down[ws] + conn/bytes/up[ws] ≈ conn/bytes/down[poll] + conn/bytes/up[poll] ± 1%":             0.02,
		"conn/bytes/down[ws] − conn/bytes/up[ws] + conn/bytes/up[poll] − conn/bytes/down[poll] ≈ 0B ± 0.03B":     0.02,
		"conn/bytes/down[ws] − conn/bytes/down[ws] + conn/bytes/up[poll] − conn/bytes/up[poll] ≈ 0B ± 0.000001B": 0.02,
	} {
		v, err := judgeOne(r, Claim{Expect: expect})
		if err != nil {
			t.Fatal(err)
		}
		if d := v.Cells[0].Diff; math.Abs((d.Hi-d.Lo)/2-half) > 1e-9 {
			t.Errorf("%s: from %v to %v, want %v either way", expect, d.Lo, d.Hi, half)
		}
	}
}

// Without a ratio, few blocks tell nothing but what stands against nothing at all.
func TestFewBlocksWithoutARatio(t *testing.T) {
	run := func(blocks int) *Run {
		return runOf(blocks, func(transport string, _ Treatment, block int) values {
			v := map[string]float64{"ws": 1e-5, "poll": 1.3e-5}[transport] * (1 + 0.001*float64(block%3))
			return values{"server/cpu": v, "staleness/p50": v}
		}, "ws", "poll")
	}
	for _, tc := range []struct {
		expect string
		blocks int
		want   Outcome
	}{
		{"server/cpu[poll] − server/cpu[ws] > 0", 5, CannotTell},
		{"server/cpu[poll] − server/cpu[ws] > 0", 6, Holds},
		{"staleness/p50[ws] − staleness/p50[poll] < 0s", 3, CannotTell},
		{"server/cpu[poll] > 0", 3, Holds},
		{"0 < staleness/p50[poll]", 3, Holds},
	} {
		if v, err := judgeOne(run(tc.blocks), Claim{Expect: tc.expect}); err != nil || v.Outcome != tc.want {
			t.Errorf("%s, %d blocks: %s, %v; want %s", tc.expect, tc.blocks, v.Sentence(), err, tc.want)
		}
	}
}

// A check of the ruler holds a treatment against its twin, and nothing else.
func TestWhatChecksTheRuler(t *testing.T) {
	rng := newRand(1)
	r := runOf(6, func(string, Treatment, int) values {
		return values{"server/cpu": 1e-5 * (1 + 0.01*rng.Float64()), "staleness/p50": 1e-3, "delivery/p50": 1e-3}
	}, "ws, rate=1/s", "ws#twin, rate=1/s", "ws, rate=9/s", "ws#twin, rate=9/s")
	for expect, ruler := range map[string]bool{
		"server/cpu[ws#twin] ≈ server/cpu[ws]":                       true,
		"server/cpu[ws] ≈ server/cpu[ws#twin]":                       true,
		"server/cpu[ws#twin, rate=9/s] ≈ server/cpu[ws, rate=9/s]":   true,
		"server/cpu[ws#twin, rate=1/s] ≈ server/cpu[ws, rate=9/s]":   false,
		"server/cpu[ws#twin] ≈ server/cpu[ws#twin]":                  false,
		"server/cpu[ws#twin] ≈ 10us/event":                           false,
		"server/cpu[ws#twin] ≈ 1 × server/cpu[ws]":                   false,
		"staleness/p50[ws#twin] ≈ delivery/p50[ws]":                  false,
		"staleness/p50[ws#twin] − staleness/p50[ws] ≈ 0ms":           false,
		"server/cpu[ws#twin] + server/cpu[ws] ≈ 2 × server/cpu[ws]":  false,
		"staleness/p50[ws#twin, rate=1/s] ≈ staleness/p50[ws#twin]":  false,
		"staleness/p50[ws#twin, rate=1/s] ≈ staleness/p50[ws] ± 10%": false,
	} {
		v, err := judgeOne(r, Claim{Expect: expect})
		if err != nil {
			t.Fatal(err)
		}
		if got := len(v.Notes) > 0; got != ruler || ruler && v.Outcome != Holds {
			t.Errorf("%s: %s, notes %q", expect, v.Sentence(), v.Notes)
		}
	}
}

// However many pairs of twins a claim has, about one such claim in twenty fails.
func TestRulerOfManyPairs(t *testing.T) {
	var treatments []string
	for _, rate := range []string{"1/s", "2/s", "5/s", "10/s", "20/s"} {
		treatments = append(treatments, "ws, rate="+rate, "ws#twin, rate="+rate)
	}
	apart := func(odd float64) Outcome {
		r := runOf(8, func(transport string, t Treatment, block int) values {
			v := 0.4 * float64(block%2)
			if transport == "ws#twin" {
				v = 0.2
			}
			if transport == "ws" && t["rate"] == "5/s" {
				v += odd
			}
			return values{"server/cpu": 1e-5 * math.Exp(v)}
		}, treatments...)
		v, err := judgeOne(r, Claim{Expect: "server/cpu[ws#twin] ≈ server/cpu[ws]"})
		if err != nil {
			t.Fatal(err)
		}
		return v.Outcome
	}
	for odd, want := range map[float64]Outcome{0.19: Holds, 0.4: HoldsOnlyWhere} { // p is 0.04 and 0.001
		if got := apart(odd); got != want {
			t.Errorf("one pair of five apart by %g: %s, want %s", odd, got, want)
		}
	}
}

// The first side that lacks blocks is named, in every reading of a file.
func TestTheSameReasonEachTime(t *testing.T) {
	r := headline(4)
	for _, transport := range []string{"ws", "longpoll"} {
		for _, trial := range r.listed(transport) {
			breaks(trial, Timed)
		}
	}
	for range 20 {
		v, err := judgeOne(r, Claim{Expect: "staleness/p50[longpoll] < staleness/p50[ws]"})
		if err != nil || !strings.HasPrefix(v.Reason, "staleness/p50 of longpoll counts in no block") {
			t.Fatalf("%s, %v", v.Sentence(), err)
		}
	}
}
