package main

import (
	"errors"
	"fmt"
	"maps"
	"math"

	"pushbench/results"
	"pushbench/servers/units"
)

// quantity is a quantity of one treatment: a metric, or the sum of several,
// one value for each block.
type quantity struct {
	unit   string
	blocks map[int]float64
	grain  float64 // one step of what was counted
	exact  bool    // fixed by the protocol

	fixed bool // it is value in every block: a level, a number
	value float64
}

// add adds metrics up within each block of t that has them all; why says that the sum
// may not be quoted.
func (r *report) add(t results.Treatment, metrics []string) (q quantity, why string) {
	if sound, _ := r.run.SoundBlocks(t); sound == 0 {
		return quantity{}, "no sound trial"
	}
	for i, m := range metrics {
		if ok, why := r.run.Printable(t, m); !ok {
			return quantity{}, why
		}
		s, err := r.run.Sample(t, m)
		switch {
		case err != nil:
			return quantity{}, inShort(err)
		case i == 0:
			q = quantity{unit: s.Unit, blocks: s.Values, grain: s.Grain, exact: s.Exact}
			continue
		case s.Unit != q.unit && s.Unit != "" && q.unit != "":
			return quantity{}, fmt.Sprintf("%s is in %s, %s in %s: no sum", metrics[0], q.unit, m, s.Unit)
		}
		q.grain, q.exact = q.grain+s.Grain, q.exact && s.Exact
		maps.DeleteFunc(q.blocks, func(b int, _ float64) bool { _, ok := s.Values[b]; return !ok })
		for b := range q.blocks {
			q.blocks[b] += s.Values[b]
		}
	}
	return q, ""
}

// inShort leaves out what a reader of figures cannot use: the list of metrics
// that there are instead.
func inShort(err error) string {
	var missing *results.NoMetricError
	if errors.As(err, &missing) && !missing.Empty {
		return "this record has no " + missing.Metric
	}
	return err.Error()
}

// blockwise reckons with several quantities within each block that has them
// all; what comes out as no number is left out.
func blockwise(unit string, reckon func(v []float64) float64, of ...quantity) quantity {
	q := quantity{unit: unit, blocks: map[int]float64{}, exact: true}
	if len(of) == 0 {
		return q
	}
	for _, o := range of {
		q.exact = q.exact && o.exact
	}
	for b := range of[0].blocks {
		vs := make([]float64, 0, len(of))
		for _, o := range of {
			if v, ok := o.blocks[b]; ok {
				vs = append(vs, v)
			}
		}
		if len(vs) < len(of) {
			continue
		}
		if v := reckon(vs); finite(v) {
			q.blocks[b] = v
		}
	}
	return q
}

func (q quantity) reading() reading {
	switch {
	case q.fixed:
		return reading{Summary: results.Summary{N: 1, Center: q.value, Lo: q.value, Hi: q.value, Exact: true}}
	case len(q.blocks) == 0:
		return reading{why: "no block has what it takes"}
	}
	return reading{Summary: q.summary(), unit: q.unit}
}

func (q quantity) summary() results.Summary { return q.sample().Summary() }

func (q quantity) sample() results.Sample {
	return results.Sample{Values: q.blocks, Unit: q.unit, Grain: q.grain, Exact: q.exact}
}

// over divides block by block, so that what the host did to both cancels; why
// says that there is no such ratio.
func (q quantity) over(base quantity) (ratio results.Summary, why string) {
	ratios := quantity{unit: "1", blocks: map[int]float64{}, exact: q.exact && base.exact}
	for b, v := range q.blocks {
		d, both := base.blocks[b]
		if !both {
			continue
		}
		if d == 0 {
			return results.Summary{}, "it has 0"
		}
		ratios.blocks[b] = v / d
		ratios.grain = max(ratios.grain, (q.grain+base.grain*math.Abs(v/d))/math.Abs(d))
	}
	if len(ratios.blocks) == 0 {
		return results.Summary{}, "no block has both"
	}
	return ratios.summary(), ""
}

// cell is one number of the table: value, interval, ratio to the baseline.
type cell struct {
	Value    string // "–" where there is none
	Interval string
	Ratio    string
	Floor    string // the ratio to raw
	Why      string // of the "–", or of a missing ratio: a footnote
}

// cell reads a column of the table for t. base is nil where ratios have
// nothing to refer to.
func (r *report) cell(t, base results.Treatment, col column) cell {
	q, why := r.quote(t, col)
	if why == noneNoticed {
		return cell{Value: never}
	}
	if why != "" {
		return cell{Value: "–", Why: why}
	}
	s := q.summary()
	c := cell{Value: units.FormatShort(s.Center, q.unit), Interval: reading{Summary: s, unit: q.unit}.within()}
	if base == nil || col.Alone {
		return c
	}
	b, _ := r.quote(base, col)
	switch ratio, why := q.over(b); {
	case why != "" && s.Center == 0 && allZero(b.blocks): // 0 beside 0 speaks for itself
	case why != "":
		c.Ratio, c.Why = "–", "no ratio to "+base.Transport()+": "+why
	case t.Key() == base.Key():
		c.Ratio = "×1"
	default:
		c.Ratio = times(ratio)
	}
	return c
}

// overFloor adds the ratio to raw; where there is none, nothing.
func (c *cell) overFloor(r *report, t, floor results.Treatment, col column) {
	q, why := r.quote(t, col)
	b, whyFloor := r.quote(floor, col)
	if c.Value == "–" || why != "" || whyFloor != "" {
		return
	}
	if ratio, why := q.over(b); why == "" {
		c.Floor = times(ratio) + " " + floorTransport
	}
}

func allZero(m map[int]float64) bool {
	for _, v := range m {
		if v != 0 {
			return false
		}
	}
	return len(m) > 0
}

// times writes a ratio, and a ~ before it where its interval has room for no
// difference. Without an interval nothing can be said of that.
func times(ratio results.Summary) string {
	s := "×" + units.Format(ratio.Center, "1")
	if ratio.Finite() && ratio.Lo <= 1 && ratio.Hi >= 1 && !ratio.Exact {
		s = "~ " + s
	}
	return s
}
