package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
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
// runs: what is shown is what `make plots` draws from them. PNGs are not
// compared, as they are the same drawings.
func TestReferenceFigures(t *testing.T) {
	runs, err := referenceRuns()
	if err != nil {
		t.Fatal(err)
	}
	committed := textFiles(t, reference+"/figures")
	drawn := drawnFiles(t, runs)
	for name := range drawn {
		if !bytes.Equal(committed[name], drawn[name]) {
			t.Errorf("%s is not what the reference run gives; `make plots` draws it again", name)
		}
	}
	for name := range committed {
		if drawn[name] == nil {
			t.Errorf("%s belongs to no reference run; remove it", name)
		}
	}
}

// drawnFiles is what `make plots` makes of the runs, PNGs apart.
func drawnFiles(t *testing.T, rs []*report) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	var tables []string
	for _, r := range rs {
		fs, skipped := r.figures()
		if len(skipped) > 0 {
			t.Errorf("%s: not drawn: %q", r.path, skipped)
		}
		for _, f := range fs {
			svg, err := f.SVG()
			if err != nil {
				t.Fatal(err)
			}
			files[f.Name+".svg"] = svg
		}
		tables = append(tables, markdown(r))
	}
	files["table.md"] = []byte(strings.Join(tables, "\n"))
	return files
}

// textFiles is what a folder holds, pictures in points apart.
func textFiles(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	files := make(map[string][]byte)
	for _, e := range entries {
		if filepath.Ext(e.Name()) == ".png" {
			continue
		}
		if files[e.Name()], err = os.ReadFile(filepath.Join(dir, e.Name())); err != nil {
			t.Fatal(err)
		}
	}
	return files
}
