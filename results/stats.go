package results

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Treatments lists the run's treatments in planned order, and behind them any
// that were run without being planned.
func (r *Run) Treatments() []Treatment {
	list := slices.Clone(r.Header.Plan.Treatments)
	for _, trial := range r.Trials {
		same := func(t Treatment) bool { return maps.Equal(t, trial.Treatment) }
		if !slices.ContainsFunc(list, same) {
			list = append(list, trial.Treatment)
		}
	}
	return list
}

// kept returns the trials of t that enter statistics, by block: the first kept
// one of each.
func (r *Run) kept(t Treatment) map[int]*Trial {
	byBlock := map[int]*Trial{}
	for _, trial := range r.Trials {
		if trial.Kept() && byBlock[trial.Block] == nil && maps.Equal(trial.Treatment, t) {
			byBlock[trial.Block] = trial
		}
	}
	return byBlock
}

// Samples are the values of a metric in the kept trials of t, by block, with
// their unit. Trials that lack the metric are left out; where all of them do
// the error is a *NoMetricError. A treatment without kept trials has no samples,
// and no error.
func (r *Run) Samples(t Treatment, metric string) (values map[int]float64, unit string, err error) {
	kept := r.kept(t)
	values = make(map[int]float64, len(kept))
	var missing error
	for _, block := range slices.Sorted(maps.Keys(kept)) {
		m, err := kept[block].Value(metric)
		switch {
		case err != nil:
			missing = err
			continue
		case unit == "":
			unit = m.Unit
		case unit != m.Unit:
			return nil, "", fmt.Errorf("%s: block %d of %s gives it in %s, others in %s", metric, block, t.Transport(), m.Unit, unit)
		}
		values[block] = m.Value
	}
	if len(values) == 0 && missing != nil {
		return nil, "", fmt.Errorf("%s: %w", t.Transport(), missing)
	}
	return values, unit, nil
}

// Summary summarises a metric of t over its blocks.
func (r *Run) Summary(t Treatment, metric string) (s Summary, unit string, err error) {
	values, unit, err := r.Samples(t, metric)
	if err != nil {
		return Summary{}, "", err
	}
	return Summarize(inBlockOrder(values)), unit, nil
}

func inBlockOrder(values map[int]float64) []float64 {
	list := make([]float64, 0, len(values))
	for _, block := range slices.Sorted(maps.Keys(values)) {
		list = append(list, values[block])
	}
	return list
}

// Ratio summarises a over b, formed within each block that has both: what the
// host did to one it did to the other. It is an error where b is 0.
func (r *Run) Ratio(a, b Treatment, metric string) (Summary, error) {
	x, y, err := r.paired(a, b, metric)
	if err != nil {
		return Summary{}, err
	}
	if slices.Contains(y, 0) {
		return Summary{}, fmt.Errorf("no ratio of %s: it is 0 for %s", metric, b.Transport())
	}
	for i := range x {
		x[i] /= y[i]
	}
	return Summarize(x), nil
}

// Difference summarises a minus b, formed within each block that has both, in
// the unit of the metric.
func (r *Run) Difference(a, b Treatment, metric string) (Summary, error) {
	x, y, err := r.paired(a, b, metric)
	if err != nil {
		return Summary{}, err
	}
	for i := range x {
		x[i] -= y[i]
	}
	return Summarize(x), nil
}

// paired returns the values of both treatments in the blocks that have both.
func (r *Run) paired(a, b Treatment, metric string) (x, y []float64, err error) {
	ofA, unitA, errA := r.Samples(a, metric)
	ofB, unitB, errB := r.Samples(b, metric)
	if err := errors.Join(errA, errB); err != nil {
		return nil, nil, err
	}
	if len(ofA) > 0 && len(ofB) > 0 && unitA != unitB {
		return nil, nil, fmt.Errorf("%s is in %s for %s and in %s for %s", metric, unitA, a.Transport(), unitB, b.Transport())
	}
	for _, block := range slices.Sorted(maps.Keys(ofA)) {
		if v, ok := ofB[block]; ok {
			x, y = append(x, ofA[block]), append(y, v)
		}
	}
	return x, y, nil
}

// Pooled is the histogram of all kept trials of t together. It is for drawing
// spectra; a quantile that is quoted is the median of the trials' own, because
// one bad trial would rule the pooled tail.
func (r *Run) Pooled(t Treatment, hist string) (*Hist, error) {
	kept := r.kept(t)
	pool, found := NewHist(), false
	for _, block := range slices.Sorted(maps.Keys(kept)) {
		if h := kept[block].Hists[hist]; h != nil {
			if err := pool.Merge(h); err != nil {
				return nil, fmt.Errorf("pool %s of %s: block %d: %w", hist, t.Transport(), block, err)
			}
			found = true
		}
	}
	if !found {
		return nil, fmt.Errorf("pool %s of %s: none of its %d kept trials has that histogram", hist, t.Transport(), len(kept))
	}
	return pool, nil
}

// enough is the number of values that must lie beyond a quantile before it is
// printed.
const enough = 10

// perSubscriber names the histograms with one value per subscriber and trial,
// not one per event.
var perSubscriber = map[string]bool{
	"connect": true, "ttfe": true,
	"staleness-mean-by-subscriber": true, "staleness-max-by-subscriber": true,
	"notice/server": true, "notice/fleet": true,
}

// Printable reports whether a metric of t may be quoted, and why not. A
// quantile q of a histogram needs ten different values beyond it,
// n · min(q, 1−q) ≥ 10, over all kept trials together. For latencies n counts
// different events, since all subscribers see the same ones and share their
// delays. Whatever is not a quantile may be quoted.
func (r *Run) Printable(t Treatment, metric string) (ok bool, why string) {
	hist, s, ok := splitStat(metric)
	if !ok || s.quantile == 0 {
		return true, ""
	}
	var n float64
	what := "different events"
	for _, trial := range r.kept(t) {
		if _, direct := trial.Metrics[metric]; direct {
			return true, ""
		}
		h := trial.Hists[hist]
		if h == nil {
			continue
		}
		values := float64(h.N())
		if perSubscriber[hist] {
			what = "subscribers"
		} else if hist == "roundtrip" || hist == "uplink-lag" { // of a message that is one subscriber's alone
			what = "messages"
		} else if events, ok := trial.distinctEvents(); ok {
			values = min(values, events)
		}
		n += values
	}
	beyond := n * min(s.quantile, 1-s.quantile)
	if beyond < enough*(1-1e-9) { // 1−0.999 is a little less than 0.001
		return false, fmt.Sprintf("%s needs %d values beyond it, and %.0f %s give %s", metric, enough, n, what, Format(beyond, "1"))
	}
	return true, ""
}

// distinctEvents is the number of different events that t delivered, or as a
// makeshift that it was to deliver.
func (t *Trial) distinctEvents() (n float64, ok bool) {
	for _, name := range []string{"events/distinct", "events/expected"} {
		if m, ok := t.Metrics[name]; ok {
			return m.Value, true
		}
	}
	return 0, false
}

// Counts says how a run went, in trials.
type Counts struct {
	Planned   int // treatments × blocks
	Written   int // in the file, of every kind
	Kept      int // that enter statistics
	Invalid   int
	Disturbed int
	Repeated  int // second attempts and later
}

// Counts counts the run's trials. One that is invalid and disturbed counts as
// both.
func (r *Run) Counts() Counts {
	c := Counts{
		Planned: len(r.Header.Plan.Treatments) * r.Header.Plan.Blocks,
		Written: len(r.Trials),
	}
	for _, t := range r.Trials {
		if t.Kept() {
			c.Kept++
		}
		if !t.Valid {
			c.Invalid++
		}
		if t.Disturbed {
			c.Disturbed++
		}
		if t.Attempt > 0 {
			c.Repeated++
		}
	}
	return c
}

// KeptBlocks is the number of blocks in which t has a kept trial: with fewer
// than MinBlocks there is no interval.
func (r *Run) KeptBlocks(t Treatment) int { return len(r.kept(t)) }

// twinLabel marks a second treatment of the same transport, as in "ws#twin",
// run so that equals are compared: whatever differs is noise.
const twinLabel = "#twin"

// twinOf finds the twin of t among the run's treatments.
func (r *Run) twinOf(t Treatment) (twin Treatment, ok bool) {
	want := maps.Clone(t)
	want["transport"] = t.Transport() + twinLabel
	for _, candidate := range r.Treatments() {
		if maps.Equal(candidate, want) {
			return candidate, true
		}
	}
	return nil, false
}

// NoiseFloor summarises twin over original for a metric, over all twins of the
// run and all blocks: how far apart two runs of the same thing lie here. It is
// false where the run has no twin, or the metric no such ratio.
func (r *Run) NoiseFloor(metric string) (ratio Summary, ok bool) {
	var ratios []float64
	for _, t := range r.Treatments() {
		twin, found := r.twinOf(t)
		if !found || strings.HasSuffix(t.Transport(), twinLabel) {
			continue
		}
		x, y, err := r.paired(twin, t, metric)
		if err != nil || slices.Contains(y, 0) {
			continue
		}
		for i := range x {
			ratios = append(ratios, x[i]/y[i])
		}
	}
	return Summarize(ratios), len(ratios) > 0
}
