package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

const reference = "../results/reference"

// referenceRuns are the committed runs, read once for every test that asks them.
var referenceRuns = sync.OnceValues(func() ([]*report, error) {
	paths, err := filepath.Glob(reference + "/*.jsonl")
	if err != nil || len(paths) == 0 {
		return nil, fmt.Errorf("no reference runs in %s: %w", reference, err)
	}
	return openAll(paths, nil)
})

// TestReferenceFigures holds the committed figures and tables to the committed
// runs: what is shown is what `make plots` draws from them, and can be read.
func TestReferenceFigures(t *testing.T) {
	runs, err := referenceRuns()
	if err != nil {
		t.Fatal(err)
	}
	committed := textFiles(t, reference+"/figures")
	tables, names := make([]string, len(runs)), make([][]string, len(runs))
	t.Run("run", func(t *testing.T) { // which ends when all of its parts have
		for i, r := range runs {
			t.Run(filepath.Base(r.path), func(t *testing.T) {
				t.Parallel()
				fs, _ := r.figures() // what cannot be drawn is told in the table
				for _, f := range fs {
					name, svg := f.Name+".svg", svgOf(t, f)
					names[i] = append(names[i], name)
					legibleWords(t, f, svg)
					plainly(t, f.Name, f.Subtitle+"\n\n"+f.Caption[0])
					if !bytes.Equal(committed[name], svg) {
						t.Errorf("%s is not what the reference run gives; `make plots` draws it again", name)
					}
				}
				tables[i] = markdown(r)
			})
		}
	})
	if table := strings.Join(tables, "\n"); table != string(committed["table.md"]) {
		t.Error("table.md is not what the reference runs give; `make plots` writes it again")
	}
	drawn := append(slices.Concat(names...), "table.md")
	for name := range committed {
		if !slices.Contains(drawn, name) {
			t.Errorf("%s belongs to no reference run; remove it", name)
		}
	}
}

// textFiles is what a folder holds.
func textFiles(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	files := make(map[string][]byte)
	for _, e := range entries {
		if files[e.Name()], err = os.ReadFile(filepath.Join(dir, e.Name())); err != nil {
			t.Fatal(err)
		}
	}
	return files
}
