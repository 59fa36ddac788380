package all

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the table of transports into servers/README.md")

// The table in the README is the transports themselves.
func TestReadmeHasTheTransports(t *testing.T) {
	const file, end = "../README.md", "<!-- end of transports -->"
	const start = "<!-- transports: written by go test ./servers/all -update -->\n"
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(text), start)
	_, after, okToo := strings.Cut(rest, end)
	if !ok || !okToo {
		t.Fatalf("%s has no place for the transports", file)
	}
	table := "| transport | knob | what it is |\n|---|---|---|\n"
	for _, tr := range Transports {
		table += fmt.Sprintf("| `%s` | | %s |\n", tr.Name, tr.About)
		for _, k := range tr.Knobs {
			table += fmt.Sprintf("| | `%s=%s` | %s |\n", k.Name, k.Default, k.About)
		}
	}
	want := before + start + table + end + after
	if *update {
		if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if want != string(text) {
		t.Errorf("the table in %s is not that of the transports; go test ./servers/all -update writes it", file)
	}
}
