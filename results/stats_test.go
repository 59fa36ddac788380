package results

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// Ranks and confidence of the interval of a median, from the binomial
// distribution: the k-th value from either end misses the median with
// 2·Σ_{i<k} C(n,i)/2ⁿ.
func TestIntervalOfMedian(t *testing.T) {
	for _, tc := range []struct {
		n, k   int
		misses float64
	}{
		{6, 1, 2. / 64}, {7, 1, 2. / 128}, {8, 1, 2. / 256},
		{9, 2, 20. / 512}, {10, 2, 22. / 1024}, {11, 2, 24. / 2048},
		{12, 3, 2 * 79. / 4096}, {15, 4, 2 * 576. / 32768}, {20, 6, 0.041389465},
	} {
		x := make([]float64, tc.n)
		for i := range x {
			x[i] = float64(i + 1)
		}
		s := Summarize(x)
		if s.Lo != float64(tc.k) || s.Hi != float64(tc.n+1-tc.k) {
			t.Errorf("n = %d: from value %g to %g, want %d to %d", tc.n, s.Lo, s.Hi, tc.k, tc.n+1-tc.k)
		}
		if s.Confidence < Confidence || s.Confidence > 1-tc.misses+1e-7 {
			t.Errorf("n = %d: said to hold the median with %v, does with %v", tc.n, s.Confidence, 1-tc.misses)
		}
	}
}

func TestSummarize(t *testing.T) {
	in := []float64{9, 1, 5, 3, 8, 2, 7}
	s := Summarize(in)
	if s.N != 7 || s.Center != 5 || s.Lo != 1 || s.Hi != 9 || !s.Finite() || len(s.Warnings) != 0 {
		t.Errorf("%+v", s)
	}
	if !slices.Equal(in, []float64{9, 1, 5, 3, 8, 2, 7}) {
		t.Error("the values were sorted in place")
	}
	if s := Summarize([]float64{4, 1, 2, 3}); s.Center != 2.5 || s.Finite() || !math.IsInf(s.Lo, -1) || !math.IsInf(s.Hi, 1) || len(s.Warnings) != 1 {
		t.Errorf("four values: %+v", s)
	}
	if s := Summarize(nil); s.N != 0 || !math.IsNaN(s.Center) || s.Finite() {
		t.Errorf("no value: %+v", s)
	}
	if s := Summarize([]float64{1, 2, 3, math.NaN(), 5, 6, 7}); !math.IsNaN(s.Center) || s.Finite() || len(s.Warnings) != 1 {
		t.Errorf("not a number among them: %+v", s)
	}
	if s := Summarize([]float64{math.MaxFloat64, math.MaxFloat64}); s.Center != math.MaxFloat64 {
		t.Errorf("the median of the greatest floats is %v", s.Center)
	}
}

func TestMinBlocksIsTheLeast(t *testing.T) {
	if Summarize(make([]float64, MinBlocks-1)).Finite() || !Summarize(make([]float64, MinBlocks)).Finite() {
		t.Errorf("MinBlocks is not %d", MinBlocks)
	}
}

// A claim and its mirror image must come out alike, so a summary must mirror.
func TestSummaryMirrors(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := rapid.SliceOfN(rapid.Float64Range(-1e6, 1e6), 0, 60).Draw(t, "x")
		mirror := make([]float64, len(x))
		for i, v := range x {
			mirror[i] = -v
		}
		s, m := Summarize(x), Summarize(mirror)
		if s.Lo != -m.Hi || s.Hi != -m.Lo || (s.N > 0 && math.Abs(s.Center+m.Center) > 1e-12*math.Abs(s.Center)) {
			t.Fatalf("%+v mirrors to %+v", s, m)
		}
		if s.N > 0 && (s.Lo > s.Center || s.Hi < s.Center) {
			t.Fatalf("%+v: the median is outside its interval", s)
		}
	})
}

// The interval holds the true median at least as often as it says, for a
// lopsided law.
func TestIntervalCoversTheMedian(t *testing.T) {
	rng := newRand(1)
	const rounds = 4000
	for _, n := range []int{6, 8, 10, 25} {
		hits := 0
		var confidence float64
		for range rounds {
			x := make([]float64, n)
			for i := range x {
				x[i] = rng.ExpFloat64()
			}
			s := Summarize(x)
			confidence = s.Confidence
			if s.Lo <= math.Ln2 && math.Ln2 <= s.Hi {
				hits++
			}
		}
		share := float64(hits) / rounds
		if sigma := math.Sqrt(confidence * (1 - confidence) / rounds); share < confidence-4*sigma {
			t.Errorf("n = %d: covered in %.2f %% of rounds, want at least %.2f %%", n, 100*share, 100*confidence)
		}
	}
}

func TestUnpaired(t *testing.T) {
	low, high := []float64{1, 2, 3, 4, 5, 6}, []float64{11, 12, 13, 14, 15, 16}
	// Of the 924 orders of 6 among 6, two lie this far apart: p = 2/924.
	if p := Unpaired(low, high); math.Abs(p-2.0/924) > 1e-12 {
		t.Errorf("samples apart: p = %v, want 2/924", p)
	}
	if p := Unpaired(low, low); p < 0.99 {
		t.Errorf("a sample against itself: p = %v, want 1", p)
	}
	if p := Unpaired(low, append(slices.Clone(high), math.NaN())); p != 1 {
		t.Errorf("with a NaN: p = %v, want 1", p)
	}
	if !slices.IsSorted(low) || low[0] != 1 {
		t.Errorf("the sample was changed: %v", low)
	}
}
