package results

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"pushbench/servers/units"
)

// cell is one combination of the factors that a claim leaves open, and what each
// of its terms means there.
type cell struct {
	where      map[string]string
	treatments map[*Term]Treatment
}

// cells finds the combinations under which an expectation is to be judged, in planned
// order. It also returns how many more have some of the treatments compared but not all.
func (r *Run) cells(where map[string]string, e *Expect) (cells []cell, incomplete int, err error) {
	pool := slices.DeleteFunc(r.Treatments(), func(t Treatment) bool { return !t.Matches(where) })
	if len(pool) == 0 {
		return nil, 0, fmt.Errorf("no treatment of this run has %s", Treatment(where).Key())
	}
	terms := e.terms
	for _, term := range terms {
		if !slices.ContainsFunc(pool, term.means) {
			return nil, 0, &ExprError{Text: e.place.Text, Column: term.Column, Msg: fmt.Sprintf(
				"the run has no treatment %s; its transports are %s", term.bracket(), strings.Join(transports(pool), ", "))}
		}
	}
	seen, open := map[string]bool{}, openKeys(pool, terms)
	for _, t := range pool {
		c := cell{where: map[string]string{}, treatments: map[*Term]Treatment{}}
		for _, key := range open {
			if level, given := t[key]; given {
				c.where[key] = level
			}
		}
		if key := Treatment(c.where).Key(); seen[key] {
			continue
		} else {
			seen[key] = true
		}
		for _, term := range terms {
			want := maps.Clone(c.where)
			maps.Copy(want, term.Levels)
			fits := func(t Treatment) bool { return t.Matches(want) && term.means(t) }
			if i := slices.IndexFunc(pool, fits); i >= 0 {
				c.treatments[term] = pool[i]
			}
		}
		switch len(c.treatments) {
		case len(terms):
			cells = append(cells, c)
		case 0: // levels that only other transports have
		default:
			incomplete++
		}
	}
	if len(cells) == 0 {
		return nil, 0, fmt.Errorf("no combination of levels in this run has every treatment that %q compares", e.place.Text)
	}
	return cells, incomplete, nil
}

// openKeys are the factors that vary in the pool and are not named by every term.
func openKeys(pool []Treatment, terms []*Term) []string {
	return slices.DeleteFunc(varyingKeys(pool)[1:], func(key string) bool {
		return !slices.ContainsFunc(terms, func(t *Term) bool { return t.Levels[key] == "" })
	})
}

// varyingKeys are the keys whose level is not the same in all treatments, the
// transport always and first.
func varyingKeys(treatments []Treatment) []string {
	keys := []string{"transport"}
	for _, key := range treatmentKeys(treatments) {
		varies := func(t Treatment) bool { return t[key] != treatments[0][key] }
		if key != "transport" && slices.ContainsFunc(treatments, varies) {
			keys = append(keys, key)
		}
	}
	return keys
}

// treatmentKeys are all keys of the treatments in alphabetical order.
func treatmentKeys(treatments []Treatment) []string {
	all := Treatment{}
	for _, t := range treatments {
		maps.Copy(all, t)
	}
	return slices.Sorted(maps.Keys(all))
}

// means reports whether t is a treatment that the term's brackets describe.
func (t *Term) means(o Treatment) bool {
	return o.Matches(t.Levels) && sameTransport(t.Transport, o.Transport())
}

// sameTransport compares two transports, the order of their knobs aside.
func sameTransport(a, b string) bool {
	nameA, knobsA, labelA := splitTransport(a)
	nameB, knobsB, labelB := splitTransport(b)
	return nameA == nameB && labelA == labelB && slices.Equal(knobsA, knobsB)
}

// splitTransport takes name[?knob=value&knob=value][#label] apart.
func splitTransport(s string) (name string, knobs []string, label string) {
	s, label, _ = strings.Cut(s, "#")
	name, query, _ := strings.Cut(s, "?")
	if query != "" {
		knobs = strings.Split(query, "&")
		slices.Sort(knobs)
	}
	return name, knobs, label
}

// transports lists the transports of some treatments, each once.
func transports(pool []Treatment) []string {
	var list []string
	for _, t := range pool {
		list = AddNew(list, t.Transport())
	}
	return list
}

// AddNew adds to a list whatever is not in it yet.
func AddNew[T comparable](list []T, more ...T) []T {
	for _, v := range more {
		if !slices.Contains(list, v) {
			list = append(list, v)
		}
	}
	return list
}

// sample is what a term stands for in a treatment.
type sample struct {
	measured bool
	values   Sample    // of a metric
	constant float64   // of a knob or level
	unit     dimension // nil when nothing tells
}

func (s sample) at(block int) float64 {
	if s.measured {
		return s.values.Values[block]
	}
	return s.constant
}

// sample looks a term up in a treatment: a metric of its trials, a knob of its
// transport, or one of its levels.
func (r *Run) sample(term *Term, t Treatment) (sample, error) {
	if term.measured() || r.records(term.Name) {
		values, err := r.Sample(t, term.Name)
		s := sample{measured: true, values: values, unit: knownUnit(term)}
		if values.Unit != "" {
			s.unit = dimensionOf(values.Unit)
		}
		return s, err
	}
	_, knobs, _ := splitTransport(t.Transport())
	level, known := t[term.Name]
	for _, knob := range knobs {
		if value, ok := strings.CutPrefix(knob, term.Name+"="); ok {
			level, known = value, true
		}
	}
	if !known {
		return sample{}, fmt.Errorf("%s is no metric of this run, and no knob or level of %s", term.Name, term.bracket())
	}
	v, unit, err := units.Parse(level)
	if err != nil {
		return sample{}, fmt.Errorf("%s of %s is no number: %w", term.Name, term.bracket(), err)
	}
	return sample{constant: v, unit: dimensionOf(unit)}, nil
}

// records reports whether any trial of the run has the metric.
func (r *Run) records(metric string) bool {
	return slices.ContainsFunc(r.Trials, func(t *Trial) bool {
		_, err := t.Value(metric)
		return err == nil
	})
}
