package results

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/stat"

	"pushbench/servers/units"
)

// A server's CPU time each second is modelled as a sum of terms, each in proportion to
// something that it has or does.

// Load is what a server has and does, as the terms of the model count it.
type Load struct {
	Connections float64
	Published   float64 // events per second
	Delivered   float64 // events per second, over all subscribers
	Requests    float64 // per second, over all subscribers
}

// cpuTerms are the model's terms. What the treatments cannot tell from those before it is
// left out: requests stand before connections, because a poll's cost is in its asking.
var cpuTerms = []struct {
	name string
	of   func(Load) float64
}{
	{"delivered", func(l Load) float64 { return l.Delivered }},
	{"requests", func(l Load) float64 { return l.Requests }},
	{"published", func(l Load) float64 { return l.Published }},
	{"connections", func(l Load) float64 { return l.Connections }},
}

// CPUPoint is one trial as the model sees it.
type CPUPoint struct {
	Load Load
	CPU  float64 // s per second: 1 is a core
}

// CPUPoints are the trials of t by block. The metric is server/cpu or host/cpu, per event
// delivered between the marks. Events per second are server/cpu-util, which is between the
// same marks, divided by server/cpu; the window of events/delivered is shorter for polls.
func (r *Run) CPUPoints(t Treatment, metric string) (map[int]CPUPoint, error) {
	var of [4]map[int]float64
	for i, name := range []string{metric, "server/cpu", "server/cpu-util", "requests"} {
		s, err := r.Sample(t, name)
		if err != nil {
			return nil, err
		}
		of[i] = s.Values
	}
	subscribers, _, err := units.Parse(t["subscribers"])
	if err != nil || subscribers < 1 {
		return nil, fmt.Errorf("%s: subscribers %q is no number of them", t.Transport(), t["subscribers"])
	}
	points := map[int]CPUPoint{}
	for block, perEvent := range of[0] {
		perSecond := of[2][block] / of[1][block]
		p := CPUPoint{CPU: perEvent * perSecond, Load: Load{
			Connections: subscribers, Published: perSecond / subscribers,
			Delivered: perSecond, Requests: of[3][block] * perSecond,
		}}
		if p.usable() {
			points[block] = p
		}
	}
	if len(of[0]) > 0 && len(points) == 0 {
		return nil, fmt.Errorf("%s: no trial took any CPU time", t.Transport())
	}
	return points, nil
}

// usable reports whether a relative error has something to refer to.
func (p CPUPoint) usable() bool {
	all := []float64{p.CPU, p.Load.Delivered, p.Load.Requests, p.Load.Connections}
	return p.CPU > 1e-12 && slices.Min(all) >= 0 && slices.Max(all) < 1e300
}

// CPUFit is the model fitted to some treatments.
type CPUFit struct {
	Terms      []CPUTerm
	LeftOut    []string // terms that these treatments cannot tell apart, each with the reason
	Treatments int
	Blocks     int
	// Of the fit itself, and of each treatment by a fit to the others.
	Within, Without Errors
}

// CPUTerm is one coefficient in seconds of CPU: for a published or delivered
// event, for a request, and for a connection each second.
type CPUTerm struct {
	Name string // connections, published, delivered, requests
	Summary
	of func(Load) float64
}

// FromZero reports whether the coefficient stands out from 0.
func (t CPUTerm) FromZero() bool { return t.Finite() && t.Lo > 0 }

// Errors are relative: 0.1 is a tenth of what was measured.
type Errors struct{ Median, Largest float64 }

// Predict is the CPU, as a share of a core, that the means give for a load.
func (f CPUFit) Predict(l Load) float64 {
	sum := 0.0
	for _, t := range f.Terms {
		sum += t.Center * t.of(l)
	}
	return sum
}

// alike is how close a term may come to a combination of the others before the
// two are not told apart: within 5 %, the noise of CPU times decides.
const alike = 0.05

// FitCPU fits the model to treatments that differ in subscribers and rate, block by block,
// by least squares of the relative error: what disturbs a CPU time does so in proportion
// to it. No coefficient is below 0.
func (r *Run) FitCPU(ts []Treatment, metric string) (CPUFit, error) {
	var fit CPUFit
	blocks := map[int][]CPUPoint{}
	for _, t := range ts {
		points, err := r.CPUPoints(t, metric)
		if err != nil {
			return CPUFit{}, err
		}
		for block, p := range points {
			blocks[block] = append(blocks[block], p)
		}
		fit.Treatments += min(len(points), 1)
	}
	fit.choose(blocks)
	if len(fit.Terms) == 0 || fit.Treatments <= len(fit.Terms) {
		return CPUFit{}, fmt.Errorf("%d treatments with CPU time are too few for %d terms; vary subscribers and rate", fit.Treatments, max(len(fit.Terms), 1))
	}
	coefficients := make([][]float64, len(fit.Terms))
	var within, without []float64
	for _, points := range inOrder(blocks) {
		c, ok := fit.solve(points)
		if !ok || len(points) <= len(fit.Terms) {
			continue
		}
		fit.Blocks++
		for i := range c {
			coefficients[i] = append(coefficients[i], c[i])
		}
		for i, p := range points {
			within = append(within, fit.missedBy(c, p))
			if c, ok := fit.solve(slices.Delete(slices.Clone(points), i, i+1)); ok {
				without = append(without, fit.missedBy(c, p))
			}
		}
	}
	if fit.Blocks == 0 {
		return CPUFit{}, fmt.Errorf("no block has enough treatments for %d terms", len(fit.Terms))
	}
	for i := range fit.Terms {
		fit.Terms[i].Summary = Summarize(coefficients[i])
	}
	fit.Within, fit.Without = errorsOf(within), errorsOf(without)
	return fit, nil
}

// choose picks the terms that the treatments, over all blocks, tell apart.
func (f *CPUFit) choose(blocks map[int][]CPUPoint) {
	var all []CPUPoint
	for _, points := range inOrder(blocks) {
		all = append(all, points...)
	}
	var kept [][]float64
	for _, term := range cpuTerms {
		column := relative(all, term.of)
		if floats.Norm(column, 2) == 0 {
			continue // such as the requests of a push
		}
		if apartFrom(column, kept) > alike {
			kept = append(kept, column)
			f.Terms = append(f.Terms, CPUTerm{Name: term.name, of: term.of})
			continue
		}
		like := "a combination of the other terms"
		for i, other := range kept {
			if apartFrom(column, [][]float64{other}) <= alike {
				like = f.Terms[i].Name
			}
		}
		f.LeftOut = append(f.LeftOut, fmt.Sprintf("%s: in proportion to %s here, and counted there", term.name, like))
	}
}

// solve fits one block.
func (f *CPUFit) solve(points []CPUPoint) (c []float64, ok bool) {
	columns := make([][]float64, len(f.Terms))
	for i, t := range f.Terms {
		columns[i] = relative(points, t.of)
	}
	return nonNegative(columns, slices.Repeat([]float64{1}, len(points)))
}

// relative is a term of each point as a share of the point's CPU time per unit
// of its coefficient: a perfect model then adds up to 1 everywhere.
func relative(points []CPUPoint, of func(Load) float64) []float64 {
	column := make([]float64, len(points))
	for i, p := range points {
		column[i] = of(p.Load) / p.CPU
	}
	return column
}

func (f *CPUFit) missedBy(c []float64, p CPUPoint) float64 {
	predicted := 0.0
	for i, t := range f.Terms {
		predicted += c[i] * t.of(p.Load)
	}
	return math.Abs(predicted/p.CPU - 1)
}

func errorsOf(vs []float64) Errors {
	if len(vs) == 0 {
		return Errors{math.NaN(), math.NaN()}
	}
	slices.Sort(vs)
	return Errors{stat.Quantile(0.5, stat.LinInterp, vs, nil), vs[len(vs)-1]}
}
