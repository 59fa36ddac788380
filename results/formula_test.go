package results

import (
	"strings"
	"testing"
)

// Formulas by their known answers: every name is 10, and n is 4.
func TestFormula(t *testing.T) {
	for _, c := range []struct {
		text, unit string
		want       float64
	}{
		{"server/cpu", "s", 10},
		{"y[poll?interval=1s] ÷ y[ws]", "", 1},
		{"conn/{bytes,tcpip}/{down,up} ÷ n + wire/ip", "B", 12.5},
		{"(97B + 117B) × requests ÷ 2B", "1", 1070},
		{"wire/ip ÷ 2B ÷ 5", "1", 1},
		{"held/server-rss − held/server-heap − held/server-stacks", "B", -10},
		{"1 ÷ requests[poll?interval=100ms, tls=on]", "1", 0.1},
	} {
		f, err := ParseFormula(c.text)
		if err != nil {
			t.Errorf("%s: %v", c.text, err)
			continue
		}
		got := f.Value(func(term *Term) float64 {
			if term.Name == "n" {
				return 4
			}
			return 10
		})
		unit, err := f.Unit(func(term *Term) string { return term.unitInFigures() })
		if err != nil || got != c.want || unit != c.unit {
			t.Errorf("%s: %v in %q (%v), want %v in %q", c.text, got, unit, err, c.want, c.unit)
		}
	}
	for text, want := range map[string]string{
		"wire/ip + server/cpu":         "cannot add s to B",
		"staleness/{p50,p99}":          "have no sum",
		"bytes/{total,payloads}/down":  "did you mean bytes/payload/down?",
		"idle/{kernel,server-cpu}":     "do not add up",
		"staleness":                    "whole distribution",
		"server/cpu ÷":                 "want NAME",
		"server/cpu < 3":               "want an operator or the end",
		"server/cpu[poll, interval=1s": "never closed",
		strings.Repeat("(", 60) + "1":  "parentheses",
	} {
		if _, err := ParseFormula(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v; want %q", text, err, want)
		}
	}
	if _, err := ParseExpect("server/cpu[ws] ÷ 2 < 1s/event"); err == nil {
		t.Error("a claim may divide")
	}
}
