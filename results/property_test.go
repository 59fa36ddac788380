package results

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// drawn is a run of three treatments at two rates, of which some trials are missing.
func drawn(t *rapid.T) *Run {
	blocks := rapid.IntRange(1, 9).Draw(t, "blocks")
	v := rapid.Float64Range(0.5, 2)
	times := rapid.SliceOfN(rapid.SampledFrom([]float64{1, 1.5, 6}), 3, 3).Draw(t, "times")
	r := runOf(blocks, func(transport string, _ Treatment, _ int) values {
		x := v.Draw(t, "v") * times[transport[0]-'a']
		return values{"staleness/p50": x * 1e-3, "server/cpu": x * 1e-5, "bytes/total/down": x * 100}
	}, "a, rate=1/s", "b, rate=1/s", "c, rate=1/s", "a, rate=9/s", "b, rate=9/s", "c, rate=9/s")
	keep := rapid.SliceOfN(rapid.IntRange(0, 9), len(r.Trials), len(r.Trials)).Draw(t, "keep")
	i := 0
	r.Trials = slices.DeleteFunc(r.Trials, func(*Trial) bool { i++; return keep[i-1] == 0 })
	return r
}

// mirrored are claims, their mirror images and their opposites.
func mirrored() (claims, mirrors, opposites []Claim) {
	for _, metric := range []string{"staleness/p50", "server/cpu", "bytes/total/down"} {
		for _, sides := range [][2]string{{"a", "b"}, {"b", "c"}} {
			l, r := fmt.Sprintf("%s[%s]", metric, sides[0]), fmt.Sprintf("%s[%s]", metric, sides[1])
			claims = append(claims, Claim{Expect: l + " < " + r})
			mirrors = append(mirrors, Claim{Expect: r + " > " + l})
			opposites = append(opposites, Claim{Expect: l + " > " + r})
		}
	}
	return
}

func outcomes(vs []Verdict) (list []Outcome) {
	for _, v := range vs {
		list = append(list, v.Outcome)
		for _, c := range v.Cells {
			list = append(list, c.Outcome)
		}
	}
	return list
}

// "a < b" and "b > a" are one claim, and "a > b" fails where "a < b" holds, however many
// are judged together and in whatever combinations.
func TestVerdictsMirrorAmongMany(t *testing.T) {
	claims, mirrors, opposites := mirrored()
	rapid.Check(t, func(t *rapid.T) {
		r := drawn(t)
		plain := outcomes(r.Judge(claims))
		if mirror := outcomes(r.Judge(mirrors)); !slices.Equal(plain, mirror) {
			t.Fatalf("%v mirrors to %v", plain, mirror)
		}
		for i, o := range outcomes(r.Judge(opposites)) {
			want := map[Outcome]Outcome{Holds: Fails, Fails: Holds}[plain[i]]
			if want == "" {
				want = plain[i]
			}
			if o != want {
				t.Fatalf("number %d is %s, and its opposite %s", i, plain[i], o)
			}
		}
	})
}

// A verdict hangs neither on the order of the trials in the file, nor on the numbers
// that blocks have, nor on the order of the claims.
func TestOrderDoesNotMatter(t *testing.T) {
	claims, _, _ := mirrored()
	rapid.Check(t, func(t *rapid.T) {
		r := drawn(t)
		before := outcomes(r.Judge(claims))
		shuffled := &Run{Header: r.Header}
		last := 0
		for _, trial := range r.Trials {
			last = max(last, trial.Block)
		}
		for _, trial := range rapid.Permutation(r.Trials).Draw(t, "trials") {
			other := *trial
			other.Block = 1 + last - trial.Block
			shuffled.Trials = append(shuffled.Trials, &other)
		}
		if after := outcomes(shuffled.Judge(claims)); !slices.Equal(before, after) {
			t.Fatalf("%v became %v", before, after)
		}
		reversed := slices.Clone(claims)
		slices.Reverse(reversed)
		vs := r.Judge(reversed)
		slices.Reverse(vs)
		if after := outcomes(vs); !slices.Equal(before, after) {
			t.Fatalf("the claims in reverse: %v became %v", before, after)
		}
	})
}

// A wider tolerance makes nothing fail that held. By ratio it also leaves what held,
// and makes nothing fail that was open; by difference the noise hangs on the tolerance,
// which is a share of each block's own right side.
func TestWiderTolerances(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := drawn(t)
		metric := rapid.SampledFrom([]string{"staleness/p50", "server/cpu", "bytes/total/down"}).Draw(t, "metric")
		narrow := rapid.IntRange(1, 90).Draw(t, "narrow")
		wide := narrow + rapid.IntRange(1, 60).Draw(t, "more")
		of := func(tolerance int) []Outcome {
			return outcomes(r.Judge([]Claim{{Expect: fmt.Sprintf("%s[a] ≈ %[1]s[b] ± %d%%", metric, tolerance), Where: map[string]string{"rate": "1/s"}}}))
		}
		n, w := of(narrow), of(wide)
		byRatio := metric != "staleness/p50"
		if n[0] == Holds && w[0] == Fails || byRatio && (n[0] == CannotTell && w[0] == Fails || n[0] == Holds && w[0] != Holds) {
			t.Fatalf("± %d %%: %s, ± %d %%: %s", narrow, n[0], wide, w[0])
		}
	})
}

// One more broken rule adds no value to any sample, and changes none that stays.
func TestBrokenRulesOnlyTakeAway(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := drawn(t)
		if len(r.Trials) == 0 {
			return
		}
		metrics := []string{"staleness/p50", "server/cpu", "bytes/total/down"}
		sample := func() (all []map[int]float64) {
			for _, tr := range r.Treatments() {
				for _, m := range metrics {
					s, _ := r.Sample(tr, m)
					all = append(all, s.Values)
				}
			}
			return all
		}
		before := sample()
		for range rapid.IntRange(1, 5).Draw(t, "rules") {
			breaks(rapid.SampledFrom(r.Trials).Draw(t, "trial"), rapid.SampledFrom(Classes).Draw(t, "class"))
		}
		for i, after := range sample() {
			for block, v := range after {
				if was, found := before[i][block]; !found || was != v {
					t.Fatalf("block %d: %v, %v before", block, v, was)
				}
			}
		}
	})
}
