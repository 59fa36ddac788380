package main

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"

	"pushbench/results"
	"pushbench/scenarios"
	"pushbench/servers/units"
)

// A figure is a sentence of its scenario. Here its expressions are computed,
// within each block, for one treatment after the other.

// scope is what the names of a sentence mean at one mark of its figure.
type scope struct {
	*report
	plot scenarios.Plot
	row  string             // what y means
	at   map[string]float64 // x, n, and levels that are computed and were not run
	deep int
}

// deepest is how far names may be explained by other names.
const deepest = 8

// eval computes an expression for a treatment; why says that there is no value.
func (s scope) eval(expr string, t results.Treatment) (q quantity, why string) {
	f, err := results.ParseFormula(expr)
	if err != nil {
		return quantity{}, err.Error()
	}
	if s.deep++; s.deep > deepest {
		return quantity{}, "the names of its let go round in a circle"
	}
	if term, alone := f.Single(); alone {
		return s.term(term, t)
	}
	means := map[*results.Term]quantity{}
	var of []quantity
	place := map[*results.Term]int{}
	for _, term := range f.Terms() {
		q, why := s.term(term, t)
		if why != "" {
			return quantity{}, why
		}
		means[term] = q
		if !q.fixed {
			place[term] = len(of)
			of = append(of, q)
		}
	}
	unit, err := f.Unit(func(t *results.Term) string { return means[t].unit })
	if err != nil {
		return quantity{}, err.Error()
	}
	compute := func(v []float64) float64 {
		return f.Value(func(t *results.Term) float64 {
			if means[t].fixed {
				return means[t].value
			}
			return v[place[t]]
		})
	}
	if len(of) == 0 {
		return constantly(compute(nil), unit), ""
	}
	return blockwise(unit, compute, of...), ""
}

// constantly is a value that no block has another of.
func constantly(v float64, unit string) quantity { return quantity{fixed: true, value: v, unit: unit} }

// term is what a name means: of the sentence, a metric, or a level of the treatment.
func (s scope) term(term *results.Term, t results.Treatment) (q quantity, why string) {
	if term.Transport != "" {
		want := maps.Clone(t)
		want["transport"] = term.Transport
		maps.Copy(want, term.Levels)
		of, ok := s.find(want)
		if !ok {
			return quantity{}, "not run: " + s.label(want)
		}
		t = of
	}
	if v, known := s.at[term.Name]; known {
		return constantly(v, "1"), ""
	}
	if term.Name == "y" && s.row != "" {
		return s.eval(s.row, t)
	}
	if c, known := s.plot.Let[term.Name]; known {
		expr, known := s.choose(c, t)
		if !known {
			return quantity{}, "nothing says what " + term.Name + " is here"
		}
		return s.eval(expr, t)
	}
	if sum, recorded := term.Metrics(); sum != nil {
		if strings.HasPrefix(term.Name, "wire/ip") && !s.countsTCPIP() {
			return quantity{}, oldRecord
		}
		if len(recorded) > 0 && s.records(strings.Join(recorded, " + ")) {
			sum = slices.Concat(sum, recorded)
		}
		return s.sum(t, sum...)
	}
	level, known := t[term.Name]
	if !known {
		level = knobsOf(t.Transport()).Get(term.Name)
	}
	v, unit, err := units.Parse(level)
	if err != nil {
		return quantity{}, term.Name + " is no number here"
	}
	return constantly(v, unit), ""
}

// choose picks the expression for a treatment by what tells marks apart.
func (s scope) choose(c scenarios.Choice, t results.Treatment) (expr string, ok bool) {
	for len(c.Of) > 0 {
		found := false
		for _, key := range slices.Concat(s.plot.Facet, s.plot.Per) {
			level := t[key]
			if v, computed := s.at[key]; computed {
				level = round(v)
			}
			if next, ok := c.Of[level]; ok {
				c, found = next, true
				break
			}
		}
		if !found {
			return "", false
		}
	}
	return c.Expr, c.Expr != ""
}

// scope is that of a plot.
func (r *report) scope(p scenarios.Plot) scope {
	return scope{report: r, plot: p, at: map[string]float64{}}
}

// with adds the meaning of a name.
func (s scope) with(name string, v float64) scope {
	s.at = maps.Clone(s.at)
	s.at[name] = v
	return s
}

// read is eval for a mark, in the unit that the sentence asks for.
func (s scope) read(expr string, t results.Treatment) reading {
	q, why := s.eval(expr, t)
	if why != "" {
		return reading{why: why}
	}
	return s.reading(q)
}

func (s scope) reading(q quantity) reading {
	v := q.reading()
	v.of, v.unit = q, cmp.Or(s.plot.Unit, q.unit)
	return v
}

// shown are the treatments that a plot draws.
func (r *report) shown(p scenarios.Plot) []results.Treatment {
	return slices.DeleteFunc(r.under(p.Where), func(t results.Treatment) bool {
		return p.Only != nil && !slices.Contains(p.Only, t.Transport())
	})
}

// with is t with another level of one key.
func with(t results.Treatment, key, level string) results.Treatment {
	o := maps.Clone(t)
	o[key] = level
	return o
}

// scaled is an axis as the sentence has it.
func scaled(name, unit string, log bool, vs []float64) axis {
	if log && slices.ContainsFunc(vs, func(v float64) bool { return v > 0 && finite(v) }) {
		return logAxis(name+logScale, unit, vs)
	}
	return linearAxis(name, unit, vs)
}

// amount writes a value as marks and tables have it.
func amount(v, lo, hi float64, unit string) string {
	switch unit {
	case "bit/s": // line rates count in thousands
		size, suffix := units.Scale(v*(1+1e-9), unit)
		return units.Format(v/size, "1") + " " + suffix
	case "1":
		return "×" + valueWithInterval(v, lo, hi, unit)
	}
	return valueWithInterval(v, lo, hi, unit)
}

// count writes a number with its thousands apart: 10,000.
func count(n float64) string {
	text := strconv.FormatFloat(n, 'f', -1, 64)
	whole, _, _ := strings.Cut(text, ".")
	for i := len(whole) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}
