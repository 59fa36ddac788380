package results

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"pushbench/servers/test/golden"
)

// The tables in the README are the vocabulary itself.
func TestReadmeHasTheVocabulary(t *testing.T) {
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	want := string(text)
	for title, list := range map[string][]Info{"metrics": vocabulary, "histograms": histograms} {
		table := "| name | unit | what it is |\n|---|---|---|\n"
		for _, m := range list {
			unit := m.Unit
			if title == "histograms" {
				unit = "ns"
			}
			table += fmt.Sprintf("| `%s` | %s | %s |\n", m.Name, unit, m.Meaning)
		}
		start := fmt.Sprintf("<!-- %s: written by go test ./results -update -->\n", title)
		before, rest, ok := strings.Cut(want, start)
		_, after, okToo := strings.Cut(rest, "<!-- end of "+title)
		if !ok || !okToo {
			t.Fatalf("README.md has no place for the %s", title)
		}
		want = before + start + table + "<!-- end of " + title + after
	}
	golden.Compare(t, "README.md", want)
}
