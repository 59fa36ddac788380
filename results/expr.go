package results

import "fmt"

// node is a part of an expression: a constant, a Term or an operation.
type node interface {
	// unit is the dimension of the node's value, nil where it is open: that of a
	// plain 0, which goes with any unit, and of a Term that unitOf does not know.
	unit(unitOf func(*Term) dimension) (dimension, error)
	// value reckons with what each Term stands for.
	value(valueOf func(*Term) float64) float64
}

// constant is a number with its unit.
type constant struct {
	v     float64
	dim   dimension // nil for a plain 0
	share bool      // it is in %
}

func (c *constant) unit(func(*Term) dimension) (dimension, error)    { return c.dim, nil }
func (c *constant) value(func(*Term) float64) float64                { return c.v }
func (t *Term) unit(unitOf func(*Term) dimension) (dimension, error) { return unitOf(t), nil }
func (t *Term) value(valueOf func(*Term) float64) float64            { return valueOf(t) }

// operation is a sum, a difference, a product, in figures a quotient, or what a claim
// compares.
type operation struct {
	operator    string
	left, right node
	place       ExprError // of the operator
}

// verbs are what operators do that take equal units. A verb takes the right unit, then
// the left.
var verbs = map[string]string{
	"+": "add %s to %s", "−": "subtract %s from %s", "±": "allow ± %s on %s",
	"<": "compare %s with %s", ">": "compare %s with %s", "≈": "compare %s with %s",
}

func (x *operation) unit(unitOf func(*Term) dimension) (dimension, error) {
	left, err := x.left.unit(unitOf)
	if err != nil {
		return nil, err
	}
	right, err := x.right.unit(unitOf)
	if err != nil {
		return nil, err
	}
	verb, alike := verbs[x.operator]
	switch {
	case !alike && (left == nil || right == nil):
		return nil, nil
	case x.operator == "÷":
		return left.times(right, -1), nil
	case !alike:
		return left.times(right, 1), nil
	case left == nil:
		return right, nil
	case right == nil || left.String() == right.String():
		return left, nil
	}
	mistake := x.place
	mistake.Msg = fmt.Sprintf("cannot "+verb, right, left)
	return nil, &mistake
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
