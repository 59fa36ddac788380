package run

import (
	"cmp"
	"fmt"
	"io"
	"strings"

	"pushbench/results"
	"pushbench/servers/units"
)

// progress tells a waiting person, a line a trial, what happened and how long
// the rest takes.
type progress struct {
	w     io.Writer
	total int // trials, where that is known
	n     int // of which so many were run
}

// note writes a line of its own.
func (p *progress) note(format string, args ...any) { fmt.Fprintf(p.w, format+"\n", args...) }

// trial reports a trial, and how long the run still takes.
func (p *progress) trial(plan *plan, s slot, t *results.Trial, eta string) {
	p.n++
	place := fmt.Sprintf("[%3d]", p.n)
	if p.total > 0 {
		place = fmt.Sprintf("[%*d/%d]", len(fmt.Sprint(p.total)), p.n, p.total)
	}
	p.note("%s block %d  %-*s  %-24s  ETA %s  %s", place, s.block, plan.nameWidth(), plan.name(s.treatment.Labels), figures(t), eta, state(t))
}

// connected reports how far a trial has come that connects many subscribers, at each
// tenth of them.
func (p *progress) connected() func(n, of int) {
	tenths := 0
	return func(n, of int) {
		if now := 10 * n / of; now > tenths {
			tenths = now
			p.note("      %d of %d subscribers are connected", n, of)
		}
	}
}

// state is what became of a trial: what it broke costs it all of its metrics or some.
func state(t *results.Trial) string {
	switch {
	case len(t.Broken) == 0:
		return "ok"
	case !t.Sound():
		return "not sound: " + texts(t.Broken)
	}
	var but []string
	for _, b := range t.Broken {
		but = append(but, cmp.Or(strings.TrimSuffix(b.Of, "/"), costs[b.Class])+": "+brief(b.Text))
	}
	return "ok but for " + strings.Join(but, "; ")
}

// costs is what a trial does not tell that broke a rule of a class.
var costs = map[results.Class]string{
	results.Accounted:   "bytes and requests",
	results.Timed:       "latencies",
	results.AsAsked:     "latencies and CPU",
	results.Unsaturated: "latencies and CPU",
	results.Counted:     "CPU and memory",
}

// texts are broken rules in a line.
func texts(broken []results.Broken) string {
	var list []string
	for _, b := range broken {
		list = append(list, brief(b.Text))
	}
	return strings.Join(list, "; ")
}

// figures is what a trial measured, in a few words.
func figures(t *results.Trial) string {
	if rss, err := t.Value("idle/server-rss"); err == nil {
		return "server " + units.Format(rss.Value, rss.Unit) + " a connection"
	}
	median, err := t.Value("staleness/p50")
	if err != nil {
		return ""
	}
	text := "p50 " + units.Format(median.Value, median.Unit)
	if cpu, err := t.Value("server/cpu"); err == nil {
		text += ", cpu " + units.Format(cpu.Value, cpu.Unit)
	}
	return text
}

// nameWidth is the length of the longest name.
func (p *plan) nameWidth() int {
	width := 0
	for _, name := range p.names() {
		width = max(width, len(name))
	}
	return width
}
