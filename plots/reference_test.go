package main

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const reference = "../results/reference"

// TestReferenceFigures holds the committed figures and tables to the committed
// runs: what is shown is what `make plots` draws from them, and can be read. PNGs are
// not compared, as they are the same drawings.
func TestReferenceFigures(t *testing.T) {
	paths, err := filepath.Glob(reference + "/*.jsonl")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no reference runs in %s (%v)", reference, err)
	}
	committed := textFiles(t, reference+"/figures")
	tables, names := make([]string, len(paths)), make([][]string, len(paths))
	t.Run("run", func(t *testing.T) { // which ends when all of its parts have
		for i, path := range paths {
			t.Run(filepath.Base(path), func(t *testing.T) {
				t.Parallel()
				r, err := open(path, nil)
				if err != nil {
					t.Fatal(err)
				}
				fs, _ := r.figures() // what cannot be drawn is told in the table
				for _, f := range fs {
					name, svg := f.Name+".svg", svgOf(t, f)
					names[i] = append(names[i], name)
					legibleWords(t, f, svg)
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

// TestReferenceReadme holds what README shows to the committed runs.
func TestReferenceReadme(t *testing.T) {
	const path = "../README.md"
	readme, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	want := string(readme)
	for name, shown := range map[string]func(*testing.T) string{"headline": readmeResult, "lubbers": readmeLubbers} {
		end := "<!-- end of " + name + " -->"
		mark := "<!-- " + name + ": written by `make plots` from results/reference/" + name + ".jsonl -->\n"
		head, rest, ok := strings.Cut(want, mark)
		_, foot, ok2 := strings.Cut(rest, end)
		if !ok || !ok2 {
			t.Fatalf("README.md has lost the marks around what it shows of %s", name)
		}
		want = head + mark + shown(t) + end + foot
	}
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want, string(readme)); diff != "" {
		t.Errorf("README.md does not show the reference runs; `make plots` writes it (-want +got):\n%s", diff)
	}
}

// readmeLubbers is the table of the comparison of 2010, with what it says of
// itself.
func readmeLubbers(t *testing.T) string {
	r := plotFrom(t, []string{"lubbers", "-markdown", reference + "/lubbers.jsonl"})
	if r.code != exitOK {
		t.Fatalf("exit code %d: %s", r.code, r.stderr)
	}
	table, _, _ := strings.Cut(r.stdout, "\n- Host: ")
	return "\n" + table + "\n"
}

// readmeResult is the figure, conditions and table of the headline run.
func readmeResult(t *testing.T) string {
	rs, err := openAll([]string{reference + "/headline.jsonl"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	var shown []string
	for _, block := range strings.Split(markdown(rs[0]), "\n\n") {
		if strings.HasPrefix(block, "- [") || strings.Contains(block, " claims: ") {
			break // footnotes and verdicts stand in the full table
		}
		if !strings.HasPrefix(block, "#") {
			shown = append(shown, block)
		}
	}
	figure := "![How old an event is when a subscriber has it](results/reference/figures/headline-quantiles-staleness.svg)"
	more := "The [full table](results/reference/figures/table.md) has footnotes, the host, and a verdict on each claim."
	return "\n" + strings.Join(append([]string{figure}, append(shown, more)...), "\n\n") + "\n\n"
}

// plotFrom runs the program here, where the reference runs are.
func plotFrom(t *testing.T, args []string) result {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code := run(t.Context(), args, strings.NewReader(""), &stdout, &stderr)
	return result{code, stdout.String(), stderr.String()}
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
