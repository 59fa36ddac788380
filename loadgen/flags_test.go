package main

import (
	"strings"
	"testing"
	"time"
)

func TestParseTime(t *testing.T) {
	for _, test := range []struct {
		text string
		want time.Duration
	}{
		{"4min", 4 * time.Minute}, {"20min", 20 * time.Minute}, {"1h30m", 90 * time.Minute}, {"1h30min", 90 * time.Minute}, {"240s", 4 * time.Minute},
		{"1min30s", 90 * time.Second}, {"1.5min", 90 * time.Second}, {"500ms", 500 * time.Millisecond},
	} {
		if got, err := parseTime(test.text); err != nil || got != test.want {
			t.Errorf("%q: %v, %v; want %v", test.text, got, err, test.want)
		}
	}
	for _, text := range []string{"", "4", "0s", "-4min", "4mins", "4 min", "min", "four", "4minutes", "1e9h", "NaN"} {
		if got, err := parseTime(text); err == nil || !strings.HasPrefix(err.Error(), "use a time above zero such as 4min, ") {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
}

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
