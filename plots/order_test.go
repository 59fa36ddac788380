package main

import (
	"math"
	"regexp"
	"strconv"
	"testing"

	"gonum.org/v1/plot"
)

var stroke = regexp.MustCompile(`"M([0-9.]+),([0-9.]+)L([0-9.]+),([0-9.]+)"`)

// Where a block begins there is an upright line in each panel, and not in the last alone.
func TestBlocksBeginInEachPanel(t *testing.T) {
	ch := &orderChart{X: axis{Name: orderWord, Max: 9, Ticks: []plot.Tick{{Value: 0.5, Label: "1"}, {Value: 4.5, Label: "2"}}}}
	for range 3 {
		ch.Panels = append(ch.Panels, panel{Y: placeAxis("canary", "s", []float64{1, 2})})
	}
	svg, err := (&figure{Name: "order", Title: "t", Height: figureHeight, Chart: ch}).SVG()
	if err != nil {
		t.Fatal(err)
	}
	upright := map[float64]int{} // long ones, by where they stand
	for _, m := range stroke.FindAllSubmatch(svg, -1) {
		var at [4]float64
		for i := range at {
			at[i], _ = strconv.ParseFloat(string(m[i+1]), 64)
		}
		if at[0] == at[2] && math.Abs(at[1]-at[3]) > 20 {
			upright[at[0]]++
		}
	}
	if len(upright) != 3 { // the axis, and two blocks
		t.Errorf("upright lines stand at %v", upright)
	}
	for at, n := range upright {
		if n != len(ch.Panels) {
			t.Errorf("%d of %d panels have a line at %v", n, len(ch.Panels), at)
		}
	}
}
