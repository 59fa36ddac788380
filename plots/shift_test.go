package main

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// Critical values of the two-sided Mann–Whitney U-test at 5 %, as printed in
// textbooks (Hollander, Wolfe and Chicken, table A.6): the test sees a
// difference where U is at most this. shiftRank is one above it; −1 means that
// no U is small enough.
func TestShiftRankKnownAnswers(t *testing.T) {
	for _, c := range []struct{ a, b, critical int }{
		{3, 3, -1}, {3, 4, -1}, {2, 8, 0}, {3, 5, 0}, {4, 4, 0}, {5, 5, 2}, {6, 6, 5}, {7, 7, 8},
		{8, 8, 13}, {9, 9, 17}, {10, 10, 23}, {5, 8, 6}, {7, 10, 14}, {15, 15, 64}, {20, 20, 127},
	} {
		if got := shiftRank(c.a, c.b); got != c.critical+1 {
			t.Errorf("shiftRank(%d, %d) = %d, want %d", c.a, c.b, got, c.critical+1)
		}
		if got := shiftRank(c.b, c.a); got != c.critical+1 {
			t.Errorf("shiftRank(%d, %d) = %d, want %d", c.b, c.a, got, c.critical+1)
		}
	}
}

// Where counting hands over to the normal law, the two nearly agree.
func TestShiftRankHandsOver(t *testing.T) {
	exact, normal := shiftRank(40, 40), shiftRank(40, 41)
	if d := normal - exact; d < 0 || d > 40 {
		t.Errorf("shiftRank(40, 40) = %d, (40, 41) = %d", exact, normal)
	}
	if shiftRank(1000, 1000) <= 0 {
		t.Error("large samples have no interval")
	}
}

func TestUCountsSum(t *testing.T) {
	binomial := map[[2]int]float64{{1, 1}: 2, {2, 3}: 10, {4, 4}: 70, {6, 7}: 1716}
	for n, want := range binomial {
		sum := 0.0
		counts := uCounts(n[0], n[1])
		for _, c := range counts {
			sum += c
		}
		if sum != want || len(counts) != n[0]*n[1]+1 {
			t.Errorf("uCounts%v sums to %v over %d, want %v", n, sum, len(counts), want)
		}
	}
}

func difference(o, n float64) float64 { return n - o }

// Exchanging old and new turns the shift around; adding to one moves it along.
func TestShiftProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		whole := rapid.Map(rapid.IntRange(-1000, 1000), func(i int) float64 { return float64(i) })
		a := rapid.SliceOfN(whole, 1, 12).Draw(t, "a")
		b := rapid.SliceOfN(whole, 1, 12).Draw(t, "b")
		ab, ba := shift(a, b, difference), shift(b, a, difference)
		if ab.Center != -ba.Center || ab.Lo != -ba.Hi || ab.Hi != -ba.Lo {
			t.Fatalf("shift %+v, turned around %+v", ab, ba)
		}
		if !(ab.Lo <= ab.Center && ab.Center <= ab.Hi) {
			t.Fatalf("the interval of %+v leaves its centre out", ab)
		}
		moved := slices.Clone(b)
		for i := range moved {
			moved[i] += 5000
		}
		if m := shift(a, moved, difference); m.Center != ab.Center+5000 || m.Lo != ab.Lo+5000 {
			t.Fatalf("shift %+v, moved by 5000 %+v", ab, m)
		}
	})
}

func TestShiftOfNothing(t *testing.T) {
	for _, s := range [][2][]float64{{nil, nil}, {{1}, nil}, {{math.NaN()}, {1}}} {
		got := shift(s[0], s[1], difference)
		if !math.IsNaN(got.Center) || got.Finite() {
			t.Errorf("shift(%v) = %+v, want nothing", s, got)
		}
	}
}
