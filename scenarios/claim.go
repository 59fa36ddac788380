package scenarios

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"pushbench/results"
)

var claimKeys = []string{"id", "says", "expect", "where"}

var claimID = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9.-]*$`)

func (p *parser) claims(n *yaml.Node) {
	lines := map[string]int{}
	for _, item := range list(n, "claims", "[{id: C1, says: …, expect: …}]", &p.problems) {
		before := len(p.list)
		claim, at := p.claim(item)
		if first, twice := lines[claim.ID]; twice && claim.ID != "" {
			p.add(item.Line, "claim %s again, first on line %d; give each an id of its own", claim.ID, first)
		}
		lines[claim.ID] = item.Line
		if len(p.list) == before {
			p.expectation(claim, at)
		}
		if len(p.list) == before {
			p.s.Claims = append(p.s.Claims, claim)
		}
	}
}

// claim reads one claim; at is the line of its expectation.
func (p *parser) claim(n *yaml.Node) (c results.Claim, at int) {
	c = results.Claim{Line: n.Line}
	given := map[string]bool{}
	for _, e := range mapping(n, "a claim", claimKeys, &p.problems) {
		given[e.key] = true
		what := "a claim's " + e.key
		switch e.key {
		case "id":
			id, ok := scalar(e.value, what, "a name such as C18a", &p.problems)
			if ok && !claimID.MatchString(id) {
				p.add(e.value.Line, "%s %q is not a letter with letters, digits, dots and dashes after it; write such as C18a", what, id)
			}
			c.ID = id
		case "says":
			c.Says, _ = scalar(e.value, what, "one sentence in plain words", &p.problems)
		case "expect":
			c.Expect, _ = scalar(e.value, what, "such as staleness/p50[ws] < staleness/p50[poll?interval=1s]", &p.problems)
			at = e.value.Line
		case "where":
			c.Where, _ = p.where(e.value, what)
		}
	}
	if n.Kind != yaml.MappingNode {
		return c, at
	}
	for _, k := range []string{"id", "says", "expect"} {
		if !given[k] && !misspelt(n, k, claimKeys) {
			p.add(n.Line, "a claim has no %s; it needs id, says and expect", k)
		}
	}
	return c, at
}

// expectation parses what a claim expects and finds each of its terms in the
// plan.
func (p *parser) expectation(c results.Claim, line int) {
	expect, err := results.ParseExpect(c.Expect)
	if err != nil {
		p.add(line, "claim %s: %v", c.ID, err)
		return
	}
	before := len(p.list)
	if !expect.Decidable() && p.check != nil { // a record carries what was written before
		p.add(line, "claim %s: ≈ needs a tolerance, for nothing else says how near is equal; write such as %s ± 5%%", c.ID, c.Expect)
	}
	terms := expect.Terms()
	for _, term := range terms {
		p.term(c, term, line)
	}
	if len(p.list) > before {
		return
	}
	if !p.meet(c, terms) {
		p.add(line, "claim %s compares treatments that never meet under the same conditions; see except, and what -dry says is dropped", c.ID)
		return
	}
	// The units of metrics agree already. Those of knobs and levels are known
	// only here, where the scenario says what they are.
	if _, err := results.ParseExpect(p.withLevels(c.Expect, terms)); err != nil {
		p.add(line, "claim %s: %v", c.ID, err)
	}
}

// meet reports whether there is at least one setting of what the claim leaves
// open under which the plan has every treatment that it compares.
func (p *parser) meet(c results.Claim, terms []*results.Term) bool {
	named := map[string]bool{"transport": true}
	for _, term := range terms {
		for key := range term.Levels {
			named[key] = true
		}
	}
	return slices.ContainsFunc(p.plan, func(t Treatment) bool {
		open := maps.Clone(map[string]string(t.Labels))
		maps.DeleteFunc(open, func(key, _ string) bool { return named[key] })
		return !slices.ContainsFunc(terms, func(term *results.Term) bool {
			single := singledOut(c, term)
			return !slices.ContainsFunc(p.plan, func(u Treatment) bool {
				return u.Labels.Matches(open) && u.Labels.Matches(single)
			})
		})
	})
}

// withLevels puts the level itself for every term that is a knob or a key:
// "0.5 × interval[poll?interval=1s]" becomes "0.5 × 1s".
func (p *parser) withLevels(expect string, terms []*results.Term) string {
	text := []rune(expect)
	for _, term := range slices.Backward(terms) {
		levels := p.levelsOf(term)
		if levels == nil {
			continue
		}
		start := term.Column - 1
		length := slices.Index(text[start:], ']') + 1
		text = slices.Replace(text, start, start+length, []rune(levels[0])...)
	}
	return string(text)
}

// levelsOf are the values that a term can have which is no metric: what its
// transport writes for the knob of that name, or the levels of the key. It is
// nil for a metric, and for a name that is nothing.
func (p *parser) levelsOf(term *results.Term) []string {
	if _, ok := results.Describe(term.Name); ok {
		return nil
	}
	base, _, _ := strings.Cut(term.Transport, "#")
	if written := knob(base, term.Name); written != "" {
		return []string{written}
	}
	return p.s.levels(term.Name)
}

// term holds NAME[treatment] against the vocabulary and the plan.
func (p *parser) term(c results.Claim, term *results.Term, line int) {
	if !p.inScenario(line, "claim "+c.ID, term.Transport, term.Levels) {
		return
	}
	if level, set := c.Where["transport"]; set && level != term.Transport {
		p.add(line, "claim %s names %s but its where holds the transport to %s; leave transport out of where", c.ID, term.Transport, level)
		return
	}
	for _, key := range sortedNames(term.Levels) {
		level := term.Levels[key]
		if held, set := c.Where[key]; set && held != level {
			p.add(line, "claim %s names %s=%s but its where holds %s to %s; leave %s out of where", c.ID, key, level, key, held, key)
			return
		}
	}
	single := singledOut(c, term)
	if !slices.ContainsFunc(p.plan, func(t Treatment) bool { return t.Labels.Matches(single) }) {
		p.add(line, "claim %s names %s, a combination that the plan leaves out; see except, and what -dry says is dropped", c.ID, results.Treatment(single).Key())
		return
	}
	p.termName(c, term, line)
}

// inScenario holds a transport, where one is named, and further levels to being those
// of some treatment.
func (p *parser) inScenario(line int, who, transport string, further map[string]string) bool {
	if levels := p.s.levels("transport"); transport != "" && !slices.Contains(levels, transport) {
		p.add(line, "%s names the transport %q, which is not in this scenario; %s", who, transport, among(transport, "its transports", levels))
		return false
	}
	for _, key := range sortedNames(further) {
		switch level, levels := further[key], p.s.levels(key); {
		case levels == nil:
			p.add(line, "%s names the unknown key %q; %s", who, key, among(key, "known keys", keyNames()))
			return false
		case !slices.Contains(levels, level):
			p.add(line, "%s names %s=%s, which is not in this scenario; %s", who, key, level, among(level, "its levels", levels))
			return false
		}
	}
	return true
}

// singledOut is every level that a term and its claim ask of a treatment.
func singledOut(c results.Claim, term *results.Term) map[string]string {
	where := map[string]string{}
	maps.Copy(where, c.Where)
	maps.Copy(where, term.Levels)
	where["transport"] = term.Transport
	return where
}

// termName holds the name before the bracket to being a metric, a knob that
// the transport writes out, or a key; and what is no metric to being a number.
func (p *parser) termName(c results.Claim, term *results.Term, line int) {
	if _, ok := results.Describe(term.Name); ok {
		return
	}
	levels := p.levelsOf(term)
	if levels == nil {
		mend := ""
		all, _ := metricNames()
		if near := results.Nearest(term.Name, slices.Concat(all, keyNames())); near != "" {
			mend = "; did you mean " + near + "?"
		}
		p.add(line, "claim %s: %s is no metric, no key of a scenario, and no knob that %s writes out%s", c.ID, term.Name, term.Transport, mend)
	}
	if i := slices.IndexFunc(levels, func(level string) bool { return !isNumber(level) }); i >= 0 {
		p.add(line, "claim %s computes with %s, which is %q and not a number", c.ID, term.Name, levels[i])
	}
}

// metricNames are the words of the record's vocabulary: numbers as they are,
// and distributions, of which name/p50, /p99.9, /mean, /min or /max is a
// number. They are asked for here so that a slip in a claim is found before a
// run of twenty minutes and not after it.
func metricNames() (all, distributions []string) {
	for _, m := range results.Vocabulary() {
		all = append(all, m.Name)
		if _, isNumber := results.Describe(m.Name); !isNumber {
			distributions = append(distributions, m.Name)
		}
	}
	return all, distributions
}
