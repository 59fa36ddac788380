package measure

import (
	"math"
	"testing"
	"time"

	"pushbench/scenarios"
)

// Times count from the fault to the end of the window; what comes later was not
// noticed, and what had ended before could not notice.
func TestNotices(t *testing.T) {
	const second = int64(time.Second)
	for _, test := range []struct {
		name  string
		of    int
		ended []int64 // s, the fault at 100 and the window 10 long
		want  []int64
		share float64
	}{
		{"none", 4, nil, nil, 0},
		{"all", 4, []int64{100, 101, 105, 110}, []int64{0, 1, 5, 10}, 1},
		{"some too late", 4, []int64{101, 103, 111, 200}, []int64{1, 3}, 0.5},
		{"one before", 4, []int64{99, 101, 103}, []int64{1, 3}, 2. / 3},
		{"one more", 5, []int64{101}, []int64{1}, 0.2},
		{"all before", 4, []int64{1, 2, 3, 4}, nil, math.NaN()},
	} {
		t.Run(test.name, func(t *testing.T) {
			o := &Observation{Asked: Asked{Quiet: true, Window: 10 * time.Second, Treatment: scenarios.Treatment{Fault: scenarios.FleetStops}}}
			o.Treatment.Subscribers = 4
			n := Notice{End: "server", Of: test.of}
			for _, at := range test.ended {
				n.Ended = append(n.Ended, at*second)
			}
			o.Silence = Silence{Began: 100 * second, Notices: []Notice{n}}
			trial := recorded(o)
			h := trial.Hists["notice/server"]
			sum := int64(0)
			for _, s := range test.want {
				sum += s
			}
			if h.N() != int64(len(test.want)) || h.Sum() != float64(sum*second) || h.Dropped() != 0 {
				t.Errorf("%d noticed after %v s in all, want %v", h.N(), h.Sum()/1e9, test.want)
			}
			share, ok := trial.Metrics["notice/server-share"]
			if ok != !math.IsNaN(test.share) || ok && (math.Abs(share.Value-test.share) > 1e-9 || share.Unit != "1") {
				t.Errorf("the share is %+v, %v, not %v", share, ok, test.share)
			}
		})
	}
}
