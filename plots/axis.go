package main

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/plot"

	"pushbench/servers/units"
)

// axis is one direction of a chart: its name, its range in base units, and
// ticks in units that people say aloud.
type axis struct {
	Name     string
	Log      bool
	Min, Max float64
	Ticks    []plot.Tick
}

// ladder is a way to label a logarithmic axis: at the steps of every power of
// its base.
type ladder struct {
	base  float64
	steps []float64
}

// The first ladder that gives enough labels is taken. Sizes above a KiB climb
// by powers of two, since tens of thousands of bytes are no round KiB.
var (
	tens = []ladder{{10, []float64{1}}, {10, []float64{1, 3}}, {10, []float64{1, 2, 5}}, {10, []float64{1, 1.5, 2, 3, 5, 7}}}
	twos = []ladder{{1024, []float64{1}}, {32, []float64{1}}, {16, []float64{1}}, {4, []float64{1}}, {2, []float64{1}}, {2, []float64{1, 1.5}}, {2, []float64{1, 1.125, 1.25, 1.375, 1.5, 1.75}}}
)

// logAxis spans the positive values among vs, a little wider than they are.
func logAxis(name, unit string, vs []float64) axis {
	lo, hi := extent(vs, func(v float64) bool { return v >= least })
	if math.IsInf(lo, 1) {
		lo, hi = 1, 10
	}
	lo, hi = lo/1.15, hi*1.15
	if hi/lo < 2 { // a flat line stands in the middle of a range worth the name
		mid := math.Sqrt(lo) * math.Sqrt(hi)
		lo, hi = mid/1.5, mid*1.5
	}
	ladders, minor := tens, true
	if perEvent(unit) == "B" && hi > 2048 {
		ladders, minor = twos, false
	} else {
		// A near power of ten is taken in, since a range without a label at
		// its end leaves the reader to guess.
		if d := math.Pow(10, math.Floor(math.Log10(lo))); lo/d < 2.5 {
			lo = d
		}
		if d := math.Pow(10, math.Ceil(math.Log10(hi))); d/hi < 1.6 {
			hi = d
		}
	}
	a := axis{Name: name, Log: true, Min: lo, Max: hi}
	for _, l := range ladders {
		if a.Ticks = l.ticks(lo, hi, unit); len(a.Ticks) >= 3 {
			break
		}
	}
	if minor {
		for _, t := range (ladder{10, []float64{1, 2, 3, 4, 5, 6, 7, 8, 9}}).ticks(lo, hi, unit) {
			if !slices.ContainsFunc(a.Ticks, func(o plot.Tick) bool { return math.Abs(o.Value-t.Value) <= 1e-6*t.Value }) {
				a.Ticks = append(a.Ticks, plot.Tick{Value: t.Value})
			}
		}
	}
	return a
}

// ticks are the labelled ticks of the ladder from lo to hi.
func (l ladder) ticks(lo, hi float64, unit string) []plot.Tick {
	var ts []plot.Tick
	power := func(v float64) float64 { return math.Log(v) / math.Log(l.base) }
	for e := math.Floor(power(lo)) - 1; e <= power(hi)+1; e++ {
		for _, s := range l.steps {
			if v := s * math.Pow(l.base, e); v >= lo*(1-1e-9) && v <= hi*(1+1e-9) {
				ts = append(ts, plot.Tick{Value: math.Min(math.Max(v, lo), hi), Label: tickLabel(v, unit)})
			}
		}
	}
	return ts
}

// linearAxis starts at zero, because lengths and heights are compared, unless
// values are negative; its unit stands in the name, once.
func linearAxis(name, unit string, vs []float64) axis {
	lo, hi := extent(vs, func(float64) bool { return true })
	if math.IsInf(lo, 1) {
		lo, hi = 0, 1
	}
	lo, hi = math.Min(lo, 0), math.Max(hi, 0)
	if lo == hi {
		hi = 1
	}
	size, suffix := units.Scale(math.Max(math.Abs(lo), math.Abs(hi)), unit)
	// Steps are round in the unit that is shown: 0.5 KB, not 512 B.
	step := niceStep((hi-lo)/size) * size
	a := axis{Name: name, Min: lo, Max: hi + (hi-lo)*0.04}
	if lo < 0 {
		a.Min = lo - (hi-lo)*0.04
	}
	if suffix != "" {
		a.Name += " (" + suffix + ")"
	}
	return a.ticked(step, size)
}

// ticked has a tick at every step, labelled in a unit of that size.
func (a axis) ticked(step, size float64) axis {
	a.Ticks = nil
	for i := math.Ceil(a.Min / step); i*step <= a.Max && len(a.Ticks) < 20; i++ {
		a.Ticks = append(a.Ticks, plot.Tick{Value: i * step, Label: round(i * step / size)})
	}
	return a
}

// placeAxis is that of points whose place counts and no length: it need not start at 0,
// where that would leave them in a heap at its end.
func placeAxis(name, unit string, vs []float64) axis {
	a := linearAxis(name, unit, vs)
	lo, hi := extent(vs, func(float64) bool { return true })
	if !(lo > 0.3*hi && hi > lo) {
		return a
	}
	size, _ := units.Scale(hi, perEvent(unit))
	step := niceStep((hi-lo)/size) * size
	a.Min, a.Max = lo-0.1*(hi-lo), hi+0.1*(hi-lo)
	return a.ticked(step, size)
}

// niceStep is a round distance that divides a span into four to eight parts.
func niceStep(span float64) float64 {
	decade := math.Pow(10, math.Floor(math.Log10(span/4)))
	for _, m := range []float64{1, 2, 2.5, 5} {
		if span/(m*decade) <= 7 {
			return m * decade
		}
	}
	return 10 * decade
}

// level is a factor's level, as written and as a number.
type level struct {
	Text  string
	Value float64
}

// levelAxis has a tick at every level of a factor, given in rising order; a
// label that would run into the one before it is left out.
func levelAxis(name string, levels []level, log bool) axis {
	a := axis{Name: name, Log: log, Min: 1, Max: 2}
	if len(levels) == 0 {
		return a
	}
	a.Min, a.Max = levels[0].Value, levels[len(levels)-1].Value
	if a.Min <= 0 {
		a.Log = false
	}
	if a.Min == a.Max { // one level stands in the middle
		half := math.Max(math.Abs(a.Min)/2, 0.5)
		a.Min, a.Max, a.Log = a.Min-half, a.Max+half, false
	}
	var scale plot.Normalizer = plot.LinearScale{}
	if a.Log {
		scale, a.Name = plot.LogScale{}, a.Name+logScale
	}
	const crowded = 0.055 // of the axis, about the width of a label
	last := math.Inf(-1)
	for _, l := range levels {
		t := plot.Tick{Value: l.Value}
		if at := scale.Normalize(a.Min, a.Max, l.Value); at-last >= crowded {
			t.Label, last = spaced(l.Text), at
		}
		a.Ticks = append(a.Ticks, t)
	}
	return a
}

// withUnlimited adds to the levels of a bandwidth the one that is no number, a step
// beyond them: off the scale, and nothing leads there.
func (r *report) withUnlimited(key string, levels []level, log bool) []level {
	if key != "bandwidth" || !slices.Contains(r.levels(key), unlimited) {
		return levels
	}
	lo, hi := levels[0].Value, levels[len(levels)-1].Value
	beyond := hi + math.Max((hi-lo)/3, hi/3)
	if log {
		beyond = hi * math.Max(math.Pow(hi/lo, 1./3), 2)
	}
	return append(levels, level{unlimited, beyond})
}

// numericLevels are the levels of a factor in rising order.
func (r *report) numericLevels(key string) []level {
	var ls []level
	for _, text := range r.levels(key) {
		if v, _, err := units.Parse(text); err == nil && finite(v) {
			ls = append(ls, level{text, v})
		}
	}
	slices.SortFunc(ls, func(a, b level) int { return cmp.Compare(a.Value, b.Value) })
	return ls
}

// quantileAxis shows the tail: x = 1/(1−q) on a log scale, labelled by q, as
// HdrHistogram's own plots do.
func quantileAxis(end float64, of string) axis {
	if !(end > 2) { // NaN too
		end = 2
	}
	a := axis{Name: quantileWord(of), Log: true, Min: 1, Max: math.Min(end, 1e9)}
	for i, label := range []string{"0", "50 %", "75 %", "90 %", "99 %", "99.9 %", "99.99 %", "99.999 %", "99.9999 %"} {
		x := math.Pow(10, float64(i-2))
		if i < 3 {
			x = math.Pow(2, float64(i))
		}
		if x <= a.Max*1.0001 {
			a.Ticks = append(a.Ticks, plot.Tick{Value: x, Label: label})
		}
	}
	for d := 10.0; d < a.Max; d *= 10 {
		for m := 2.0; m < 10 && m*d <= a.Max; m++ {
			a.Ticks = append(a.Ticks, plot.Tick{Value: m * d})
		}
	}
	return a
}

// widened has some more room at both ends, as a share of its length.
func (a axis) widened(by float64) axis {
	if a.Log {
		f := math.Pow(a.Max/a.Min, by)
		a.Min, a.Max = a.Min/f, a.Max*f
	} else {
		a.Min, a.Max = a.Min-by*(a.Max-a.Min), a.Max+by*(a.Max-a.Min)
	}
	return a
}

func (a axis) apply(p *plot.Axis) {
	p.Min, p.Max = a.Min, a.Max
	p.Tick.Marker = plot.ConstantTicks(a.Ticks)
	if a.Log {
		p.Scale = plot.LogScale{}
	}
}

// tickLabel is a round number with its unit.
func tickLabel(v float64, unit string) string {
	if strings.HasPrefix(unit, "1/") { // a number a second, as levels are written: 300000/s
		return round(v) + unit[1:]
	}
	size, suffix := units.Scale(v*(1+1e-9), perEvent(unit))
	return strings.TrimSpace(round(v/size) + " " + suffix)
}

// extent is the range of the finite values that are wanted; +Inf, −Inf where
// there is none.
func extent(vs []float64, want func(float64) bool) (lo, hi float64) {
	lo, hi = math.Inf(1), math.Inf(-1)
	for _, v := range vs {
		if finite(v) && want(v) {
			lo, hi = math.Min(lo, v), math.Max(hi, v)
		}
	}
	return lo, hi
}
