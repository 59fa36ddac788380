package conform

import (
	"bytes"
	"regexp"
	"testing"

	"pushbench/servers/test/golden"
)

// The table's rows are whole, and their names are told apart.
func TestSuite(t *testing.T) {
	seen := make(map[string]bool)
	rule := regexp.MustCompile(`^(RFC (3629|7692|9110|9112) )?§\d+(\.\d+)*( \(\d(\.\d)?\))?$`)
	for _, c := range Suite() {
		if c.Group == "" || c.Name == "" || len(c.cases) == 0 {
			t.Errorf("%+v has an empty field", c)
		}
		if !rule.MatchString(c.Rule) {
			t.Errorf("%s: the rule %q names no section", c.Name, c.Rule)
		}
		if c.Severity != Must && c.Severity != Should && c.Severity != May {
			t.Errorf("%s: severity %q", c.Name, c.Severity)
		}
		if seen[c.Name] {
			t.Errorf("there are two of %s", c.Name)
		}
		seen[c.Name] = true
	}
}

// A report of every outcome, for a terminal and in Markdown.
func TestReport(t *testing.T) {
	row := func(group, rule string, s Severity, name string, o Outcome, details ...string) Result {
		return Result{Check{Group: group, Rule: rule, Severity: s, Name: name}, o, details}
	}
	report := &Report{URL: "ws://a/", offers: offers{Open: true, Echoes: map[byte]bool{opText: true, opBinary: true}}, Results: []Result{
		row("first", "§1", Must, "kept", Pass),
		row("first", "RFC 9112 §3.2", Must, "broken | in <a> way", Fail, `sent ping "*"; came nothing; want a pong`),
		row("second", "§2", Should, "broken", Fail, "sent a; came b; want c", "sent d; came e; want f"),
		row("second", "§3", May, "declined", No, "sent a; came b; no compression"),
		row("second", "§4", May, "done", Pass),
		row("second", "§5", Must, "not offered", NotApplicable, "the server does not echo"),
		row("second", "§6", Should, "slow", Skipped, "takes long"),
	}}
	var got bytes.Buffer
	if err := report.Text(&got); err != nil {
		t.Fatal(err)
	}
	golden.Compare(t, "testdata/report.txt.golden", got.String())
	got.Reset()
	sound := &Report{URL: "ws://b/", Results: append([]Result{}, report.Results...)}
	for i := range sound.Results {
		sound.Results[i].Outcome = Pass
	}
	if err := Markdown(&got, Column{"a", report}, Column{"b", sound}); err != nil {
		t.Fatal(err)
	}
	golden.Compare(t, "testdata/report.md.golden", got.String())
	if !report.Failed() || sound.Failed() {
		t.Error("a report fails if a MUST does, and only then")
	}
}
