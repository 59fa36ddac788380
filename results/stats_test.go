package results

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// Student's t, by the tables: 4.303, 2.776, 2.365 and 2.093 for 3, 5, 8 and 20
// values at 95 %.
func TestIntervalIsStudents(t *testing.T) {
	for n, want := range map[int]float64{3: 4.3027, 5: 2.7764, 8: 2.3646, 20: 2.0930} {
		x := make([]float64, n)
		for i := range x {
			x[i] = -float64(i % 2) // not above 0, so that nothing is taken a logarithm of
		}
		m := momentsOf(x, 0.05)
		if got := m.half() / (m.sd / math.Sqrt(float64(n))); math.Abs(got-want) > 1e-4 {
			t.Errorf("n = %d: %.4f standard errors to either side, want %.4f", n, got, want)
		}
	}
}

func TestSummarize(t *testing.T) {
	in := []float64{9, 1, 5, 3, 8, 2, 7}
	s := Summarize(in)
	if want := math.Pow(9*1*5*3*8*2*7, 1./7); s.N != 7 || !near(s.Center, want) || !near(s.Center/s.Lo, s.Hi/s.Center) {
		t.Errorf("the geometric mean is %v: %+v", want, s)
	}
	if !slices.Equal(in, []float64{9, 1, 5, 3, 8, 2, 7}) {
		t.Error("the values were changed")
	}
	if s := Summarize([]float64{0, 1, 2}); s.Center != 1 || !near(s.Hi-1, 1-s.Lo) || !near(s.Hi, 1+4.302652729911275/math.Sqrt(3)) {
		t.Errorf("with a 0 it is the arithmetic mean: %+v", s)
	}
	if !Summarize(make([]float64, MinBlocks)).Finite() {
		t.Errorf("MinBlocks is not %d", MinBlocks)
	}
	if s := Summarize([]float64{4, 1}); s.Center != 2 || s.Finite() || !math.IsInf(s.Lo, -1) || !math.IsInf(s.Hi, 1) {
		t.Errorf("two values: %+v", s)
	}
	if s := Summarize(nil); s.N != 0 || !math.IsNaN(s.Center) || s.Finite() {
		t.Errorf("no value: %+v", s)
	}
	for _, odd := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		if s := Summarize([]float64{1, 2, 3, odd, 5, 6, 7}); !math.IsNaN(s.Center) || s.Finite() {
			t.Errorf("%v among them: %+v", odd, s)
		}
	}
	if s := Summarize([]float64{1e300, 1e300}); math.Abs(s.Center/1e300-1) > 1e-9 {
		t.Errorf("the mean of great floats is %v", s.Center)
	}
}

// A claim and its mirror image must come out alike, so moments must mirror, and
// their tests with them.
func TestMomentsMirror(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := rapid.SliceOfN(rapid.Float64Range(-1e6, 1e6), 0, 60).Draw(t, "x")
		mirror := make([]float64, len(x))
		for i, v := range x {
			mirror[i] = -v
		}
		s, m := momentsOf(x, 0.05), momentsOf(mirror, 0.05)
		lo, hi := s.mean-s.half(), s.mean+s.half()
		back, there := m.mean-m.half(), m.mean+m.half()
		close := func(a, b float64) bool { return a == b || math.Abs(a-b) <= 1e-9*(math.Abs(a)+math.Abs(b))+1e-9 }
		if s.n > 0 && (!close(lo, -there) || !close(hi, -back) || !close(s.above(1), m.below(-1))) {
			t.Fatalf("%+v mirrors to %+v", s, m)
		}
		if s.n > 0 && (lo > s.mean || hi < s.mean) {
			t.Fatalf("%+v: the mean is outside its interval", s)
		}
	})
}

// The interval holds 0 exactly where the two-sided test does not reject it.
func TestIntervalIsTheTest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := momentsOf(rapid.SliceOfN(rapid.Float64Range(-2, 3), 3, 20).Draw(t, "x"), 0.05)
		lo, hi := m.mean-m.half(), m.mean+m.half()
		p := 2 * min(m.above(0), m.below(0))
		if math.Abs(p-0.05) > 1e-9 && (lo > 0 || hi < 0) != (p < 0.05) {
			t.Fatalf("%+v: from %g to %g, and p = %g", m, lo, hi, p)
		}
	})
}

// Holm's own example of the step-down, and that order does not matter.
func TestHolm(t *testing.T) {
	got := Holm([]float64{0.04, 0.01, 0.03, 0.005})
	for i, want := range []float64{0.06, 0.03, 0.06, 0.02} {
		if !near(got[i], want) {
			t.Errorf("%v: number %d is %v, want %v", got, i, got[i], want)
		}
	}
	if got := Holm([]float64{0.5, 0.9}); got[0] != 1 || got[1] != 1 {
		t.Errorf("beyond 1: %v", got)
	}
	if got := Holm(nil); len(got) != 0 {
		t.Errorf("of nothing: %v", got)
	}
}
