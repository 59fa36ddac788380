package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"pushbench/results"
)

// verdicts judges the claims of the scenario, all together. One that cannot be judged
// on this run, because it names a treatment that was not run, cannot be told.
func (r *report) verdicts() []results.Verdict { return r.run.Judge(r.scenario.Claims) }

// printClaims prints the verdicts of every run, which is named where it is one of several.
func printClaims(w io.Writer, rs []*report, asTSV bool) error {
	head, between := "", "\n"
	if asTSV {
		head, between = tsvHead, ""
	}
	var texts []string
	var errs []error
	for _, r := range rs {
		switch {
		case asTSV:
			texts = append(texts, r.claimsTSV())
		case len(rs) > 1:
			texts = append(texts, r.path+"\n"+r.claims())
		default:
			texts = append(texts, r.claims())
		}
		if len(r.scenario.Claims) > 0 {
			errs = append(errs, r.tooFew(r.path))
		}
	}
	_, err := io.WriteString(w, head+strings.Join(texts, between))
	return errors.Join(append(errs, err)...)
}

func (r *report) claims() string {
	if vs := r.verdicts(); len(vs) > 0 {
		return tally(vs) + "\n" + renderVerdicts(vs)
	}
	return fmt.Sprintf("the scenario %s makes no claims\n", r.run.Header.Scenario.Name)
}

// tsvHead names the fields of claimsTSV, which keep their order; later ones come behind.
const tsvHead = "id\toutcome\tvalue\tlow\thigh\tunit\tn\tcase\tscenario\n"

// claimsTSV has a line for each claim and, where it was judged in several cases, a
// line for each of those as well. The value is left − right of what the claim compares,
// with its interval, in base units; what there is not is empty.
func (r *report) claimsTSV() string {
	var b strings.Builder
	line := func(v results.Verdict, o results.Outcome, c results.CellVerdict, where string) {
		measured := []string{"", "", "", c.Unit, ""}
		if d := c.Diff; d.N > 0 {
			measured = []string{field(d.Center, -1), field(d.Lo, -1), field(d.Hi, -1), c.Unit, strconv.Itoa(d.N)}
		}
		fields := slices.Concat([]string{v.Claim.ID, string(o)}, measured, []string{where, r.run.Header.Scenario.Name})
		for i, f := range fields {
			fields[i] = strings.Join(strings.Fields(f), " ") // no tab and no line's end
		}
		b.WriteString(strings.Join(fields, "\t") + "\n")
	}
	for _, v := range r.verdicts() {
		if len(v.Cells) == 1 {
			line(v, v.Outcome, v.Cells[0], "")
			continue
		}
		line(v, v.Outcome, results.CellVerdict{}, "")
		for _, c := range v.Cells {
			line(v, c.Outcome, c, results.Treatment(c.Where).Key())
		}
	}
	return b.String()
}

// renderVerdicts sets a claim per line where it fits: outcome, name, the claim
// in words, and what was measured; below them what they note.
func renderVerdicts(vs []results.Verdict) string {
	var notes footnotes
	outcome, id := 0, 0
	for _, v := range vs {
		outcome = max(outcome, len(v.Outcome))
		id = max(id, utf8.RuneCountInString(v.Claim.ID))
	}
	var b strings.Builder
	for _, v := range vs {
		head := pad(string(v.Outcome), outcome+2) + pad(v.Claim.ID, id+2)
		says, found := strings.TrimSpace(v.Claim.Says), v.Found()+marks(v, &notes)
		if oneLine := head + says + "  " + found; utf8.RuneCountInString(oneLine) <= screenWidth {
			b.WriteString(oneLine + "\n")
			continue
		}
		b.WriteString(hanging(head, says) + "\n")
		b.WriteString(hanging(strings.Repeat(" ", utf8.RuneCountInString(head)), found) + "\n")
	}
	return b.String() + notes.String()
}

// marks are the numbers of a verdict's footnotes.
func marks(v results.Verdict, notes *footnotes) (s string) {
	for _, n := range v.Notes {
		s += " " + notes.mark(n)
	}
	return s
}

// tally counts outcomes: "12 claims: 9 hold, 1 fails, 2 cannot be told".
func tally(vs []results.Verdict) string {
	n := map[results.Outcome]int{}
	for _, v := range vs {
		n[v.Outcome]++
	}
	var parts []string
	for _, o := range []struct {
		outcome   results.Outcome
		one, more string
	}{
		{results.Holds, "holds", "hold"},
		{results.HoldsOnlyWhere, "holds only under some conditions", "hold only under some conditions"},
		{results.Fails, "fails", "fail"},
		{results.CannotTell, "cannot be told", "cannot be told"},
	} {
		switch k := n[o.outcome]; {
		case k == 1:
			parts = append(parts, "1 "+o.one)
		case k > 1:
			parts = append(parts, fmt.Sprintf("%d %s", k, o.more))
		}
	}
	return plural(fmt.Sprint(len(vs)), "claim") + ": " + strings.Join(parts, ", ")
}

// markdownVerdicts is the same as a table.
func markdownVerdicts(vs []results.Verdict) string {
	var b strings.Builder
	var notes footnotes
	b.WriteString("| verdict | claim | | measured |\n|---|---|---|---|\n")
	for _, v := range vs {
		fmt.Fprintf(&b, "| **%s** | %s | %s | %s |\n", v.Outcome, inTable(v.Claim.ID), inTable(v.Claim.Says), inTable(v.Found()+marks(v, &notes)))
	}
	if len(notes.list) > 0 {
		b.WriteString("\n" + notes.markdown())
	}
	return b.String()
}

// inTable keeps words from ending a cell of a Markdown table.
func inTable(s string) string {
	return strings.ReplaceAll(strings.Join(strings.Fields(s), " "), "|", `\|`)
}
