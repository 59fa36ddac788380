package main

import (
	"bytes"
	"fmt"
	"io"
	"strconv"
	"strings"

	"pushbench/results"
)

// forms are those in which other programs read runs: Go's benchmark format for benchstat,
// CSV for everything else, and TSV of what figures draw.
var forms = map[string]func(io.Writer, *report) error{
	"bench": func(w io.Writer, r *report) error { return results.ExportBench(w, r.run) },
	"csv":   func(w io.Writer, r *report) error { return results.ExportCSV(w, r.run) },
	"tsv":   printValues,
}

// export writes runs in a form. Tables of several runs share one header line, so that the
// whole is one table.
func export(w io.Writer, format string, rs []*report) error {
	var head []byte
	for _, r := range rs {
		var b bytes.Buffer
		if err := forms[format](&b, r); err != nil {
			return fmt.Errorf("export %s: %w", r.path, err)
		}
		if format != "bench" {
			line, err := b.ReadBytes('\n')
			switch {
			case err != nil:
				return fmt.Errorf("export %s: %w", r.path, err)
			case head == nil:
				head = line
				if _, err := w.Write(head); err != nil {
					return err
				}
			case !bytes.Equal(head, line):
				return coded{exitUsage, fmt.Errorf("export %s: its columns differ from those of %s; export them one by one", r.path, rs[0].path)}
			}
		}
		if _, err := b.WriteTo(w); err != nil {
			return err
		}
	}
	return nil
}

// value is one mark of a figure in base units: two builds can be compared mark by mark,
// and another program can draw the same. What does not exist is no number.
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
				fields = append(fields, field(n, 9))
			}
			if _, err := fmt.Fprintln(w, strings.Join(fields, "\t")); err != nil {
				return err
			}
		}
	}
	return nil
}

// field is a number to so many digits, −1 for all; "" for none.
func field(v float64, digits int) string {
	if !finite(v) {
		return ""
	}
	return strconv.FormatFloat(v, 'g', digits, 64)
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
