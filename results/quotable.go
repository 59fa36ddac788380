package results

import (
	"fmt"

	"pushbench/servers/units"
)

// enough is the number of values that must lie beyond a quantile before it is printed.
const enough = 10

// perSubscriber names the histograms with one value per subscriber and trial,
// not one per event.
var perSubscriber = map[string]bool{
	"connect": true, "connect-tcp": true, "connect-tls": true, "connect-tls-resumed": true, "ttfe": true,
	"staleness-mean-by-subscriber": true, "staleness-max-by-subscriber": true,
	"notice/server": true, "notice/fleet": true,
}

// Printable reports whether a metric of t may be quoted, and why not. A quantile q of a
// histogram needs ten different values beyond it in each trial: n · min(q, 1−q) ≥ 10.
// For latencies n counts different events, since all subscribers share their delays;
// where each polls at a phase of its own, each pair counts. All else may be quoted.
func (r *Run) Printable(t Treatment, metric string) (ok bool, why string) {
	hist, s, ok := splitStat(metric)
	if !ok || s.quantile == 0 {
		return true, ""
	}
	least, what := -1.0, ""
	for _, trial := range r.bearing(t, metric) {
		h := trial.Hists[hist]
		if _, direct := trial.Metrics[metric]; direct || h == nil {
			continue
		}
		if n, of := trial.different(hist, float64(h.N())); least < 0 || n < least {
			least, what = n, of
		}
	}
	if least < 0 {
		return true, ""
	}
	beyond := least * min(s.quantile, 1-s.quantile)
	if beyond < enough*(1-1e-9) { // 1−0.999 is a little less than 0.001
		return false, fmt.Sprintf("%s needs %d values beyond it in each trial, and %.0f %s give %s", metric, enough, least, what, units.Format(beyond, "1"))
	}
	return true, ""
}

// different is how many values of a histogram differ by more than chance, and what
// they are of.
func (t *Trial) different(hist string, values float64) (n float64, of string) {
	switch transport, _, _ := splitTransport(t.Treatment.Transport()); {
	case perSubscriber[hist]:
		return values, "subscribers"
	case hist == "roundtrip" || hist == "uplink-lag": // of a message that is one subscriber's alone
		return values, "messages"
	case hist != "publish-lag" && transport == "poll":
		return values, "events at as many phases"
	}
	for _, name := range []string{"events/distinct", "events/expected"} { // the second as a makeshift
		if m, ok := t.Metrics[name]; ok {
			return min(values, m.Value), "different events"
		}
	}
	return values, "different events"
}
