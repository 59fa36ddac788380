package main

import (
	"bytes"
	"fmt"
	"io"

	"pushbench/results"
)

// export writes runs in a form that other programs read: Go's benchmark format
// for benchstat, CSV for everything else, or TSV of what figures draw. Several CSV
// runs share one header line, so that the whole is one table.
func export(w io.Writer, format string, rs []*report) error {
	if format == "tsv" {
		if _, err := io.WriteString(w, valuesHead); err != nil {
			return err
		}
	}
	var head []byte
	for _, r := range rs {
		var b bytes.Buffer
		switch format {
		case "bench":
			if err := results.ExportBench(&b, r.run); err != nil {
				return fmt.Errorf("export %s: %w", r.path, err)
			}
		case "tsv":
			if err := printValues(&b, r); err != nil {
				return err
			}
		case "csv":
			if err := results.ExportCSV(&b, r.run); err != nil {
				return fmt.Errorf("export %s: %w", r.path, err)
			}
			line, _, _ := bytes.Cut(b.Bytes(), []byte("\n"))
			if head != nil && !bytes.Equal(head, line) {
				return inputError{fmt.Errorf("export %s: its columns differ from those of %s; export them one by one", r.path, rs[0].path)}
			}
			if head != nil {
				b.Next(len(line) + 1)
			}
			head = line
		}
		if _, err := b.WriteTo(w); err != nil {
			return err
		}
	}
	return nil
}
