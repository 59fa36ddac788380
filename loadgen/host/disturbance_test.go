package host

import (
	"math"
	"slices"
	"testing"
)

func TestDisturbance(t *testing.T) {
	const (
		stolen  = "steal 7.2 % of the CPU time (limit 5 %)"
		foreign = "other processes used 6.0 % of the CPU time (limit 5 %)"
		slower  = "calibration loop 18.0 % slower than its run median (limit 15 %)"
		faster  = "calibration loop 20.0 % faster than its run median (limit 15 %)"
	)
	for _, test := range []struct {
		Conditions
		want []string
	}{
		{Conditions{0, 0, 1}, nil},
		{Conditions{0.05, 0, 1.15}, nil}, // the limits themselves are allowed
		{Conditions{0.05, 0, 0.85}, nil},
		{Conditions{0.072, 0, 1}, []string{stolen}},
		{Conditions{0, 0, 1.18}, []string{slower}},
		{Conditions{0, 0, 0.8}, []string{faster}},
		{Conditions{0.072, 0, 1.18}, []string{stolen, slower}},
		{Conditions{math.NaN(), math.NaN(), math.NaN()}, nil},
		{Conditions{0, 0.05, 1}, nil},
		{Conditions{0, 0.06, 1}, []string{foreign}},
		{Conditions{math.NaN(), 0, 1.18}, []string{slower}},
	} {
		if got := test.Disturbance(); !slices.Equal(got, test.want) {
			t.Errorf("%+v: %q, want %q", test.Conditions, got, test.want)
		}
	}
}
