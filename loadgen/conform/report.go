package conform

import (
	"bufio"
	"fmt"
	"io"
	"strings"
)

// Text writes a report for a terminal: a line for each check, and one more where
// it failed.
func (r *Report) Text(w io.Writer) error {
	b := bufio.NewWriter(w)
	fmt.Fprintf(b, "%s\n%s\n", r.URL, r.offers())
	width := 0
	for _, result := range r.Results {
		width = max(width, len([]rune(result.Rule)))
	}
	group := ""
	for _, result := range r.Results {
		if result.Group != group {
			group = result.Group
			fmt.Fprintf(b, "\n%s\n", group)
		}
		fmt.Fprintf(b, "  %-*s  %-6s  %-7s  %s", width, result.Rule, result.Severity, result.Outcome, result.Name)
		switch {
		case result.Detail == "":
		case result.Outcome == Fail || result.Outcome == No:
			fmt.Fprintf(b, "\n%s%s", strings.Repeat(" ", width+4), result.Detail)
		default:
			fmt.Fprintf(b, " (%s)", result.Detail)
		}
		fmt.Fprintln(b)
	}
	fmt.Fprintf(b, "\n%s\n", r.Summary())
	return b.Flush()
}

// offers is what the server was found to offer.
func (r *Report) offers() string {
	if !r.Open {
		return "no handshake opens the connection"
	}
	echo, deflate := "no echo", "no permessage-deflate"
	if r.Echo {
		echo = "echo"
	}
	if r.Deflate {
		deflate = deflateName
	}
	return "opens, " + echo + ", " + deflate
}

// Summary counts the outcomes in one line.
func (r *Report) Summary() string {
	count := make(map[Severity]map[Outcome]int)
	all := make(map[Outcome]int)
	for _, result := range r.Results {
		if count[result.Severity] == nil {
			count[result.Severity] = make(map[Outcome]int)
		}
		count[result.Severity][result.Outcome]++
		all[result.Outcome]++
	}
	var parts []string
	for _, s := range []Severity{Must, Should, May} {
		judged := count[s][Pass] + count[s][Fail] + count[s][No]
		parts = append(parts, fmt.Sprintf("%s %d of %d", s, count[s][Pass], judged))
	}
	return fmt.Sprintf("%s; %d failed, %d not applicable, %d skipped", strings.Join(parts, ", "), all[Fail], all[NotApplicable], all[Skipped])
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
		fmt.Fprintf(b, " %s |", c.Name)
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
		head := fmt.Sprintf("\nWhat was sent to %s, and what came, where it failed:\n\n", c.Name)
		for _, result := range c.Results {
			if result.Outcome == Fail {
				fmt.Fprintf(b, "%s- %s (%s): %s\n", head, escape(result.Name), result.Rule, escape(result.Detail))
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
