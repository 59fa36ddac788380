package main

import (
	"testing"
	"time"
)

// The time counts from when the command began, wherever the host's clock is by now.
func TestSince(t *testing.T) {
	now := time.Unix(1_700_000_100, 500_000_000)
	for _, test := range []struct {
		since string
		want  time.Duration // before now
	}{
		{"1700000100", 500 * time.Millisecond}, {"1700000000", 100500 * time.Millisecond}, {"1700000100.25", 250 * time.Millisecond},
		{"1700000200", 0}, // the clock was set back
		{"0", now.Sub(time.Unix(0, 0))},
	} {
		got, err := parseSince(test.since, now)
		if ago := now.Sub(got); err != nil || (ago-test.want).Abs() > time.Millisecond {
			t.Errorf("%s: %v ago, %v; want %v", test.since, ago, err, test.want)
		}
	}
	for _, text := range []string{"", "now", "-1", "NaN", "Inf", "1e300"} {
		if got, err := parseSince(text, now); err == nil {
			t.Errorf("%q: %v", text, got)
		}
	}
}

// The time is for all scenarios of a command, which get as many blocks each; what one
// leaves over is for the others.
func TestTimeIsShared(t *testing.T) {
	one := newSession(t, 7, options{}, made).plan
	three := newSession(t, 7, options{}, made).plan
	three.scenario.Measure *= 3
	ratio := float64(three.blockTime()) / float64(one.blockTime())
	near := func(got time.Duration, want float64) bool {
		return (got - time.Duration(want)).Abs() < time.Millisecond
	}

	o := options{time: time.Hour, began: time.Now()}
	if got := share(o.time, []*plan{one, three}); !near(got, float64(time.Hour)/(1+ratio)) {
		t.Errorf("the first of two has %v, and a block of the second takes %.2g times as long", got, ratio)
	}
	if got := share(o.time, []*plan{three}); got != time.Hour {
		t.Errorf("the last has %v of what is left", got)
	}
	now := o.began.Add(30 * time.Minute)
	if got := o.until([]*plan{one, one}, now); !near(got.Sub(o.began), float64(45*time.Minute)) {
		t.Errorf("the first of two has until %v after the beginning", got.Sub(o.began))
	}
	if got := o.until([]*plan{one}, now); got.Sub(o.began) != time.Hour {
		t.Errorf("the last has until %v after the beginning", got.Sub(o.began))
	}
	if got := (options{began: now}).until([]*plan{one}, now); !got.IsZero() {
		t.Errorf("without a time it is up at %v", got)
	}
}
