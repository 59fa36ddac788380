package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"pushbench/results"
)

// progress tells a waiting person, a line a trial, what happened and how long
// the rest takes.
type progress struct {
	w        io.Writer
	now      func() time.Time
	total    int
	began    time.Time
	estimate time.Duration // of all of it, before the first trial
}

func newProgress(w io.Writer) *progress { return &progress{w: w, now: time.Now} }

// note writes a line of its own.
func (p *progress) note(format string, args ...any) { fmt.Fprintf(p.w, format+"\n", args...) }

// start begins a series of trials.
func (p *progress) start(total int, estimate time.Duration) {
	p.total, p.began, p.estimate = total, p.now(), estimate
	if total > 0 {
		p.note("%d trials, about %v", total, estimate.Round(time.Second))
	}
}

// trial reports the i-th trial of the series, with the estimate for those that
// follow.
func (p *progress) trial(i int, plan *plan, s slot, t *results.Trial, left time.Duration) {
	var state []string
	if !t.Valid {
		state = append(state, "invalid: "+strings.Join(t.Invalid, "; "))
	}
	if t.Disturbed {
		state = append(state, "disturbed: "+strings.Join(t.Disturbance, "; "))
	}
	if len(state) == 0 {
		state = []string{"ok"}
	}
	p.note("[%*d/%d] block %d  %-*s  %-24s  ETA %v  %s",
		len(fmt.Sprint(p.total)), i+1, p.total, s.block, plan.nameWidth(), plan.name(s.treatment),
		figures(t), p.eta(left), strings.Join(state, "; "))
}

// eta scales the estimate of what is left by how long the trials so far took
// against their own estimate.
func (p *progress) eta(left time.Duration) time.Duration {
	if done := p.estimate - left; done > 0 {
		left = time.Duration(float64(left) * float64(p.now().Sub(p.began)) / float64(done))
	}
	return left.Round(time.Second)
}

// figures is what a trial measured, in a few words.
func figures(t *results.Trial) string {
	if rss, err := t.Value("idle/server-rss"); err == nil {
		return "server " + results.Format(rss.Value, rss.Unit) + " a connection"
	}
	median, err := t.Value("staleness/p50")
	if err != nil {
		return ""
	}
	text := "p50 " + results.Format(median.Value, median.Unit)
	if cpu, err := t.Value("server/cpu"); err == nil {
		text += ", cpu " + results.Format(cpu.Value, cpu.Unit)
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
