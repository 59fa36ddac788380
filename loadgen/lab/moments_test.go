package lab

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"pushbench/results"
)

// By hand, in µs: when packets were due, and when they were handed on.
func TestMoments(t *testing.T) {
	type packet struct{ due, handed int64 }
	for _, test := range []struct {
		name    string
		packets []packet
		want    []int64 // how late each moment was
	}{
		{"none", nil, nil},
		{"one", []packet{{0, 50}}, []int64{50}},
		{"an event to three", []packet{{0, 50}, {20, 80}, {40, 110}}, []int64{70}},
		{"one after the other", []packet{{0, 50}, {5000, 5060}, {10000, 10070}}, []int64{50, 60, 70}},
		{"a stall over several events", []packet{{0, 50}, {5000, 25000}, {10000, 25020}, {15000, 25040}, {30000, 30050}}, []int64{50, 20000, 50}},
		{"a stall amid a burst", []packet{{0, 50}, {20, 4000}, {40, 4020}, {9000, 9050}}, []int64{3980, 50}},
		{"a link that cannot keep up", []packet{{0, 3000}, {2000, 6000}, {4500, 9000}, {7500, 13000}}, []int64{4000, 5500}},
		{"as late as the next is due", []packet{{0, 50}, {1050, 1060}, {2051, 2060}}, []int64{50, 9}},
	} {
		m := newMoments()
		for _, p := range test.packets {
			m.handed(1000*p.due, 1000*p.handed)
		}
		late := m.take()
		slices.Sort(test.want)
		if late.N() != int64(len(test.want)) {
			t.Errorf("%s: %d moments, want %d", test.name, late.N(), len(test.want))
			continue
		}
		for i, want := range test.want {
			got := late.Quantile(float64(i+1) / float64(len(test.want)))
			if math.Abs(float64(got)/1000-float64(want)) > 0.001*float64(want) {
				t.Errorf("%s: moment %d is late by %d ns, want %d µs", test.name, i, got, want)
			}
		}
		if again := m.take(); again.N() != 0 {
			t.Errorf("%s: %d moments after all were taken", test.name, again.N())
		}
	}
}

// The latest moment is as late as the latest packet; and packets that fall due one
// by one, and are handed on before the next does, are moments.
func TestMomentsAndPackets(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m, packets := newMoments(), results.NewHist()
		prompt := rapid.Bool().Draw(t, "prompt and apart")
		due, now := int64(0), int64(0)
		for range rapid.IntRange(1, 50).Draw(t, "packets") {
			due += rapid.Int64Range(0, 5*together).Draw(t, "after")
			if prompt {
				due = max(due, now+together+1)
			}
			now = max(now, due) + rapid.Int64Range(0, 3*together).Draw(t, "late by")
			m.handed(due, now)
			packets.Record(now - due)
		}
		late := m.take()
		if late.Max() != packets.Max() || late.N() > packets.N() || prompt && late.N() != packets.N() {
			t.Errorf("%d moments late by at most %d, %d packets by at most %d", late.N(), late.Max(), packets.N(), packets.Max())
		}
	})
}
