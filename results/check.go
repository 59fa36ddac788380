package results

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"unicode/utf8"
)

// Writers and readers hold records to the same rules, so that what is written
// can be read, and what is read can be reckoned with.

// check reports what makes a header unfit for a record.
func (h *Header) check() error {
	switch {
	case h.Schema < 1:
		return fmt.Errorf("its schema is %d, and they count from 1", h.Schema)
	case !utf8.ValidString(h.Scenario.Text): // JSON would replace it silently
		return errors.New("the scenario's text is not UTF-8")
	case h.Plan.Blocks < 0:
		return fmt.Errorf("the plan has %d blocks", h.Plan.Blocks)
	}
	for i, t := range h.Plan.Treatments {
		if t.Transport() == "" {
			return fmt.Errorf("treatment %d of the plan names no transport", i+1)
		}
	}
	return nil
}

// check reports what makes a trial unfit for a record.
func (t *Trial) check() error {
	if t.Treatment.Transport() == "" {
		return errors.New("its treatment names no transport")
	}
	if t.Block < 1 {
		return fmt.Errorf("its block is %d, and blocks count from 1", t.Block)
	}
	for _, b := range t.Broken {
		if !slices.Contains(Classes, b.Class) {
			return fmt.Errorf("it broke a rule of class %q, and there is no such class", b.Class)
		}
	}
	for name, m := range t.Metrics {
		if math.IsNaN(m.Value) || math.IsInf(m.Value, 0) || m.Unit == "" {
			return fmt.Errorf("metric %s is %v with unit %q, want a number with a unit", name, m.Value, m.Unit)
		}
	}
	for name, h := range t.Hists {
		if h == nil {
			return fmt.Errorf("histogram %s is null", name)
		}
	}
	return nil
}
