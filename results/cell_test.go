package results

import (
	"math"
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

// What must not happen is judged block by block.
func TestNoEventIsLost(t *testing.T) {
	for _, tc := range []struct {
		lost []float64
		want Outcome
	}{{[]float64{0, 0, 0}, Holds}, {[]float64{0, 2, 0}, CannotTell}, {[]float64{1, 2, 1}, Fails}} {
		r := runOf(len(tc.lost), func(transport string, _ Treatment, block int) values {
			if transport == "sse" {
				return values{"events/lost": 0}
			}
			return values{"events/lost": tc.lost[block-1]}
		}, "ws", "sse")
		v, err := judgeOne(r, Claim{Expect: "events/lost[ws] + events/lost[sse] < 1"})
		if err != nil || v.Outcome != tc.want {
			t.Errorf("%v: %s, %v; want %s", tc.lost, v.Sentence(), err, tc.want)
		}
	}
}
