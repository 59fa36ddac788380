package host

import (
	"math"
	"slices"
	"testing"
)

func TestDisturbance(t *testing.T) {
	const (
		stolen = "steal 7.2 % of the CPU time (limit 5 %)"
		slower = "calibration loop 18.0 % slower than its run median (limit 15 %)"
		faster = "calibration loop 20.0 % faster than its run median (limit 15 %)"
	)
	for _, test := range []struct {
		steal, ratio float64
		want         []string
	}{
		{0, 1, nil},
		{0.05, 1.15, nil}, // the limits themselves are allowed
		{0.05, 0.85, nil},
		{0.072, 1, []string{stolen}},
		{0, 1.18, []string{slower}},
		{0, 0.8, []string{faster}},
		{0.072, 1.18, []string{stolen, slower}},
		{math.NaN(), math.NaN(), nil},
		{math.NaN(), 1.18, []string{slower}},
	} {
		if got := Disturbance(test.steal, test.ratio); !slices.Equal(got, test.want) {
			t.Errorf("steal %v, ratio %v: %q, want %q", test.steal, test.ratio, got, test.want)
		}
	}
}
