package host

import (
	"errors"
	"math"
	"testing"
	"time"
)

// fakeWork makes the canary's slices take the times given, by its clock.
func fakeWork(c *Canary, times ...time.Duration) {
	var clock time.Time
	i := 0
	c.now = func() time.Time { return clock }
	c.work = func() {
		clock = clock.Add(times[i%len(times)])
		i++
	}
}

func measure(t *testing.T, c *Canary) float64 {
	t.Helper()
	s, err := c.Measure()
	if err != nil && !errors.Is(err, ErrNoAffinity) {
		t.Fatal(err)
	}
	return s
}

func TestCanaryIgnoresPreemption(t *testing.T) {
	const ms = time.Millisecond
	for _, test := range []struct {
		name   string
		slices []time.Duration
		want   float64
	}{
		{"even", []time.Duration{5 * ms}, 0.025},
		{"one preemption", []time.Duration{5 * ms, 5 * ms, 40 * ms, 5 * ms, 5 * ms}, 0.025},
		{"two preemptions", []time.Duration{15 * ms, 5 * ms, 40 * ms, 5 * ms, 5 * ms}, 0.025},
		{"a slow machine", []time.Duration{8 * ms, 8 * ms, 7 * ms, 9 * ms, 8 * ms}, 0.040},
	} {
		c := NewCanary(Cores().IDs()[:1])
		fakeWork(c, test.slices...)
		if got := measure(t, c); math.Abs(got-test.want) > 1e-12 {
			t.Errorf("%s: %v s, want %v", test.name, got, test.want)
		}
	}
}

// Each measurement is set against the median of all so far, those of an earlier
// session included.
func TestCanaryRatio(t *testing.T) {
	for _, test := range []struct {
		earlier []float64       // s
		slices  []time.Duration // ms
		want    []float64
	}{
		{nil, []time.Duration{4, 6, 4, 8, 3}, []float64{1, 1.2, 1, 1.6, 0.75}},
		{[]float64{0.030, 0.010}, []time.Duration{4, 3}, []float64{1, 15. / 17.5}},
	} {
		c := NewCanary(Cores().IDs()[:1], test.earlier...)
		for i, slice := range test.slices {
			fakeWork(c, slice*time.Millisecond)
			if got := c.Ratio(measure(t, c)); math.Abs(got-test.want[i]) > 1e-12 {
				t.Errorf("after %v, measurement %d: ratio %v, want %v", test.earlier, i+1, got, test.want[i])
			}
		}
	}
}

func TestCanaryMeasures(t *testing.T) {
	c := NewCanary(Cores().IDs()[:1])
	if got := measure(t, c); got <= 0 || c.Ratio(got) != 1 {
		t.Errorf("%v s, ratio %v to itself", got, c.Ratio(got))
	}
}

// The work must be the same in every version, or resumed runs compare
// different things.
func TestChurnIsFixed(t *testing.T) {
	words := []uint64{1, 2, 3, 4, 5, 6, 7, 8, 9}
	var lane [4]uint64
	for i := range lane {
		lane[i] = 42 + uint64(i)
	}
	for range canaryPasses {
		for i, w := range words[:8] {
			lane[i%4] = (lane[i%4] ^ w) * 0x100000001b3
		}
	}
	if got, want := churn(words, 42), lane[0]^lane[1]^lane[2]^lane[3]; got != want {
		t.Errorf("%#x, want %#x", got, want)
	}
}

func BenchmarkCanary(b *testing.B) {
	c := NewCanary(Cores().IDs()[:1])
	for b.Loop() {
		if _, err := c.Measure(); err != nil && !errors.Is(err, ErrNoAffinity) {
			b.Fatal(err)
		}
	}
}
