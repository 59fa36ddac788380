package main

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"pushbench/results"
	"pushbench/scenarios"
	"pushbench/servers/units"
)

// Lines and points: an expression upwards, over a factor, over a count n, or over
// another expression.

// strokes is a chart of lines that is being made.
type strokes struct {
	scope
	ch           *lineChart
	xs, ys       []float64
	unitX, unitY string
	shown        []results.Treatment
	missing      footnotes
	along        []level // of the factor that x is
	tied         bool    // some points are joined by lines
}

func (r *report) strokes(p scenarios.Plot) (*drawing, error) {
	s := &strokes{scope: r.scope(p), ch: &lineChart{}, unitX: "1"}
	var err error
	switch {
	case p.X.Factor != "":
		err = s.overFactor()
	case p.X.To > 0:
		s.overCount()
	default:
		s.overExpression()
	}
	if err != nil {
		return nil, err
	}
	if len(s.shown) == 0 {
		return nil, r.noData(p)
	}
	var tables []exhibit
	around := "upright lines"
	if s.tied {
		around = "bands and upright lines"
	}
	notes := []string{r.intervalNote(s.shown, around, p.Metrics()...)}
	logY := p.LogY || p.X.Expr() != "" && apartBy(3, s.ys)
	if p.X.Factor == "" {
		s.ch.X = scaled(axisName(p, true), s.unitX, p.LogX || p.X.Expr() != "" && apartBy(3, s.xs), s.xs)
		if p.X.To > 0 {
			s.ch.X.Min, s.ch.X.Max = p.X.From, p.X.To
			for i, t := range s.ch.X.Ticks {
				if t.Label != "" {
					s.ch.X.Ticks[i].Label = count(t.Value)
				}
			}
		}
		if p.Cross != "" {
			crossed := s.cross()
			notes, tables = append(notes, crossed), []exhibit{s.linesTable(p, crossed)}
		}
	}
	if of, fitted := strings.CutPrefix(p.Reference.Expr, "fit("); fitted {
		tables = append(tables, r.fits(strings.TrimSuffix(of, ")")))
	}
	before := len(s.ch.Series)
	s.references()
	if forms := slices.Clone(s.ch.Series[before:]); len(forms) > 0 {
		if !s.tied {
			s.ch.Series, s.ch.Held = append(forms, s.ch.Series[:before]...), heldWord
			s.ch.X = s.ch.X.widened(0.045) // for points side by side
			notes = append(notes, sideNote)
		}
		notes = append(notes, r.referenceNote(p))
	}
	s.ch.Y = scaled(axisName(p, false), s.unitY, logY, s.ys)
	return &drawing{chart: s.ch, notes: append(notes, brief(s.missing.list)...), tables: tables}, nil
}

// apartBy reports whether values differ so much that most would be one heap on a linear
// axis: of points over an expression it is the place that counts and no length.
func apartBy(factor float64, vs []float64) bool {
	lo, hi := extent(vs, func(float64) bool { return true })
	return lo >= least && hi > factor*lo
}

// add draws a value at x, or breaks the line there.
func (s *strokes) add(to *series, x float64, v reading, t results.Treatment, where string) bool {
	if v.why != "" {
		s.missing.mark(missingNote(to.Name+where, v.why))
		to.Points = append(to.Points, gap(x))
		return false
	}
	s.unitY = v.unit
	s.shown = append(s.shown, t)
	to.Points = append(to.Points, point{X: x, Y: v.Center, Lo: v.Lo, Hi: v.Hi, Mark: true})
	s.xs, s.ys = append(s.xs, x), append(s.ys, v.Center, v.Lo, v.Hi)
	return true
}

// series is the line of some treatments, without points yet.
func (s *strokes) series(l line) series {
	to := series{Name: l.name, Style: l.style, Loose: s.plot.Mark == "points"}
	if to.Loose { // dashes do not tell points apart
		to.Style.Hollow = to.Style.Hollow || to.Style.Dashes != nil
	}
	s.tied = s.tied || !to.Loose
	return to
}

// overFactor sets levels apart by their ratios where they span more than a decade. But what
// a path adds it adds to whatever else there is.
func (s *strokes) overFactor() error {
	over := s.plot.X.Factor
	levels := s.numericLevels(over)
	if len(levels) == 0 {
		return fmt.Errorf("%s has no level that is a number", over)
	}
	log := s.plot.LogX || levels[0].Value > 0 && levels[len(levels)-1].Value > 10*levels[0].Value
	log = log && !slices.Contains([]string{"rtt", "jitter", "loss"}, over) || over == "bandwidth"
	s.along = s.withUnlimited(over, levels, log)
	s.ch.X = factorAxis(over, s.along, log)
	for _, l := range s.lines(s.plot) {
		to := s.series(l)
		for _, level := range s.along {
			t, ok := l.at(over, level)
			if !ok {
				continue
			}
			v := s.read(s.plot.Y.Expr(), t)
			if level.Text == unlimited && len(to.Points) > 0 && v.why == "" {
				to.Points = append(to.Points, gap(level.Value))
			}
			s.add(&to, level.Value, v, t, " at "+over+" "+level.Text)
		}
		s.ch.Series = append(s.ch.Series, to)
	}
	return nil
}

// counts are the values of n that lines are drawn at: ten a decade.
func counts(a scenarios.Axis) (ns []float64) {
	steps := int(math.Ceil(10 * math.Log10(a.To/a.From)))
	for i := range steps + 1 {
		ns = append(ns, math.Min(a.From*math.Pow(10, float64(i)/10), a.To))
	}
	return ns
}

func (s *strokes) overCount() {
	for _, l := range s.lines(s.plot) {
		expr := s.plot.Y.Expr()
		if own, ok := s.plot.Instead[l.ts[0].Transport()]; ok {
			expr = own
		}
		to := s.series(l)
		for _, n := range counts(s.plot.X) {
			v := s.with("n", n).read(expr, l.ts[0])
			if !s.add(&to, n, v, l.ts[0], "") {
				break
			}
			to.Points[len(to.Points)-1].Mark = math.Abs(math.Log10(n)-math.Round(math.Log10(n))) < 1e-9 // a decade
			to.xs, to.qs = append(to.xs, constantly(n, "1")), append(to.qs, v.of)
		}
		s.ch.Series = append(s.ch.Series, to)
	}
}

// overExpression has a point for each level of the factor that runs along a line, or
// one for each treatment.
func (s *strokes) overExpression() {
	for _, l := range s.lines(s.plot) {
		to := s.series(l)
		type step struct {
			x, y reading
			t    results.Treatment
		}
		var steps []step
		for _, t := range l.ts {
			x, y := s.read(s.plot.X.Expr(), t), s.read(s.plot.Y.Expr(), t)
			if why := cmp.Or(x.why, y.why); why != "" {
				s.missing.mark(missingNote(l.name, why))
				continue
			}
			steps = append(steps, step{x, y, t})
		}
		slices.SortStableFunc(steps, func(a, b step) int { return cmp.Compare(a.x.Center, b.x.Center) })
		for _, st := range steps {
			x, y := st.x, st.y
			pt := point{X: x.Center, Y: y.Center, Lo: y.Lo, Hi: y.Hi, Mark: true}
			if to.Loose {
				pt.XLo, pt.XHi = x.Lo, x.Hi
			}
			if s.plot.Join {
				to.reach(pt)
			} else {
				to.Points = append(to.Points, pt)
			}
			s.unitX, s.unitY, s.shown = x.of.unit, y.unit, append(s.shown, st.t)
			s.xs, s.ys = append(s.xs, x.Center), append(s.ys, y.Center, y.Lo, y.Hi)
			if to.Loose {
				s.xs = append(s.xs, x.Lo, x.Hi)
			}
			to.xs, to.qs = append(to.xs, x.of), append(to.qs, y.of)
		}
		s.ch.Series = append(s.ch.Series, to)
	}
}

// shared is how much of the way from a to b lies before x, evenly in 1/x.
func shared(a, x, b float64) float64 { return (1/x - 1/a) / (1/b - 1/a) }

// reach draws the line on to its next point, straight in 1/x: whatever a poll costs,
// its events share.
func (s *series) reach(to point) {
	if n := len(s.Points); n > 0 {
		from, inf := s.Points[n-1], math.Inf(1)
		const steps = 12
		for i := 1; i < steps; i++ {
			x := from.X * math.Pow(to.X/from.X, float64(i)/steps)
			f := shared(from.X, x, to.X)
			mix := func(a, b float64) float64 { return a + f*(b-a) }
			pt := point{X: x, Y: mix(from.Y, to.Y), Lo: -inf, Hi: inf}
			if finite(from.Lo) && finite(from.Hi) && finite(to.Lo) && finite(to.Hi) {
				pt.Lo, pt.Hi = mix(from.Lo, to.Lo), mix(from.Hi, to.Hi)
			}
			s.Points = append(s.Points, pt)
		}
	}
	s.Points = append(s.Points, to)
}

// cross rings where lines cross that of one transport, and says where.
func (s *strokes) cross() string {
	i := slices.IndexFunc(s.ch.Series, func(o series) bool { return o.Name == s.plot.Cross })
	if i < 0 || len(s.ch.Series[i].qs) == 0 {
		return ""
	}
	base := s.ch.Series[i]
	var said []string
	for j, o := range s.ch.Series {
		if j == i || len(o.qs) != len(base.qs) || family(o.Name) == family(base.Name) {
			continue
		}
		x := meeting(base.xs, o.qs, base.qs)
		first, last := dearer(o.qs[0], base.qs[0]), dearer(o.qs[len(o.qs)-1], base.qs[len(o.qs)-1])
		at, most := x.summary(), max(len(base.qs[0].blocks), 1)
		if !(first*last < 0) || at.N*2 <= most || !finite(at.Center) {
			said = append(said, crossingNote(o.Name, first, last, "", base.Name))
			continue
		}
		s.ch.Crossings = append(s.ch.Crossings, crossing{X: at.Center, Y: o.height(at.Center), Words: axisWord(s.plot) + " = " + units.Format(at.Center, "1")})
		said = append(said, crossingNote(o.Name, first, last, axisWord(s.plot)+" = "+valueWithInterval(at.Center, at.Lo, at.Hi, "1"), base.Name))
	}
	return crossingsNote(base.Name, said)
}

// height is that of a line at x, straight in 1/x between its points.
func (s *series) height(x float64) float64 {
	for i := 1; i < len(s.Points); i++ {
		if from, to := s.Points[i-1], s.Points[i]; from.X <= x && x <= to.X {
			return from.Y + shared(from.X, x, to.X)*(to.Y-from.Y)
		}
	}
	return none
}

// meeting finds in each block where two lines meet, straight in 1/x between
// neighbours. Where they meet more than once it is the last.
func meeting(xs, a, b []quantity) quantity {
	met := quantity{unit: "1", blocks: map[int]float64{}}
	for i := 1; i < len(xs); i++ {
		for block := range a[i].blocks {
			var v [6]float64
			whole := true
			for j, q := range []quantity{xs[i-1], xs[i], a[i-1], a[i], b[i-1], b[i]} {
				v[j] = q.value
				if !q.fixed {
					v[j] = q.blocks[block]
				}
				whole = whole && (q.fixed || v[j] >= least && finite(v[j]))
			}
			if before, after := v[2]-v[4], v[3]-v[5]; whole && before != after && (before > 0) != (after > 0) {
				met.blocks[block] = 1 / (1/v[0] + before/(before-after)*(1/v[1]-1/v[0]))
			}
		}
	}
	return met
}

// dearer tells which of two is the greater: 1 the first, −1 the second, 0 where the
// interval of their difference has room for none.
func dearer(a, b quantity) int {
	d := blockwise("", func(v []float64) float64 { return v[0] - v[1] }, a, b).summary()
	switch {
	case d.Finite() && d.Lo > 0:
		return 1
	case d.Finite() && d.Hi < 0:
		return -1
	}
	return 0
}
