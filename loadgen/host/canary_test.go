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

func TestCanaryRatio(t *testing.T) {
	c := NewCanary(Cores().IDs()[:1])
	if !math.IsNaN(c.Median()) || !math.IsNaN(c.Ratio(0.02)) {
		t.Errorf("before the first measurement: median %v, ratio %v; want NaN", c.Median(), c.Ratio(0.02))
	}
	for i, step := range []struct {
		slice         time.Duration
		median, ratio float64
	}{
		{4 * time.Millisecond, 0.020, 1},
		{6 * time.Millisecond, 0.025, 1.2},
		{4 * time.Millisecond, 0.020, 1},
		{8 * time.Millisecond, 0.025, 1.6},
		{3 * time.Millisecond, 0.020, 0.75},
	} {
		fakeWork(c, step.slice)
		got := c.Ratio(measure(t, c))
		if math.Abs(got-step.ratio) > 1e-12 || math.Abs(c.Median()-step.median) > 1e-12 {
			t.Errorf("measurement %d: ratio %v to median %v; want %v to %v", i+1, got, c.Median(), step.ratio, step.median)
		}
	}
}

func TestCanaryOfAResumedRun(t *testing.T) {
	c := NewCanary(Cores().IDs()[:1], 0.030, math.NaN(), 0.010, -1, 0, math.Inf(1), 0.020)
	if got := c.Median(); got != 0.020 {
		t.Errorf("median %v of the earlier measurements, want 0.020", got)
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
