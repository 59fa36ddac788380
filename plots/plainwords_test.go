package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"pushbench/servers/test/hard"
)

func TestPlainWords(t *testing.T) {
	for _, d := range documents {
		text, err := os.ReadFile(d.path)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range hard.Text(strings.Join(prose(string(text), false), "\n")) {
			t.Errorf("%s: %s", d.path, found)
		}
	}
}

// TestPlainScreens reads what plots prints itself: its help, and the verdicts of the
// committed runs. The words of figures are read where they are drawn.
func TestPlainScreens(t *testing.T) {
	runs, err := referenceRuns()
	if err != nil {
		t.Fatal(err)
	}
	for command := range commands {
		args := append(strings.Fields(command), "-h")
		plainly(t, strings.Join(args, " "), cli(t, ".", "", args...).stdout)
	}
	for _, r := range runs {
		for _, v := range r.verdicts() {
			plainly(t, r.name()+": "+v.Claim.ID, v.Found()+"\n\n"+strings.Join(v.Notes, "\n\n"))
		}
	}
}

// plainly fails the test for each sentence that has to be read twice.
func plainly(t *testing.T, where, text string) {
	t.Helper()
	for _, found := range hard.Screen(text) {
		t.Errorf("%s: %s", where, found)
	}
}

var link = regexp.MustCompile(`\]\(([^)#\s]+)(?:#[^)]*)?\)`)

// TestDocsLinks holds links to files that exist.
func TestDocsLinks(t *testing.T) {
	for _, d := range documents {
		text, err := os.ReadFile(d.path)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range link.FindAllStringSubmatch(string(text), -1) {
			if strings.Contains(m[1], "://") {
				continue
			}
			if _, err := os.Stat(filepath.Join(filepath.Dir(d.path), m[1])); err != nil {
				t.Errorf("%s links to %s, which is not there", d.path, m[1])
			}
		}
	}
}
