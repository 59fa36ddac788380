package results

import (
	"fmt"
	"strings"
)

// node is a part of an expression: a constant, a Term or an operation.
type node interface {
	print(b *strings.Builder)
	// unit is the dimension of the node's value, nil where it is open: that of a
	// plain 0, which goes with any unit, and of a Term that unitOf does not know.
	unit(unitOf func(*Term) dimension) (dimension, *ExprError)
	// value reckons with what each Term stands for.
	value(valueOf func(*Term) float64) float64
	// terms calls visit for each Term, from left to right.
	terms(visit func(*Term))
}

// constant is a number with its unit.
type constant struct {
	text string // as written, in canonical form
	v    float64
	dim  dimension // nil for a plain 0
}

func (c *constant) print(b *strings.Builder)                              { b.WriteString(c.text) }
func (c *constant) unit(func(*Term) dimension) (dimension, *ExprError)    { return c.dim, nil }
func (c *constant) value(func(*Term) float64) float64                     { return c.v }
func (c *constant) terms(func(*Term))                                     {}
func (t *Term) print(b *strings.Builder)                                  { b.WriteString(t.String()) }
func (t *Term) unit(unitOf func(*Term) dimension) (dimension, *ExprError) { return unitOf(t), nil }
func (t *Term) value(valueOf func(*Term) float64) float64                 { return valueOf(t) }
func (t *Term) terms(visit func(*Term))                                   { visit(t) }

// operation is a sum, a difference, a product or, in figures, a quotient.
type operation struct {
	operator    string // "+", "−", "×" or "÷"
	left, right node
	column      int // of the operator
}

func (x *operation) print(b *strings.Builder) {
	enclosed(b, x.left, x.rank() > rankOf(x.left))
	b.WriteString(" " + x.operator + " ")
	enclosed(b, x.right, x.rank() >= rankOf(x.right)) // a − (b − c) is not a − b − c
}

func enclosed(b *strings.Builder, n node, parentheses bool) {
	if parentheses {
		b.WriteString("(")
		defer b.WriteString(")")
	}
	n.print(b)
}

// rank is higher where an operator binds tighter.
func (x *operation) rank() int {
	if x.operator == "×" || x.operator == "÷" {
		return 2
	}
	return 1
}

func rankOf(n node) int {
	if x, ok := n.(*operation); ok {
		return x.rank()
	}
	return 3
}

func (x *operation) unit(unitOf func(*Term) dimension) (dimension, *ExprError) {
	left, err := x.left.unit(unitOf)
	if err != nil {
		return nil, err
	}
	right, err := x.right.unit(unitOf)
	if err != nil {
		return nil, err
	}
	if x.rank() == 2 {
		if left == nil || right == nil {
			return nil, nil
		}
		if x.operator == "÷" {
			right = right.inverse()
		}
		return left.times(right), nil
	}
	verb := map[string]string{"+": "add %s to %s", "−": "subtract %s from %s"}[x.operator]
	return sameUnit(left, right, x.column, verb)
}

// sameUnit is the unit that both sides of a sum or a comparison have. The verb
// takes the right unit, then the left.
func sameUnit(left, right dimension, column int, verb string) (dimension, *ExprError) {
	switch {
	case left == nil:
		return right, nil
	case right == nil || left.String() == right.String():
		return left, nil
	}
	return nil, &ExprError{Column: column, Msg: fmt.Sprintf("cannot "+verb, right, left)}
}

func (x *operation) value(valueOf func(*Term) float64) float64 {
	left, right := x.left.value(valueOf), x.right.value(valueOf)
	switch x.operator {
	case "+":
		return left + right
	case "−":
		return left - right
	case "÷":
		return left / right
	default:
		return left * right
	}
}

func (x *operation) terms(visit func(*Term)) {
	x.left.terms(visit)
	x.right.terms(visit)
}
