package results

import (
	"errors"
	"slices"
	"testing"
)

func TestValue(t *testing.T) {
	trial := &Trial{
		Metrics: map[string]Metric{"requests": {0.5, "1"}, "staleness/p50": {7, "s"}},
		Hists:   map[string]*Hist{"delivery": histOf(1_000_000, 2_000_000, 6_000_000), "staleness": histOf(1), "ttfe": NewHist()},
	}
	for name, want := range map[string]Metric{
		"requests":      {0.5, "1"},
		"delivery/min":  {0.001, "s"},
		"delivery/max":  {0.006, "s"},
		"delivery/mean": {0.003, "s"},
		"staleness/p50": {7, "s"}, // written as a metric, that is what counts
		"staleness/p1":  {1e-9, "s"},
	} {
		if got, err := trial.Value(name); err != nil || got != want {
			t.Errorf("%s = %v, error %v; want %v", name, got, err, want)
		}
	}
	if got, err := trial.Value("delivery/p99.9"); err != nil || got.Value != 0.006 {
		t.Errorf("delivery/p99.9 = %v, error %v", got, err)
	}
	for _, name := range []string{"", "delivery", "delivery/", "delivery/p", "delivery/p0", "delivery/p100", "delivery/p1e1", "delivery/p-5", "delivery/p5.5.5", "delivery/pInf", "delivery/q50", "/p50", "connect/p50", "ttfe/p50"} {
		got, err := trial.Value(name)
		var missing *NoMetricError
		if !errors.As(err, &missing) {
			t.Errorf("%q = %v, error %v; want a NoMetricError", name, got, err)
			continue
		}
		want := []string{"delivery/p50", "requests", "staleness/p50", "ttfe/p50"}
		if missing.Metric != name || !slices.Equal(missing.trial.names(), want) || missing.Empty != (name == "ttfe/p50") {
			t.Errorf("%q: %+v", name, missing)
		}
	}
}

func TestQuantileNamesAreExact(t *testing.T) {
	for name, want := range map[string]float64{"x/p50": 0.5, "x/p99.9": 0.999, "x/p99.99": 0.9999, "x/p10": 0.1, "x/p0.1": 0.001} {
		if _, s, ok := splitStat(name); !ok || s.quantile != want {
			t.Errorf("%s is quantile %v, want %v", name, s.quantile, want)
		}
	}
}

func TestVocabularyIsSound(t *testing.T) {
	seen := map[string]bool{}
	for _, m := range Vocabulary() {
		if seen[m.Name] {
			t.Errorf("%s stands twice", m.Name)
		}
		seen[m.Name] = true
		if m.Meaning == "" || dimensionOf(m.Unit).String() != m.Unit {
			t.Errorf("%s: unit %q, meaning %q", m.Name, m.Unit, m.Meaning)
		}
		if m.Better != "" && m.Better != "lower" && m.Better != "higher" {
			t.Errorf("%s: better %q", m.Name, m.Better)
		}
	}
}

func TestDescribe(t *testing.T) {
	for name, unit := range map[string]string{"bytes/total/down": "B/event", "staleness/p99.9": "s", "connect/max": "s"} {
		if m, ok := Describe(name); !ok || m.Unit != unit || m.Name != name {
			t.Errorf("%s: %+v, %v", name, m, ok)
		}
	}
	for _, name := range []string{"staleness", "staleness/p200", "bytes/total", "latency/p50", ""} {
		if m, ok := Describe(name); ok {
			t.Errorf("%s: %+v", name, m)
		}
	}
}

func TestNearest(t *testing.T) {
	have := []string{"staleness/p50", "requests", "server/cpu"}
	for name, want := range map[string]string{"stalenes/p50": "staleness/p50", "request": "requests", "server/cpus": "server/cpu", "latency": "", "": ""} {
		if got := Nearest(name, have); got != want {
			t.Errorf("nearest to %q is %q, want %q", name, got, want)
		}
	}
}
