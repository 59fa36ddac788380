package main

import (
	"bytes"
	"fmt"
	"io"

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
				return inputError{fmt.Errorf("export %s: its columns differ from those of %s; export them one by one", r.path, rs[0].path)}
			}
		}
		if _, err := b.WriteTo(w); err != nil {
			return err
		}
	}
	return nil
}
