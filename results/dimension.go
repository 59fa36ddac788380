package results

import (
	"maps"
	"slices"
	"strings"
)

// dimension is a unit taken apart for reckoning: symbol → power, "B/event" is
// {B: 1, event: -1}. The dimension of counts, shares and ratios is empty.
type dimension map[string]int

// busyTime is the unit of how much of a core something takes: CPU seconds a second.
const busyTime = "s/s"

// dimensionOf takes a unit such as s, 1/s or B/event apart. Symbols before the
// first slash are multiplied by "·", each slash divides by what follows it.
func dimensionOf(unit string) dimension {
	if unit == busyTime {
		return dimension{unit: 1} // and no share like any other, so that it is printed as what it is
	}
	d := dimension{}
	for i, part := range strings.Split(unit, "/") {
		power := 1
		if i > 0 {
			power = -1
		}
		for symbol := range strings.SplitSeq(part, "·") {
			d.add(symbol, power)
		}
	}
	return d
}

// add multiplies d by symbol to the given power.
func (d dimension) add(symbol string, power int) {
	if symbol == "" || symbol == "1" || symbol == "%" {
		return
	}
	d[symbol] += power
	if d[symbol] == 0 {
		delete(d, symbol)
	}
}

// times is the dimension of a product with o, and with power −1 that of a quotient.
func (d dimension) times(o dimension, power int) dimension {
	product := maps.Clone(d)
	for symbol, of := range o {
		product.add(symbol, power*of)
	}
	return product
}

// String is the unit that dimensionOf reads as d.
func (d dimension) String() string {
	var over, under strings.Builder
	for _, symbol := range slices.Sorted(maps.Keys(d)) {
		for n := d[symbol]; n > 0; n-- {
			if over.Len() > 0 {
				over.WriteString("·")
			}
			over.WriteString(symbol)
		}
		for n := d[symbol]; n < 0; n++ {
			under.WriteString("/" + symbol)
		}
	}
	if over.Len() == 0 {
		over.WriteString("1")
	}
	return over.String() + under.String()
}
