package results

import (
	"fmt"
	"iter"
	"maps"
	"math"
	"slices"
	"strings"
)

// Treatments lists the run's treatments in planned order, and behind them any
// that were run without being planned.
func (r *Run) Treatments() []Treatment {
	r.index()
	return slices.Clone(r.indexed.treatments)
}

// trialsOf returns the trials of t by block: those of each block's last pass, whatever
// came out of it.
func (r *Run) trialsOf(t Treatment) map[int]*Trial {
	r.index()
	return r.indexed.trials[t.Key()]
}

// LastPasses are the trials of each block's last pass, in the order of the file. A block
// that was interrupted is begun again, so that all of its trials have met the same host.
func (r *Run) LastPasses() map[int][]*Trial {
	passes := map[int][]*Trial{}
	for _, t := range r.Trials {
		pass := passes[t.Block]
		if len(pass) > 0 && pass[0].Pass != t.Pass {
			pass = nil
		}
		passes[t.Block] = append(pass, t)
	}
	return passes
}

// index sorts the trials by treatment and block, where that is not done yet.
func (r *Run) index() {
	planned := r.Header.Plan.Treatments
	if r.indexed.of == len(r.Trials) && r.indexed.planned == len(planned) && r.indexed.trials != nil {
		return
	}
	treatments, counted := slices.Clone(planned), map[string]map[int]*Trial{}
	for _, t := range planned {
		counted[t.Key()] = map[int]*Trial{}
	}
	for _, trial := range r.Trials {
		if key := trial.Treatment.Key(); counted[key] == nil {
			counted[key], treatments = map[int]*Trial{}, append(treatments, trial.Treatment)
		}
	}
	for block, trials := range r.LastPasses() {
		for _, trial := range trials {
			counted[trial.Treatment.Key()][block] = trial
		}
	}
	r.indexed = index{of: len(r.Trials), planned: len(planned), treatments: treatments, trials: counted, usual: map[string]Metric{}}
}

// index is the trials that count, by treatment and block.
type index struct {
	of, planned int // trials of the run, and treatments of its plan, when it was made
	treatments  []Treatment
	trials      map[string]map[int]*Trial
	usual       map[string]Metric // exact values, by treatment and metric
}

// bearing returns the trials of t that have a say in a metric, by block.
func (r *Run) bearing(t Treatment, metric string) map[int]*Trial {
	bearing := map[int]*Trial{}
	for block, trial := range r.trialsOf(t) {
		if r.counts(trial, metric) {
			bearing[block] = trial
		}
	}
	return bearing
}

// counts reports whether a trial has a say in a metric.
func (r *Run) counts(t *Trial, metric string) bool { return t.Bears(metric) && !r.strays(t, metric) }

// Sample is the values of one quantity, one for each block.
type Sample struct {
	Values map[int]float64
	Unit   string
	Grain  float64 // one step of what was counted, 0 where it is not known
	Exact  bool    // fixed by the protocol
}

// Summary summarises the values over blocks.
func (s Sample) Summary() Summary {
	values := s.inOrder()
	m := spread(values, 1-Confidence)
	if s.Exact && m.sd == 0 && m.n > 0 {
		return Summary{N: m.n, Center: values[0], Lo: values[0], Hi: values[0], Exact: true}
	}
	if m.log {
		return m.widened(s.Grain / values[0]).summary()
	}
	sum := m.widened(s.Grain).summary()
	if m.sd == 0 && m.mean == 0 && sum.Finite() { // a count of none is not below it
		sum.Lo = 0
	}
	return sum
}

func (s Sample) inOrder() []float64 {
	list := make([]float64, 0, len(s.Values))
	for _, v := range inOrder(s.Values) {
		list = append(list, v)
	}
	return list
}

// inOrder yields what there is for each block, in their order.
func inOrder[V any](byBlock map[int]V) iter.Seq2[int, V] {
	return func(yield func(int, V) bool) {
		for _, block := range slices.Sorted(maps.Keys(byBlock)) {
			if !yield(block, byBlock[block]) {
				return
			}
		}
	}
}

// Sample reads a metric of t, in the trials that have a say in it. Trials that lack
// it are left out; where all of them do the error is a *NoMetricError. A treatment
// without such trials has no values, and no error.
func (r *Run) Sample(t Treatment, metric string) (Sample, error) {
	return r.read(t, metric, (*Trial).Value)
}

// read is Sample by another reading of a trial.
func (r *Run) read(t Treatment, metric string, of func(*Trial, string) (Metric, error)) (Sample, error) {
	bearing := r.bearing(t, metric)
	s := Sample{Values: make(map[int]float64, len(bearing)), Exact: Exact(metric, t)}
	var missing error
	for block, trial := range inOrder(bearing) {
		m, err := of(trial, metric)
		switch {
		case err != nil:
			missing = err
			continue
		case s.Unit == "":
			s.Unit = m.Unit
		case s.Unit != m.Unit:
			return Sample{}, fmt.Errorf("%s: block %d of %s gives it in %s, others in %s", metric, block, t.Transport(), m.Unit, s.Unit)
		}
		s.Values[block] = m.Value
		s.Grain = max(s.Grain, trial.grain(metric, m))
	}
	if len(s.Values) == 0 && missing != nil {
		return Sample{}, fmt.Errorf("%s: %w", t.Transport(), missing)
	}
	return s, nil
}

// grain is one step of what a metric counts: a byte or a request among the events
// that were delivered, a byte among the connections, a bucket of a histogram, a
// millionth of all else.
func (t *Trial) grain(metric string, m Metric) float64 {
	if _, direct := t.Metrics[metric]; !direct {
		return m.Value / 1000 // buckets are 0.1 % wide
	}
	delivered := max(t.Metrics["events/delivered"].Value, 1)
	switch info, _ := Describe(metric); {
	case m.Unit == "B" && strings.HasPrefix(metric, "conn/"):
		return 1 / max(t.Metrics["conn/count"].Value, 1)
	case m.Unit == "B/event", strings.HasPrefix(metric, "requests"), metric == "events-per-response", metric == "fleet/reads":
		return 1 / delivered
	case m.Unit == "B", info.kind.by == byDifference && m.Unit == "1":
		return 1
	}
	return math.Abs(m.Value) / 1e6
}

// Hists are the histograms of t's trials that have a say in them and hold a value, in
// the order of their blocks.
func (r *Run) Hists(t Treatment, hist string) []*Hist {
	var list []*Hist
	for _, trial := range inOrder(r.bearing(t, hist)) {
		if h := trial.Hists[hist]; h != nil && h.N() > 0 {
			list = append(list, h)
		}
	}
	return list
}

// Pooled is the histogram of all trials of t that have a say in it, for drawing spectra.
// No quantile of it is quoted, because one bad trial would rule the pooled tail.
func (r *Run) Pooled(t Treatment, hist string) (*Hist, error) {
	pool := NewHist()
	for _, h := range r.Hists(t, hist) {
		if err := pool.Merge(h); err != nil {
			return nil, fmt.Errorf("pool %s of %s: %w", hist, t.Transport(), err)
		}
	}
	return pool, nil
}

// SoundBlocks is in how many blocks t has a sound trial, and in how many it was tried.
func (r *Run) SoundBlocks(t Treatment) (sound, tried int) {
	for _, trial := range r.trialsOf(t) {
		tried++
		if trial.Sound() {
			sound++
		}
	}
	return sound, tried
}

// Counts says how a run went, in trials.
type Counts struct {
	Counted int // those of a block's last pass
	Sound   int // of these, those that broke no rule that every metric needs
	Whole   int // of these, those that broke no rule at all
}

// Counts counts the run's trials.
func (r *Run) Counts() (c Counts) {
	r.index()
	for _, byBlock := range r.indexed.trials {
		for _, t := range byBlock {
			c.Counted++
			if t.Sound() {
				c.Sound++
			}
			if len(t.Broken) == 0 {
				c.Whole++
			}
		}
	}
	return c
}
