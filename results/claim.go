package results

import (
	"fmt"
	"slices"
	"strings"
)

// Claim is one claim of a scenario: what somebody says, and the comparison that
// it comes to.
type Claim struct {
	ID     string
	Says   string            // in words
	Expect string            // see ParseExpect
	Where  map[string]string // levels that the run's treatments must have
	Line   int               // in the scenario file, 0 if unknown
}

// Expect is a comparison, parsed.
type Expect struct {
	operation // "<", ">" or "≈"
	tolerance *constant
	terms     []*Term // from left to right
}

// Term is one measured value, or knob, of a treatment: staleness/p50[ws].
type Term struct {
	Name      string            // a metric, a knob of the transport, or a key of the treatment
	Transport string            // as in the scenario: poll?interval=1s
	Levels    map[string]string // further levels, or nil
	Column    int               // in the expectation, from 1
}

// bracket is the treatment of the term in canonical form.
func (t *Term) bracket() string {
	levels := Treatment(t.Levels).levels()
	return "[" + strings.Join(append([]string{t.Transport}, levels...), ", ") + "]"
}

// Terms lists every NAME[treatment] of the expectation, from left to right.
func (e *Expect) Terms() []*Term { return e.terms }

// unit holds the units of all parts against each other. It is the one that is
// compared, nil where that is still open.
func (e *Expect) unit(unitOf func(*Term) dimension) (dimension, error) {
	if e.tolerance == nil || e.relative() {
		return e.operation.unit(unitOf)
	}
	allowed := operation{operator: "±", left: &e.operation, right: e.tolerance, place: e.place}
	return allowed.unit(unitOf)
}

// Decidable reports whether the expectation says when it holds: ≈ takes a tolerance.
func (e *Expect) Decidable() bool { return e.operator != "≈" || e.tolerance != nil }

// relative reports whether the tolerance is a share of the right side.
func (e *Expect) relative() bool {
	return e.tolerance != nil && e.tolerance.share
}

// knownUnit is the unit of a term as far as its name alone tells: knobs and
// levels have theirs only within a treatment.
func knownUnit(t *Term) dimension {
	if m, ok := Describe(t.Name); ok {
		return dimensionOf(m.Unit)
	}
	return nil
}

// checkName refuses a name that no metric, knob or level can have.
func (t *Term) checkName() error {
	isHist := slices.ContainsFunc(histograms, func(h Info) bool { return h.Name == t.Name })
	if t.measured() || !isHist && !strings.Contains(t.Name, "/") {
		return nil // perhaps a knob or a level, which the treatment will tell
	}
	return fmt.Errorf("%s %s", t.Name, Unknown(t.Name))
}
