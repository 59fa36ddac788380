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
