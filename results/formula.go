package results

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Formula is what a figure draws. Its language is that of claims without a comparison.
// It has ÷ besides, braces that add, brackets that may be left out, and names that the
// figure itself explains.
type Formula struct {
	root  node
	terms []*Term
}

// ParseFormula reads such as "y[poll?interval=1s] ÷ y[ws]". A bracket that is left out
// means the treatment drawn, and one that is written names what differs from it. In
// figures "per event" counts as 1, since axes print it so. The error is an *ExprError.
func ParseFormula(s string) (*Formula, error) {
	f := new(Formula)
	p, err := parse(s, true, func(p *parser) {
		if f.root = p.sum(); p.token.kind != tokenEnd {
			p.failAt("an operator or the end")
		}
	})
	if err != nil {
		return nil, err
	}
	f.terms = p.terms
	_, err = f.Unit((*Term).unitInFigures)
	return f, err
}

// Terms are the names of the formula from left to right.
func (f *Formula) Terms() []*Term { return f.terms }

// Single is the formula's only term, where it is nothing else.
func (f *Formula) Single() (*Term, bool) {
	t, ok := f.root.(*Term)
	return t, ok
}

// Value computes the formula from what each term means.
func (f *Formula) Value(valueOf func(*Term) float64) float64 { return f.root.value(valueOf) }

// Unit is the unit of the formula's value, "" where it is open. unitOf is that of a
// term, "" where nothing tells.
func (f *Formula) Unit(unitOf func(*Term) string) (string, error) {
	dim, err := f.root.unit(func(t *Term) dimension {
		unit := unitOf(t)
		if unit == "" {
			return nil
		}
		d := dimensionOf(unit)
		delete(d, "event")
		return d
	})
	if err != nil || dim == nil {
		return "", err
	}
	return dim.String(), nil
}

// Derived are words for sums that figures ask for: what an event takes on the wire in
// both directions, from the headers alone down to IP. Bytes that compression saved
// count in each layer below it, where a record has them.
var Derived = []struct{ Name, Sum, Recorded, Meaning string }{
	{"wire/protocol", "bytes/protocol/{down,up}", "", "headers and framing alone, both directions"},
	{"wire/data", "bytes/{payload,envelope,protocol}/{down,up}", "bytes/compression/{down,up}", "body, encoding, and headers or framing, both directions"},
	{"wire/tls", "bytes/{payload,envelope,protocol,tls}/{down,up}", "bytes/compression/{down,up}", "the same with TLS"},
	{"wire/ip", "bytes/total/{down,up}", "", "all IP bytes, both directions"},
	{"wire/ip/down", "bytes/total/down", "", "all IP bytes from the server"},
}

// Metrics are what a term adds up, and what it adds where the record has it; nothing
// for a name that is no metric.
func (t *Term) Metrics() (sum, recorded []string) {
	for _, d := range Derived {
		if d.Name == t.Name {
			return Expand(d.Sum), Expand(d.Recorded)
		}
	}
	names := Expand(t.Name)
	if slices.ContainsFunc(names, func(n string) bool { _, ok := Describe(n); return !ok }) {
		return nil, nil
	}
	return names, nil
}

// Expand lists what braces stand for, as in bytes/{payload,envelope}/down; with braces
// in two places, every combination.
func Expand(name string) []string {
	if name == "" {
		return nil
	}
	before, rest, opened := strings.Cut(name, "{")
	words, after, closed := strings.Cut(rest, "}")
	if !opened || !closed {
		return []string{name}
	}
	ends := []string{""}
	if after != "" {
		ends = Expand(after)
	}
	var names []string
	for w := range strings.SplitSeq(words, ",") {
		for _, end := range ends {
			names = append(names, before+strings.TrimSpace(w)+end)
		}
	}
	return names
}

// unitInFigures is the unit of a metric, or of a sum of some.
func (t *Term) unitInFigures() string {
	if sum, _ := t.Metrics(); len(sum) > 0 {
		info, _ := Describe(sum[0])
		return info.Unit
	}
	return ""
}

// checkSum refuses sums that mean nothing: of words unknown, of unlike units, and of
// quantiles, which do not add up.
func (t *Term) checkSum() error {
	names := Expand(t.Name)
	if sum, _ := t.Metrics(); len(sum) > 0 {
		names = sum
	}
	var unit string
	for i, name := range names {
		if err := (&Term{Name: name}).checkName(); err != nil {
			return err
		}
		info, _ := Describe(name)
		_, part, isPart := splitStat(name)
		switch {
		case len(names) > 1 && isPart && part.quantile > 0:
			return errors.New("quantiles such as " + name + " have no sum; make it a figure for each")
		case i > 0 && info.Unit != unit:
			return fmt.Errorf("%s in %s and %s in %s do not add up; make it a figure for each", names[0], unit, name, info.Unit)
		}
		unit = info.Unit
	}
	return nil
}
