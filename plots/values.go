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

func (ch *barChart) values() (vs []value) {
	for _, b := range ch.Bars {
		vs = append(vs, value{mark: "bar", row: b.Name, x: b.Value, y: none, low: b.Lo, high: b.Hi})
		for i, part := range b.Parts {
			vs = append(vs, value{mark: "part", row: b.Name + ": " + ch.Words[i], x: part, y: none, low: none, high: none})
		}
	}
	return vs
}

func (ch *dotChart) values() (vs []value) {
	raw := ch.raw
	if raw == nil {
		raw = func(v float64) float64 { return v }
	}
	for _, g := range ch.Groups {
		for _, d := range g.Dots {
			row := strings.TrimPrefix(g.Name+": "+d.Name, ": ")
			vs = append(vs, value{mark: "dot", row: row, x: raw(d.Value), y: none, low: raw(d.Lo), high: raw(d.Hi)})
			if finite(d.Beside) {
				vs = append(vs, value{mark: "held", row: row, x: d.Beside, y: none, low: none, high: none})
			}
		}
	}
	return vs
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
