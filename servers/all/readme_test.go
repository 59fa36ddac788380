package all

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"pushbench/servers/test/golden"
)

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
	golden.Compare(t, file, before+start+table+end+after)
}
