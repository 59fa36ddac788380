package conform

import (
	"bufio"
	"fmt"
	"io"
	"strings"
)

// Text writes a report for a terminal: a line for each check, and one more for
// each case of it that failed.
func (r *Report) Text(w io.Writer) error {
	b := bufio.NewWriter(w)
	fmt.Fprintf(b, "%s\n%s\n", r.URL, r.offered())
	untested := r.Untested()
	if untested != "" {
		fmt.Fprintln(b, untested)
	}
	width, outcomes := 0, 0
	for _, result := range r.Results {
		width, outcomes = max(width, len([]rune(result.Rule))), max(outcomes, len(result.Outcome))
	}
	group := ""
	for _, result := range r.Results {
		if result.Group != group {
			group = result.Group
			fmt.Fprintf(b, "\n%s\n", group)
		}
		fmt.Fprintf(b, "  %-*s  %-6s  %-*s  %s", width, result.Rule, result.Severity, outcomes, result.Outcome, result.Name)
		for _, detail := range result.Details {
			switch {
			case result.Outcome == Fail || result.Outcome == No:
				fmt.Fprintf(b, "\n%s%s", strings.Repeat(" ", width+4), detail)
			case !strings.HasSuffix(untested, detail): // which says it once for all
				fmt.Fprintf(b, " (%s)", detail)
			}
		}
		fmt.Fprintln(b)
	}
	fmt.Fprintf(b, "\n%s\n", r.Summary())
	return b.Flush()
}

// offered is what the server was found to offer.
func (r *Report) offered() string {
	if !r.Open {
		return "no handshake opens the connection"
	}
	echo, deflate := "no echo", "no "+deflateName
	switch {
	case len(r.Echoes) == 2:
		echo = "echo"
	case r.Echoes[opText]:
		echo = "echo of text alone"
	case r.Echoes[opBinary]:
		echo = "echo of binary alone"
	}
	switch parameters, _ := strings.CutPrefix(r.Deflate, deflateName+"; "); r.Deflate {
	case "":
	case deflateName:
		deflate = deflateName
	default:
		deflate = deflateName + " (offered with " + shorten(parameters, 100) + ")"
	}
	return "opens, " + echo + ", " + deflate
}

// Summary counts the outcomes in one line.
func (r *Report) Summary() string {
	type kind struct {
		Severity
		Outcome
	}
	count, all := make(map[kind]int), make(map[Outcome]int)
	for _, result := range r.Results {
		count[kind{result.Severity, result.Outcome}]++
		all[result.Outcome]++
	}
	var parts []string
	for _, s := range []Severity{Must, Should, May} {
		passed := count[kind{s, Pass}]
		parts = append(parts, fmt.Sprintf("%s %d of %d", s, passed, passed+count[kind{s, Fail}]+count[kind{s, No}]))
	}
	text := fmt.Sprintf("%s; %d failed, %d not applicable, %d skipped", strings.Join(parts, ", "), all[Fail], all[NotApplicable], all[Skipped])
	if all[Untested] > 0 {
		text += fmt.Sprintf(", %d untested", all[Untested])
	}
	return text
}

// Column is a report among others of the same suite.
type Column struct {
	Name string
	*Report
}

// Markdown writes reports side by side, and below what each failure was. Rules
// without the name of a document are RFC 6455's.
func Markdown(w io.Writer, columns ...Column) error {
	b := bufio.NewWriter(w)
	fmt.Fprint(b, "| rule | | check |")
	for _, c := range columns {
		fmt.Fprintf(b, " %s |", escape(c.Name))
	}
	fmt.Fprintf(b, "\n|---|---|---|%s\n", strings.Repeat("---|", len(columns)))
	if len(columns) == 0 {
		return b.Flush()
	}
	for i, row := range columns[0].Results {
		fmt.Fprintf(b, "| %s | %s | %s |", row.Rule, row.Severity, escape(row.Name))
		for _, c := range columns {
			outcome := string(c.Results[i].Outcome)
			if outcome == string(Fail) {
				outcome = "**fail**"
			}
			fmt.Fprintf(b, " %s |", outcome)
		}
		fmt.Fprintln(b)
	}
	fmt.Fprint(b, "| | | ")
	for _, c := range columns {
		fmt.Fprintf(b, "| %s ", c.Summary())
	}
	fmt.Fprintln(b, "|")
	for _, c := range columns {
		if untested := c.Untested(); untested != "" {
			fmt.Fprintf(b, "\n%s: %s.\n", escape(c.Name), escape(untested))
		}
		head := fmt.Sprintf("\nWhat was sent to %s, and what came, where it failed:\n\n", escape(c.Name))
		for _, result := range c.Results {
			if result.Outcome != Fail {
				continue
			}
			for _, detail := range result.Details {
				fmt.Fprintf(b, "%s- %s (%s): %s\n", head, escape(result.Name), result.Rule, escape(detail))
				head = ""
			}
		}
	}
	return b.Flush()
}

// escape keeps Markdown from reading marks of its own in a text.
func escape(text string) string {
	return strings.NewReplacer(`\`, `\\`, "|", `\|`, "*", `\*`, "_", `\_`, "<", `\<`, "`", "\\`").Replace(text)
}
