package main

import (
	"math"
	"slices"
	"strings"

	"pushbench/results"
)

// What lines and points are held against: a model's value at each level, a formula of
// x, or a model of CPU. That is fitted to all subscribers and rates of a transport.

// references draws them thin and dashed, without names, in the colours of what was
// measured.
func (s *strokes) references() {
	ref := s.plot.Reference
	if ref.Expr == "" && ref.Of == nil {
		return
	}
	var forms []series
	for _, l := range s.lines(s.plot) {
		form := series{Style: style{Color: l.style.Color, Dashes: formDashes}, Thin: true}
		expr, ok := s.choose(ref, l.ts[0])
		switch of, fitted := strings.CutPrefix(expr, "fit("); {
		case !ok:
			continue
		case fitted:
			form.Points = s.fitted(l, strings.TrimSuffix(of, ")"))
		case s.plot.X.Factor != "":
			for _, level := range s.numericLevels(s.plot.X.Factor) {
				if t, ok := l.at(s.plot.X.Factor, level); ok {
					if v := s.with("x", level.Value).read(expr, t); v.why == "" {
						form.Points = append(form.Points, bare(level.Value, v.Center))
					}
				}
			}
		default: // dark, since it lies upon what was counted
			form.Style.Color, form.Style.Dashes = mix(form.Style.Color, rgb(0), 0.6), dotted
			lo, hi := extent(s.xs, func(v float64) bool { return v > 0 })
			const points = 60
			for i := range points + 1 {
				x := lo * math.Pow(hi/lo, float64(i)/points)
				if v := s.with("x", x).read(expr, l.ts[0]); v.why == "" {
					form.Points = append(form.Points, bare(x, v.Center))
				}
			}
		}
		for _, pt := range form.Points {
			s.ys = append(s.ys, pt.Y)
		}
		same := func(o series) bool {
			return slices.EqualFunc(o.Points, form.Points, func(a, b point) bool { return a.X == b.X && a.Y == b.Y })
		}
		if i := slices.IndexFunc(forms, same); i >= 0 { // dashes of several colours upon each other would be no line
			forms[i].Style.Color = formGrey
		} else if len(form.Points) > 0 {
			forms = append(forms, form)
		}
	}
	s.ch.Series = append(s.ch.Series, forms...)
}

// bare is a point without an interval and without a marker.
func bare(x, y float64) point { return point{X: x, Y: y, Lo: math.Inf(-1), Hi: math.Inf(1)} }

// fitted is the model of CPU along a line, from level to level.
func (s *strokes) fitted(l line, metric string) (pts []point) {
	other := func(t results.Treatment) bool { return gridKey(t) != gridKey(l.ts[0]) }
	model, err := s.run.FitCPU(slices.DeleteFunc(slices.Clone(s.ts), other), metric)
	if err != nil {
		s.missing.mark(missingNote(l.name, inShort(err)))
		return nil
	}
	const steps = 12
	for _, level := range s.along {
		t, ok := l.at(s.plot.X.Factor, level)
		if !ok {
			continue
		}
		load, ok := s.loadOf(t, metric)
		if !ok {
			continue
		}
		to := bare(level.Value, model.Predict(load))
		if len(pts) == 0 {
			pts = append(pts, to)
			continue
		}
		from := pts[len(pts)-1]
		for i := range steps + 1 { // what makes up the load grows evenly along the factor
			x := from.X + float64(i)/steps*(to.X-from.X)
			if s.ch.X.Log {
				x = from.X * math.Pow(to.X/from.X, float64(i)/steps)
			}
			pts = append(pts, bare(x, from.Y+(x-from.X)/(to.X-from.X)*(to.Y-from.Y)))
		}
	}
	return pts
}
