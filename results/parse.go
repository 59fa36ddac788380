package results

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"pushbench/servers/units"
)

// Bounds of an expectation, far beyond what a person writes, so that hostile
// input costs neither time nor stack.
const (
	longestExpect = 2000 // bytes
	deepestExpect = 50   // parentheses within each other
)

// ParseExpect reads a comparison:
//
//	EXPR (< | > | ≈) EXPR [± TOLERANCE]
//
// EXPR is made of NAME[treatment], numbers with units, + − × and parentheses. NAME is a
// metric (staleness/p50), a knob of the treatment's transport (interval) or a key of the
// treatment (rate). The treatment in brackets is a transport as the scenario writes it,
// and then any further levels: [ws, subscribers=2000]. The tolerance is a number with a
// unit, or a share of the right side in %, and goes with ≈ only; ≈ without one means that
// there is no difference.
//
// On a plain keyboard: - with a blank on each side, *, ~ and +/-. Units are checked, as
// far as names tell them; a plain 0 goes with any. The error is an *ExprError.
func ParseExpect(s string) (*Expect, error) {
	e := new(Expect)
	p, err := parse(s, false, func(p *parser) { p.expect(e) })
	if err != nil {
		return nil, err
	}
	e.terms = p.terms
	_, err = e.unit(knownUnit)
	return e, err
}

// parse reads all of s by a rule.
func parse(s string, figure bool, rule func(p *parser)) (*parser, error) {
	if len(s) > longestExpect {
		return nil, &ExprError{Text: strings.ToValidUTF8(s[:20], "") + "…", Column: 1, Msg: fmt.Sprintf("longer than %d bytes", longestExpect)}
	}
	p := &parser{lexer: lexer{text: s, rest: s, figure: figure}}
	p.advance()
	if rule(p); p.err != nil {
		return nil, p.err
	}
	return p, nil
}

// parser is a recursive descent over the tokens. After the first failure it
// sees only tokenEnd, and so returns soon.
type parser struct {
	lexer
	token token // the one to be parsed next
	terms []*Term
	depth int
}

func (p *parser) advance() { p.token = p.next() }

// at reports whether the next token is one of the operators.
func (p *parser) at(operators ...string) bool {
	return p.token.kind == tokenOperator && slices.Contains(operators, p.token.text)
}

// failAt fails at the next token, naming what should stand there instead.
func (p *parser) failAt(want string) {
	found := fmt.Sprintf("%q", p.token.text)
	if p.token.kind == tokenEnd {
		found = "the end"
	}
	p.token = p.fail(p.token.column, "want %s, found %s", want, found)
}

func (p *parser) expect(e *Expect) {
	left := p.sum()
	if !p.at("<", ">", "≈") {
		p.failAt("an operator, or one of < > ≈")
		return
	}
	e.operation = p.operation(left, p.sum)
	if p.at("±") {
		e.tolerance = p.tolerance(e.operator)
	}
	if p.token.kind != tokenEnd {
		p.failAt("an operator, ± or the end")
	}
	if p.err == nil && !slices.ContainsFunc(p.terms, (*Term).measured) {
		mend := ""
		for _, t := range p.terms {
			if mend == "" && meant(t.Name) != "" {
				mend = "; " + t.Name + " " + Unknown(t.Name)
			}
		}
		p.fail(1, "nothing here is measured: compare at least one metric, such as staleness/p50[ws]%s", mend)
	}
}

// measured tells a metric from a knob or a level.
func (t *Term) measured() bool {
	_, ok := Describe(t.Name)
	return ok
}

func (p *parser) tolerance(operator string) *constant {
	column := p.token.column
	p.advance()
	if operator != "≈" {
		p.fail(column, "a tolerance goes with ≈, not with %s", operator)
		return nil
	}
	if p.token.kind != tokenQuantity {
		p.failAt("a tolerance, such as 3% or 2ms")
		return nil
	}
	c := p.constant()
	if c.v <= 0 {
		p.fail(column, "a tolerance must be above 0; for no difference at all leave it out")
	}
	return c
}

// operation parses what stands behind the left side: the operator at hand, and the right
// side.
func (p *parser) operation(left node, right func() node) operation {
	x := operation{operator: p.token.text, left: left, place: ExprError{Text: p.text, Column: p.token.column}}
	p.advance()
	x.right = right()
	return x
}

func (p *parser) sum() node { return p.chain(p.product, "+", "−") }

func (p *parser) product() node { return p.chain(p.operand, "×", "÷") }

// chain parses operands with operators of one rank between them, from left to right.
func (p *parser) chain(operand func() node, operators ...string) node {
	left := operand()
	for p.at(operators...) {
		x := p.operation(left, operand)
		left = &x
	}
	return left
}

// operand returns a placeholder after a failure, so that callers need not ask.
func (p *parser) operand() node {
	switch {
	case p.token.kind == tokenQuantity:
		return p.constant()
	case p.token.kind == tokenName:
		return p.term()
	case p.at("("):
		return p.parentheses()
	}
	p.failAt("NAME[treatment], a number with its unit, or (")
	return &constant{}
}

func (p *parser) parentheses() node {
	open := p.token
	if p.depth++; p.depth > deepestExpect {
		p.token = p.fail(open.column, "more than %d parentheses within each other", deepestExpect)
		return &constant{}
	}
	p.advance()
	inner := p.sum()
	p.depth--
	if !p.at(")") {
		p.failAt("an operator, or ) to close column " + fmt.Sprint(open.column))
	}
	p.advance()
	return inner
}

// constant parses the quantity at hand; the lexer has checked it. A share is a
// plain number, 3% is 0.03.
func (p *parser) constant() *constant {
	v, unit, err := units.Parse(p.token.text)
	if err != nil {
		p.fail(p.token.column, "%v", err)
	}
	c := &constant{v: v, dim: dimensionOf(unit), share: unit == "%"}
	if v == 0 && unit == "1" {
		c.dim = nil
	}
	p.advance()
	return c
}

func (p *parser) term() node {
	t := &Term{Name: p.token.text, Column: p.token.column}
	check := t.checkName
	if p.figure {
		check = t.checkSum
	}
	if err := check(); err != nil {
		p.fail(p.token.column, "%v", err)
	}
	p.advance()
	switch {
	case p.token.kind == tokenBracket:
		if err := t.parseBracket(p.token.text); err != nil {
			p.fail(p.token.column, "%v", err)
		}
		p.advance()
	case !p.figure:
		p.failAt("[treatment] after " + t.Name)
	}
	p.terms = append(p.terms, t)
	return t
}

// parseBracket reads "transport, key=level, key=level".
func (t *Term) parseBracket(text string) error {
	if strings.ContainsFunc(text, func(r rune) bool { return unicode.IsControl(r) || r == '[' }) {
		return fmt.Errorf("[%s] has a character that no level has", text)
	}
	transport, levels, more := strings.Cut(text, ",")
	t.Transport = strings.TrimSpace(transport)
	name, _, _ := strings.Cut(t.Transport, "?")
	if name == "" || strings.ContainsFunc(t.Transport, unicode.IsSpace) || strings.Contains(name, "=") {
		return fmt.Errorf("a treatment begins with its transport, such as [ws] or [poll?interval=1s, rate=40/s]")
	}
	if !more {
		return nil
	}
	t.Levels = map[string]string{}
	for part := range strings.SplitSeq(levels, ",") {
		key, level, ok := strings.Cut(part, "=")
		key, level = strings.TrimSpace(key), strings.TrimSpace(level)
		if !ok || key == "" || level == "" || strings.ContainsFunc(key, unicode.IsSpace) {
			return fmt.Errorf("want key=level behind the transport, found %q", strings.TrimSpace(part))
		}
		if _, twice := t.Levels[key]; twice || key == "transport" {
			return fmt.Errorf("%s is given twice", key)
		}
		t.Levels[key] = level
	}
	return nil
}
