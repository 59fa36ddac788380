package scenarios

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
)

// The conditions of a scenario: what varies, what is held fixed, what is left
// out, and so which treatments there are.

func (p *parser) factors(n *yaml.Node) {
	for _, e := range mapping(n, "factors", keyNames(), &p.problems) {
		k := keyNamed(e.key)
		items := list(e.value, "factor "+e.key, "["+k.example+"]", &p.problems)
		if len(items) == 0 && e.value.Kind == yaml.SequenceNode {
			p.add(e.line, "factor %s has no level; write such as [%s]", e.key, k.example)
		}
		f := Factor{Key: e.key}
		spelled := map[string]string{} // what makes levels equal → as written
		for _, item := range items {
			level, same, ok := p.level(item, k)
			if !ok {
				continue
			}
			if other, twice := spelled[same]; twice {
				p.add(item.Line, "factor %s has %s twice%s", e.key, level, twinHint(k, level, other))
				continue
			}
			spelled[same] = level
			f.Levels = append(f.Levels, level)
		}
		p.s.Factors = append(p.s.Factors, f)
	}
}

// twinHint tells an author who wants an A/A comparison how to have one.
func twinHint(k treatmentKey, level, other string) string {
	switch {
	case k.name != "transport":
		return "; keep one"
	case level == other:
		return fmt.Sprintf("; for an A/A comparison write %s#twin", level)
	default:
		return fmt.Sprintf(" (%s is the same); for an A/A comparison write %s#twin", other, other)
	}
}

func (p *parser) fixed(n *yaml.Node) {
	for _, e := range mapping(n, "fixed", keyNames(), &p.problems) {
		if slices.ContainsFunc(p.s.Factors, func(f Factor) bool { return f.Key == e.key }) {
			p.add(e.line, "%s is fixed and a factor; keep one", e.key)
			continue
		}
		if level, _, ok := p.level(e.value, keyNamed(e.key)); ok {
			p.s.Fixed[e.key] = level
		}
	}
	for _, k := range treatmentKeys {
		usual := k.level
		switch idle := len(p.s.Idle) > 0; {
		case idle && k.name == "subscribers":
			usual = strconv.Itoa(slices.Max(p.s.Idle))
		case idle && k.name == "rate":
			usual = "0/s"
		}
		if usual != "" && p.s.levels(k.name) == nil {
			p.s.Fixed[k.name] = usual
		}
	}
}

// level reads one level of a key. same is equal for levels that would make
// the same treatment; a transport keeps the spelling of the file, because that
// is the spelling its claims use.
func (p *parser) level(n *yaml.Node, k treatmentKey) (level, same string, ok bool) {
	var t Treatment
	level, ok = read(p, n, k.name, k.example, func(text string) (string, error) { return k.read(text, &t) })
	if !ok || k.name != "transport" || p.check == nil {
		return level, level, ok
	}
	spec, err := p.check(t.Transport)
	if err != nil {
		p.add(n.Line, "%v", err)
		return "", "", false
	}
	p.s.specs[t.Transport] = spec
	return level, spec.String() + strings.TrimPrefix(level, t.Transport), true
}

// levels are all levels that key takes in this scenario, nil where it has
// none yet.
func (s *Scenario) levels(key string) []string {
	if i := slices.IndexFunc(s.Factors, func(f Factor) bool { return f.Key == key }); i >= 0 {
		return s.Factors[i].Levels
	}
	if level, ok := s.Fixed[key]; ok {
		return []string{level}
	}
	return nil
}

// where reads key: level pairs that single out treatments, and reports whether
// each pair was sound.
func (p *parser) where(n *yaml.Node, what string) (map[string]string, bool) {
	before := len(p.list)
	where := map[string]string{}
	for _, e := range mapping(n, what, keyNames(), &p.problems) {
		where[e.key] = p.present(e.key, e.value, what)
	}
	return where, len(p.list) == before
}

// present reads a level that has to be one of this scenario's.
func (p *parser) present(key string, n *yaml.Node, what string) string {
	k := keyNamed(key)
	text, ok := scalar(n, what+" "+key, k.example, &p.problems)
	if !ok {
		return ""
	}
	level, err := k.read(text, new(Treatment))
	if err != nil {
		p.add(n.Line, "%s %s %q %v", what, key, text, err)
	} else if levels := p.s.levels(key); !slices.Contains(levels, level) {
		p.add(n.Line, "%s %s %q is not in this scenario; %s", what, key, text, among(level, "its levels", levels))
	}
	return level
}

// except reads what the author leaves out. Several levels of a key stand for each.
func (p *parser) except(n *yaml.Node) {
	for _, item := range list(n, "except", "[{transport: ws, rate: 1/s}]", &p.problems) {
		before := len(p.list)
		all := []map[string]string{{}}
		for _, e := range mapping(item, "except", keyNames(), &p.problems) {
			levels := []*yaml.Node{e.value}
			if e.value.Kind == yaml.SequenceNode {
				levels = e.value.Content
			}
			var with []map[string]string
			for _, n := range levels {
				level := p.present(e.key, n, "except")
				for _, where := range all {
					where = maps.Clone(where)
					where[e.key] = level
					with = append(with, where)
				}
			}
			if all = with; len(all) > maxTreatments {
				p.add(e.line, "an except with %d combinations leaves out more than a plan can have, which is %d; name fewer levels", len(all), maxTreatments)
				break
			}
		}
		switch {
		case len(p.list) > before:
		case len(all) == 0 || len(all[0]) == 0:
			p.add(item.Line, "an except that names no level would leave everything out; name one, such as {transport: ws}")
		default:
			p.s.Except = append(p.s.Except, all...)
		}
	}
}

// combine makes the plan, to find out whether there is one.
func (p *parser) combine() {
	plan, dropped, err := p.s.Treatments()
	line := p.lines["factors"]
	if line == 0 {
		line = p.lines["fixed"]
	}
	switch {
	case err != nil:
		p.add(line, "%v", err)
	case len(plan) == 0 && len(dropped) > 0:
		p.add(line, "no combination is left to run: %s", dropped[0].Why)
	case len(plan) == 0:
		p.add(p.lines["except"], "except leaves no combination to run; keep at least one")
	}
	p.plan = plan
}
