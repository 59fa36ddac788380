package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

// The last screen: someone who reads only this knows the answer and how sure
// it is. First the question, under which conditions, and a sentence of what was
// found for each transport; then the costs, then the claims, then the host and what
// it did meanwhile, every doubt, and at the end where to look further.

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
	if lines := r.answers(); len(lines) > 0 {
		b.WriteString("\n" + strings.Join(lines, "\n") + "\n")
	}

	var notes footnotes
	gs := r.groups()
	for _, g := range gs {
		b.WriteByte('\n')
		if len(g.Condition) > 0 {
			section(paragraph(strings.Join(g.Condition, ", ") + ":"))
		}
		section(renderTable(g.fitted(), &notes))
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
	for _, m := range r.remarks(d.skipped) {
		for _, words := range m.words {
			section(hanging(pad(m.head, 9), words))
		}
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

// remark is what stands below the answer: on the host, on the run, or a doubt.
type remark struct {
	head     string // of each line of the screen
	markdown string // the same in a README
	words    []string
}

// remarks are those that there is something to say of.
func (r *report) remarks(skipped []string) []remark {
	list := []remark{
		{"host", "Host: %s.", []string{r.host() + "; " + r.when()}},
		{"", "Meanwhile: %s.", r.meanwhile()},
		{"twins", "Twins: %s.", []string{r.twins()}},
		{"fleet", "The fleet %s.", []string{r.headroom()}},
		{"trials", "Trials: %s", []string{r.trials()}},
	}
	for _, doubt := range slices.Concat(r.warnings(), skipped) {
		list = append(list, remark{"doubt", "%s", []string{doubt}})
	}
	return slices.DeleteFunc(list, func(m remark) bool { return strings.Join(m.words, "") == "" })
}

// answers sets a sentence beside the transport that it is of, or below it where the
// names are long.
func (r *report) answers() (lines []string) {
	names, sentences := r.answer()
	wide := 0
	for _, n := range names {
		wide = max(wide, utf8.RuneCountInString(n))
	}
	const widest = 36
	for i, s := range sentences {
		if wide <= widest {
			lines = append(lines, hanging(pad(names[i], wide+2), s))
			continue
		}
		lines = append(lines, strings.TrimPrefix(names[i]+"\n"+hanging("  ", s), "\n"))
	}
	return lines
}

// markdown is the last screen for a README.
func markdown(r *report) string {
	var b strings.Builder
	fmt.Fprintf(&b, "### %s\n\n", r.scenario.Question)
	fmt.Fprintf(&b, "%s.\n\n", strings.Join(append(r.given(nil), r.window()...), " · "))
	names, sentences := r.answer()
	for i, s := range sentences {
		if names[i] != "" {
			s = "`" + names[i] + "`: " + s
		}
		fmt.Fprintf(&b, "- %s\n", s)
	}
	if len(sentences) > 0 {
		b.WriteByte('\n')
	}
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
	if len(notes.list) > 0 {
		b.WriteString(notes.markdown() + "\n")
	}
	for _, e := range r.exhibits() {
		b.WriteString(e.markdown())
	}
	if vs := r.verdicts(); len(vs) > 0 {
		fmt.Fprintf(&b, "%s.\n\n%s\n", tally(vs), markdownVerdicts(vs))
	}
	_, skipped := r.figures()
	for _, m := range r.remarks(skipped) {
		fmt.Fprintf(&b, "- "+m.markdown+"\n", strings.Join(m.words, "; "))
	}
	return b.String()
}
