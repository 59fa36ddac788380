package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"text/template"

	committed "pushbench/servers/test/golden"
)

// README.md and results/reference/README.md are written from templates, so that no
// number in them is typed by hand: the template asks, and the committed runs answer.
// `make plots` writes both. A template is rendered line by line, so that an error
// names its line, and so no action may span lines.

// document is a text that is written from a template.
type document struct{ template, path string }

var documents = []document{
	{"docs/README.md.tmpl", "../README.md"},
	{"docs/reference.md.tmpl", "../results/reference/README.md"},
}

// TestDocs holds the texts to their templates and to the committed runs.
func TestDocs(t *testing.T) {
	told := newTelling(t)
	for _, d := range documents {
		t.Run(filepath.Base(d.template), func(t *testing.T) { // `make plots` writes what it gives
			want, errs := d.render(told)
			if len(errs) > 0 {
				t.Fatal(errors.Join(errs...))
			}
			committed.Compare(t, d.path, want)
		})
	}
}

// render is the text with every action answered, or an error for each line whose
// action cannot be.
func (d document) render(told *telling) (string, []error) {
	text, err := os.ReadFile(d.template)
	if err != nil {
		return "", []error{err}
	}
	return renderText(d.template, string(text), told)
}

func renderText(name, text string, told *telling) (string, []error) {
	var out strings.Builder
	var errs []error
	for i, line := range strings.Split(strings.TrimSuffix(text, "\n"), "\n") {
		if strings.HasPrefix(line, "#") {
			told.now = nil // each section names its run
		}
		tmpl, err := template.New(fmt.Sprintf("%s:%d", filepath.ToSlash(name), i+1)).Funcs(told.functions()).Parse(line)
		var rendered bytes.Buffer
		if err == nil {
			err = tmpl.Execute(&rendered, nil)
		}
		switch {
		case err != nil:
			errs = append(errs, err)
		case rendered.Len() > 0 || line == "": // a line that only says which run is meant leaves none
			out.WriteString(rendered.String() + "\n")
		}
	}
	return out.String(), errs
}

// TestDocsRefuse shows what cannot be told: each is an error that names its line.
func TestDocsRefuse(t *testing.T) {
	for _, c := range []struct{ action, want string }{
		{`{{val "server/cpu[ws]"}}`, "no run is named"},
		{`{{run "nowhere"}}`, "nowhere"},
		{`{{run "headline"}}{{val "server/cpu[wss]"}}`, "wss"},
		{`{{run "headline"}}{{val "server/cpuu[ws]"}}`, "server/cpuu"},
		{`{{run "headline"}}{{val "staleness/p99[ws]"}}`, "values beyond it"},
		{`{{run "headline"}}{{val "host/cpu[ws]"}}`, "ticks"},
		{`{{run "headline"}}{{ratio "server/cpu[ws#twin]" "server/cpu[ws]"}}`, "cannot be told apart"},
		{`{{run "headline"}}{{alike "server/cpu[longpoll]" "server/cpu[ws]"}}`, "differ"},
		{`{{run "headline"}}{{more "server/cpu[ws]" "server/cpu[longpoll]"}}`, "less"},
		{`{{run "headline"}}{{claim "C4a" "holds"}}`, "fails"},
		{`{{run "headline"}}{{claim "C99" "holds"}}`, "no claim"},
		{`{{run "rtt"}}{{val "staleness/mean[ws]"}}`, "15 cases"},
	} {
		_, errs := renderText("some.tmpl", "first line\n"+c.action+"\n", newTelling(t))
		if len(errs) != 1 || !strings.Contains(errs[0].Error(), c.want) || !strings.Contains(errs[0].Error(), "some.tmpl:2:") {
			t.Errorf("%s gave %v; want one error with some.tmpl:2: and %q", c.action, errs, c.want)
		}
	}
}
