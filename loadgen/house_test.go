package main

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"regexp"
	"strings"
	"testing"
)

// mostLines is what a Go file may have: a longer one hides a second idea.
const mostLines = 400

// flowWords are what a package's comment may name to say where it stands: a package
// or program, or a file that passes between two.
var flowWords = regexp.MustCompile(`\b[Pp]ackages? \w+|\b([Ll]oadgen|[Pp]lots|[Ss]ervers?|[Ss]cenarios?|[Rr]esults|[Ff]leets?|[Ff]eed|[Tt]ests?)\b|\.(yaml|jsonl)\b`)

// Each file has one idea, and each package says in at least two sentences what it is
// and with whom it has to do.
func TestHouse(t *testing.T) {
	root := os.DirFS("..")
	said := map[string]string{} // each folder's package comment
	err := fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == ".git" || d.Name() == "testdata" || d.Name() == "bin"):
			return fs.SkipDir
		case path.Ext(name) != ".go":
			return nil
		}
		text, err := fs.ReadFile(root, name)
		if err != nil {
			return err
		}
		if n := strings.Count(string(text), "\n"); n > mostLines {
			t.Errorf("%s has %d lines, more than %d: which second idea does it hide?", name, n, mostLines)
		}
		if strings.HasSuffix(name, "_test.go") {
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, text, parser.PackageClauseOnly|parser.ParseComments)
		if err != nil {
			return err
		}
		said[path.Dir(name)] += f.Doc.Text()
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for dir, text := range said {
		sentences := regexp.MustCompile(`[.:][\s]`).FindAllString(text, -1)
		if len(sentences) < 2 || !flowWords.MatchString(text) {
			t.Errorf("%s: its package comment does not say in two sentences what it is and where it stands in the flow: %q", dir, text)
		}
	}
}
