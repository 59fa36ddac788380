package results

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// NoMetricError says that a trial has no value of this name.
type NoMetricError struct {
	Metric string
	Empty  bool   // the histogram is there, and holds nothing
	trial  *Trial // whose names are asked for far less often than whether there is a value
}

func (e *NoMetricError) Error() string {
	if e.Empty {
		return fmt.Sprintf("no value of %s: its histogram is empty", e.Metric)
	}
	have := e.trial.names()
	if len(have) == 0 {
		return fmt.Sprintf("no metric %s: the trial has none at all", e.Metric)
	}
	return fmt.Sprintf("no metric %s; there are %s", e.Metric, strings.Join(have, ", "))
}

// Value reads one number of the trial: a metric by its name, or of a histogram, in s,
// NAME/p50 (any pN below p100), /min, /max and /mean. The error is a *NoMetricError.
func (t *Trial) Value(metric string) (Metric, error) {
	if m, ok := t.Metrics[metric]; ok {
		return m, nil
	}
	name, s, ok := splitStat(metric)
	h := t.Hists[name]
	if !ok || h == nil || h.N() == 0 {
		return Metric{}, &NoMetricError{Metric: metric, Empty: ok && h != nil, trial: t}
	}
	var ns float64
	switch s.name {
	case "min":
		ns = float64(h.Min())
	case "max":
		ns = float64(h.Max())
	case "mean":
		ns = h.Mean()
	default:
		ns = float64(h.Quantile(s.quantile))
	}
	return Metric{Value: ns / 1e9, Unit: "s"}, nil
}

// names lists what Value knows of t, a histogram as one name.
func (t *Trial) names() []string {
	have := slices.Collect(maps.Keys(t.Metrics))
	for name := range t.Hists {
		have = append(have, name+"/p50")
	}
	slices.Sort(have)
	return slices.Compact(have)
}

// UnmarshalJSON insists on both fields: a value of null, or none, would
// otherwise be read as 0.
func (m *Metric) UnmarshalJSON(data []byte) error {
	var raw struct {
		Value *float64 `json:"value"`
		Unit  string   `json:"unit"`
	}
	if err := json.Unmarshal(data, &raw); err != nil {
		return fmt.Errorf("metric: %w", err)
	}
	if raw.Value == nil || raw.Unit == "" {
		return errors.New("metric: it lacks its value or its unit")
	}
	*m = Metric{Value: *raw.Value, Unit: raw.Unit}
	return nil
}
