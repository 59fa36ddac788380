package main

import (
	"fmt"
	"io"
	"strings"
)

// The last screen: someone who reads only this knows the answer and how sure
// it is. First the question and under which conditions, then the costs, then
// the claims, then every doubt, and at the end where to look further.

// drawn says what became of a report's figures.
type drawn struct {
	dir     string
	files   int
	skipped []string // figures that could not be drawn, and why
}

// lastScreen writes the report for a terminal of screenWidth columns.
func lastScreen(w io.Writer, r *report, d drawn) error {
	var b strings.Builder
	section := func(s string) { b.WriteString(s + "\n") }

	section(paragraph(r.scenario.Question))
	section(paragraph(dots(append(r.given(nil), r.window()...))))
	section(paragraph(r.host() + "; " + r.when()))
	if lines := r.answer(); len(lines) > 0 {
		b.WriteByte('\n')
		for _, line := range lines {
			section(hanging("", line))
		}
	}

	var notes footnotes
	gs := r.groups()
	for _, g := range gs {
		b.WriteByte('\n')
		if len(g.Condition) > 0 {
			section(paragraph(strings.Join(g.Condition, ", ") + ":"))
		}
		section(renderTable(g, &notes))
	}
	if len(gs) > 0 {
		section(paragraph(legend(gs)))
	}
	b.WriteString(notes.String())
	for _, e := range r.exhibits() {
		b.WriteString("\n" + e.String())
	}

	if vs := r.verdicts(); len(vs) > 0 {
		b.WriteByte('\n')
		section(tally(vs))
		b.WriteString(renderVerdicts(vs))
	}

	b.WriteByte('\n')
	for i, line := range r.meanwhile() {
		section(hanging([]string{"host     ", "         "}[i], line))
	}
	if s := r.noiseFloor(); s != "" {
		section(hanging("twins    ", s))
	}
	if s := r.headroom(); s != "" {
		section(hanging("fleet    ", s))
	}
	section(hanging("trials   ", r.trials()))
	for _, s := range r.warnings() {
		section(hanging("doubt    ", s))
	}
	for _, s := range d.skipped {
		section(hanging("doubt    ", s))
	}

	b.WriteByte('\n')
	if d.files > 0 {
		section(fmt.Sprintf("figures  %s (%s), table.md", d.dir, plural(fmt.Sprint(d.files), "file")))
	} else {
		section(fmt.Sprintf("figures  none; %s has table.md", d.dir))
	}
	section("records  " + r.path)
	_, err := io.WriteString(w, b.String())
	return err
}

// markdown is the last screen for a README.
func markdown(r *report) string {
	var b strings.Builder
	fmt.Fprintf(&b, "### %s\n\n", r.scenario.Question)
	fmt.Fprintf(&b, "%s.\n\n", strings.Join(append(r.given(nil), r.window()...), " · "))
	var notes footnotes
	gs := r.groups()
	for _, g := range gs {
		if len(g.Condition) > 0 {
			fmt.Fprintf(&b, "%s:\n\n", strings.Join(g.Condition, ", "))
		}
		fmt.Fprintf(&b, "%s\n\n", markdownTable(g, &notes))
	}
	if len(gs) > 0 {
		fmt.Fprintf(&b, "%s\n\n", legend(gs))
	}
	for i, why := range notes.list {
		fmt.Fprintf(&b, "- [%d] %s\n", i+1, why)
	}
	if len(notes.list) > 0 {
		b.WriteByte('\n')
	}
	for _, e := range r.exhibits() {
		b.WriteString(e.markdown())
	}
	if vs := r.verdicts(); len(vs) > 0 {
		fmt.Fprintf(&b, "%s.\n\n%s\n", tally(vs), markdownVerdicts(vs))
	}
	if s := r.noiseFloor(); s != "" {
		fmt.Fprintf(&b, "- Twins: %s.\n", s)
	}
	if lines := r.meanwhile(); len(lines) > 0 {
		fmt.Fprintf(&b, "- Meanwhile: %s\n", strings.Join(lines, " "))
	}
	if s := r.headroom(); s != "" {
		fmt.Fprintf(&b, "- The fleet %s.\n", s)
	}
	fmt.Fprintf(&b, "- Trials: %s\n", r.trials())
	for _, s := range r.warnings() {
		fmt.Fprintf(&b, "- %s\n", s)
	}
	fmt.Fprintf(&b, "- Host: %s; %s.\n", r.host(), r.when())
	return b.String()
}
