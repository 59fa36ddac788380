package run

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// print writes the plan for a person.
func (p *plan) print(w io.Writer) {
	s := p.scenario
	fmt.Fprintf(w, "%s: %s\n", s.Path, strings.TrimSpace(s.Question))
	fmt.Fprintln(w, p.size())
	if len(p.planned.Looks) > 0 {
		fmt.Fprintf(w, "until every claim is decided, looked at after blocks %s\n", commas(p.planned.Looks))
	}
	fmt.Fprintf(w, "each: warm-up %v, measured window %v; seed %d; the order is drawn anew for each run\n", s.Warmup, s.Measure, s.Seed)
	fmt.Fprintf(w, "fixed: %s\n", s.Conditions().Key())
	for _, t := range p.chosen {
		fmt.Fprintf(w, "  %s\n", p.name(t.Labels))
	}
	for _, line := range p.planned.Processes {
		fmt.Fprintln(w, line)
	}
	for _, d := range p.planned.Dropped {
		fmt.Fprintf(w, "  left out, cannot exist: %s: %s\n", p.name(d.Treatment), d.Why)
	}
	for _, warning := range s.Warnings() {
		fmt.Fprintf(w, "warning: %s\n", warning)
	}
	for _, line := range p.lines(needs) {
		fmt.Fprintln(w, line)
	}
}

// size is how many trials the plan has, and how long they take.
func (p *plan) size() string {
	n, block := len(p.chosen), p.blockTime()
	if p.planned.For == 0 {
		return fmt.Sprintf("%d treatments × %d blocks = %d trials, about %v", n, p.planned.Blocks, n*p.planned.Blocks, rounded(time.Duration(p.planned.Blocks)*block))
	}
	given, fit := rounded(p.planned.For), p.fit(p.planned.For)
	if takes := time.Duration(fit) * block; takes > p.planned.For {
		return fmt.Sprintf("%d treatments, about %v a block: three blocks go before the time of %v, and take about %v", n, rounded(block), given, rounded(takes))
	}
	return fmt.Sprintf("%d treatments, about %v a block: %d blocks = %d trials fit into %v", n, rounded(block), fit, n*fit, given)
}

// rounded is a time as people say it.
func rounded(d time.Duration) time.Duration { return d.Round(time.Second) }

// commas lists numbers.
func commas(n []int) string { return strings.Trim(strings.ReplaceAll(fmt.Sprint(n), " ", ", "), "[]") }
