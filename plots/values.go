package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"
)

// Every figure can be written as numbers: two builds can be compared mark by mark, and
// another program can draw the same.

// value is one mark of a figure in base units. What does not exist is no number.
type value struct {
	mark, row       string
	x, y, low, high float64
}

// printValues writes the names of its fields, and a line for each mark of each figure that
// a record can draw.
func printValues(w io.Writer, r *report) error {
	if _, err := io.WriteString(w, "figure\tmark\trow\tx\ty\tlow\thigh\n"); err != nil {
		return err
	}
	fs, _ := r.figures()
	for _, f := range fs {
		for _, v := range f.Chart.values() {
			fields := []string{f.Name, v.mark, v.row}
			for _, n := range []float64{v.x, v.y, v.low, v.high} {
				text := ""
				if finite(n) {
					text = strconv.FormatFloat(n, 'g', 9, 64)
				}
				fields = append(fields, text)
			}
			if _, err := fmt.Fprintln(w, strings.Join(fields, "\t")); err != nil {
				return err
			}
		}
	}
	return nil
}

func (ch *lineChart) values() (vs []value) {
	for _, s := range ch.Series {
		for _, pt := range s.Points {
			mark := "line"
			if pt.Mark {
				mark = "point"
			}
			vs = append(vs, value{mark: mark, row: s.Name, x: pt.X, y: pt.Y, low: pt.Lo, high: pt.Hi})
		}
	}
	for _, c := range ch.Crossings {
		vs = append(vs, value{mark: "crossing", row: c.Words, x: c.X, y: c.Y, low: none, high: none})
	}
	return vs
}
