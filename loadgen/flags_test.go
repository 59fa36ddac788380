package main

import (
	"strings"
	"testing"
	"time"

	"pushbench/servers/test/hard"
)

// What loadgen says of itself is understood at first reading.
func TestHelpIsPlain(t *testing.T) {
	for _, command := range [][]string{{"-h"}, {"doctor", "-h"}, {"conform", "-h"}} {
		var help strings.Builder
		program(t.Context(), command, nil, &help, &help)
		for _, found := range hard.Screen(help.String()) {
			t.Error(found)
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
