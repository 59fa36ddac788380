package main

import (
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pushbench/results"
)

// buildRuns makes runs of two builds by turns: each finds the host in a state of its
// own, and takes ten minutes. change is what the new build does to a trial.
func buildRuns(t *testing.T, pairs int, change func(*results.Trial)) []*report {
	t.Helper()
	var rs []*report
	for i := range 2 * pairs {
		s := scenarioAt(t, "testdata/bare.yaml")
		s.Blocks, s.Seed = 4, uint64(i+1)
		run := syntheticRun(t, s)
		state := rand.New(rand.NewPCG(17, uint64(i)))
		slow := map[string]float64{}
		for _, tr := range run.Header.Plan.Treatments {
			slow[tr.Transport()] = math.Exp(0.05 * state.NormFloat64())
		}
		each(run, func(trial *results.Trial) {
			for _, name := range []string{"server/cpu", "fleet/cpu", "host/cpu"} {
				m := trial.Metrics[name]
				m.Value *= slow[trial.Treatment.Transport()]
				trial.Metrics[name] = m
			}
			if i%2 == 1 {
				change(trial)
			}
		})
		run.Header.Started = run.Header.Started.Add(time.Duration(i) * 10 * time.Minute)
		run.End.Ended = run.Header.Started.Add(9 * time.Minute)
		run.Header.Build.Revision = []string{"old", "new"}[i%2]
		rs = append(rs, newReport(fmt.Sprintf("%s%d.jsonl", run.Header.Build.Revision, i/2+1), run, s))
	}
	return rs
}

// cheaper makes a WebSocket's event cheaper, and its frames a byte longer.
func cheaper(trial *results.Trial) {
	if trial.Treatment.Transport() != "ws" {
		return
	}
	for name, by := range map[string]func(float64) float64{
		"server/cpu":          func(v float64) float64 { return 0.6 * v },
		"bytes/protocol/down": func(v float64) float64 { return v + 1 },
	} {
		m := trial.Metrics[name]
		m.Value = by(m.Value)
		trial.Metrics[name] = m
	}
}

func compared(t *testing.T, rs []*report) string {
	t.Helper()
	var b strings.Builder
	if err := compare(&b, turns(rs)); err != nil {
		t.Fatal(err)
	}
	narrow(t, b.String())
	return b.String()
}

// From one run a side only what the protocol fixes is told; from several by turns, what
// stands out from the difference between pairs.
func TestCompare(t *testing.T) {
	golden(t, "compare.stdout", compared(t, buildRuns(t, 1, cheaper)))
	golden(t, "compare-turns.stdout", compared(t, buildRuns(t, 5, cheaper)))
}

// change is what a row says behind both sides, "" where there is no such row.
func change(text, treatment, row string) string {
	_, text, _ = strings.Cut(text, "\n"+treatment+"\n")
	text, _, _ = strings.Cut(text, "──")
	for line := range strings.Lines(text) {
		if rest, ok := strings.CutPrefix(strings.TrimSpace(line), row+" "); ok {
			cells := strings.Fields(rest)
			return strings.Join(cells[max(0, len(cells)-6):], " ")
		}
	}
	return ""
}

func TestWhatCompareTells(t *testing.T) {
	one, five := compared(t, buildRuns(t, 1, cheaper)), compared(t, buildRuns(t, 5, cheaper))
	for _, c := range []struct {
		text, treatment, row, says string
	}{
		{one, "ws", "server/cpu", "?"}, // 0.6, and yet
		{one, "longpoll", "server/cpu", "?"},
		{one, "ws", "requests", "= exact"},
		{one, "ws", "bytes/protocol/down", "×1.25 exact"},
		{one, "longpoll", "bytes/protocol/down", ""}, // which nothing fixes
		{five, "ws", "server/cpu", "×0.5"},
		{five, "longpoll", "server/cpu", "~ ×"},
		{five, "ws", "staleness/p50", "~ ×"},
		{five, "ws", "bytes/protocol/down", "×1.25 exact"},
	} {
		if got := change(c.text, c.treatment, c.row); !strings.Contains(got, c.says) || (c.says == "") != (got == "") {
			t.Errorf("%s of %s: %q, want %q in\n%s", c.row, c.treatment, got, c.says, c.text)
		}
	}
}

// Three or more runs of one build are not told apart, whatever state each found its
// host in.
func TestRunsOfOneBuild(t *testing.T) {
	for _, pairs := range []int{3, 5} {
		text := compared(t, buildRuns(t, pairs, func(*results.Trial) {}))
		for line := range strings.Lines(text) {
			if strings.HasPrefix(line, "  ") && strings.Contains(line, "×") && !strings.Contains(line, "~ ×") {
				t.Errorf("%d runs of one build on each side are told apart:\n%s", pairs, line)
			}
		}
		if !strings.Contains(text, "~ ×") {
			t.Errorf("nothing was compared:\n%s", text)
		}
	}
}

// A run compared with itself shows no difference anywhere.
func TestCompareWithItself(t *testing.T) {
	got := cli(t, feedFile(t), "", "compare", "feed.jsonl", "feed.jsonl")
	if got.code != exitOK || strings.Contains(got.stdout, "×") || !strings.Contains(got.stdout, "=  exact") || !strings.Contains(got.stdout, "?") {
		t.Errorf("exit %d:\n%s", got.code, got.stdout)
	}
}

// Runs that a change of the host could be taken for a change of the build in, and
// others that are not alike, are told of.
func TestDoubtsOfCompare(t *testing.T) {
	started := func(rs []*report, order ...int) {
		began := rs[0].run.Header.Started
		for i, place := range order {
			rs[i].run.Header.Started = began.Add(time.Duration(place) * 10 * time.Minute)
			rs[i].run.End.Ended = rs[i].run.Header.Started.Add(9 * time.Minute)
		}
	}
	for _, c := range []struct {
		name  string
		pairs int
		spoil func(rs []*report)
		says  string // "" for no doubt
	}{
		{"by turns", 3, func(rs []*report) {}, ""},
		{"one of each", 1, func(rs []*report) {}, ""},
		{"the new before the old", 1, func(rs []*report) { started(rs, 1, 0) }, ""},
		{"one build after the other", 3, func(rs []*report) { started(rs, 0, 3, 1, 4, 2, 5) }, "did not alternate; in time they were old, old, old, new, new, new"},
		{"another order", 3, func(rs []*report) { started(rs, 4, 5, 2, 3, 0, 1) }, "not given in the order"},
		{"at once", 3, func(rs []*report) { rs[2].run.Header.Started = rs[1].run.Header.Started.Add(time.Minute) }, "new1.jsonl and old2.jsonl overlap in time"},
		{"without an end", 1, func(rs []*report) {
			rs[0].run.End = nil
			rs[0].run.Trials[5].Started = rs[1].run.Header.Started.Add(time.Minute)
		}, "old1.jsonl and new1.jsonl overlap in time"},
		{"another scenario", 3, func(rs []*report) { rs[3].run.Header.Scenario.Name = "other" }, "the scenario: bare, then other"},
		{"another processor", 1, func(rs []*report) { rs[1].run.Header.Host.CPU = "Other CPU" }, "Other CPU"},
		{"another treatment", 1, func(rs []*report) { rs[1].ts = rs[1].ts[1:] }, "only in some of the runs: poll?interval=1s"},
	} {
		rs := buildRuns(t, c.pairs, func(*results.Trial) {})
		for _, r := range rs { // which would be told of
			r.run.Header.Build.Revision, r.run.Header.Plan.Seed = "", 1
		}
		c.spoil(rs)
		text := strings.Join(strings.Fields(compared(t, rs)), " ")
		if (c.says == "") == strings.Contains(text, "doubt") || !strings.Contains(text, c.says) {
			t.Errorf("%s: want a doubt that says %q:\n%s", c.name, c.says, text)
		}
	}
}

// Files are taken as they were run: old, new, old, new …
func TestCompareTakesFilesByTurns(t *testing.T) {
	dir := t.TempDir()
	rs := buildRuns(t, 3, cheaper)
	var paths []string
	for _, r := range rs {
		write(t, filepath.Join(dir, r.path), r.run)
		paths = append(paths, r.path)
	}
	if got := cli(t, dir, "", slices.Concat([]string{"compare"}, paths)...); got.code != exitOK || !strings.Contains(change(got.stdout, "ws", "server/cpu"), "×0.58") {
		t.Errorf("exit %d, %s:\n%s", got.code, got.stderr, got.stdout)
	}
	for _, n := range []int{0, 1, 3, 4, 5} {
		if got := cli(t, dir, "", slices.Concat([]string{"compare"}, paths[:n])...); got.code != exitUsage || !strings.Contains(got.stderr, "3 at least of each by turns") {
			t.Errorf("%d files: exit %d, %s", n, got.code, got.stderr)
		}
	}
}
