package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pushbench/results"
)

func TestLastScreen(t *testing.T) {
	dir := feedFile(t)
	got := cli(t, dir, "", "feed.jsonl")
	if got.code != exitOK || got.stderr != "" {
		t.Errorf("exit %d, want %d; stderr %q", got.code, exitOK, got.stderr)
	}
	golden(t, "feed.stdout", got.stdout)
	narrow(t, got.stdout)
	table, err := os.ReadFile(filepath.Join(dir, "figures", "table.md"))
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "feed.md", string(table))
	names, err := filepath.Glob(filepath.Join(dir, "figures", "feed-*.*"))
	if err != nil || len(names) != 6 {
		t.Errorf("figures %q, want six as SVG, and no PNG that nobody asked for", names)
	}
}

func TestMarkdownOnStdout(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "bare.jsonl"), syntheticRun(t, scenarioAt(t, "testdata/bare.yaml")))
	got := cli(t, dir, "", "-markdown", "-out", "drawn", "bare.jsonl")
	table, err := os.ReadFile(filepath.Join(dir, "drawn", "table.md"))
	if err != nil {
		t.Fatal(err)
	}
	if got.code != exitOK || got.stdout != string(table) {
		t.Errorf("exit %d; stdout is not table.md:\n%s", got.code, got.stdout)
	}
}

func TestClaims(t *testing.T) {
	got := cli(t, feedFile(t), "", "claims", "feed.jsonl")
	if got.code != exitOK || got.stderr != "" {
		t.Errorf("exit %d, stderr %q", got.code, got.stderr)
	}
	golden(t, "claims.stdout", got.stdout)
}

func TestExport(t *testing.T) {
	dir := feedFile(t)
	bench := cli(t, dir, "", "export", "-format", "bench", "feed.jsonl")
	if n := strings.Count(bench.stdout, "\nBenchmark"); bench.code != exitOK || n != 34 {
		t.Errorf("exit %d, %d benchmark lines, want one for each of 34 sound trials; stderr %s", bench.code, n, bench.stderr)
	}
	one := cli(t, dir, "", "export", "-format", "csv", "feed.jsonl")
	two := cli(t, dir, "", "export", "-format", "csv", "feed.jsonl", "feed.jsonl")
	head, rows, _ := strings.Cut(one.stdout, "\n")
	if one.code != exitOK || two.stdout != head+"\n"+rows+rows {
		t.Errorf("exit %d; two runs are not one table under one header", one.code)
	}
}

func TestStdin(t *testing.T) {
	dir := feedFile(t)
	data, err := os.ReadFile(filepath.Join(dir, "feed.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	fromFile, fromPipe := cli(t, dir, "", "claims", "feed.jsonl"), cli(t, dir, string(data), "claims", "-")
	if fromFile != fromPipe {
		t.Errorf("claims of the file %+v, of the pipe %+v", fromFile, fromPipe)
	}
}

// Runs drawn into one folder keep apart, and share its table.md; with -png there are both forms.
func TestSeveralRuns(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "bare.jsonl"), syntheticRun(t, scenarioAt(t, "testdata/bare.yaml")))
	write(t, filepath.Join(dir, "rate.jsonl"), syntheticRun(t, scenarioAt(t, "testdata/rate.yaml")))
	got := cli(t, dir, "", "-png", "-plot", "{mark: dots, x: claims}", "bare.jsonl", "rate.jsonl")
	table, err := os.ReadFile(filepath.Join(dir, "figures", "table.md"))
	if err != nil {
		t.Fatal(err)
	}
	if n := bytes.Count(table, []byte("### ")); got.code != exitOK || n != 2 {
		t.Errorf("exit %d, %d tables in table.md, want 2", got.code, n)
	}
	for _, name := range []string{"rate-quantiles-staleness-per-rate-transport-ws.svg", "rate-curve-server-cpu-over-rate.svg", "rate-curve-server-cpu-over-rate.png", "bare-dots-claims.svg", "rate-curve-server-cpu-over-rate-arrivals-poisson.svg"} {
		if _, err := os.Stat(filepath.Join(dir, "figures", name)); err != nil {
			t.Error(err)
		}
	}
}

// A treatment without the blocks that an interval takes is drawn and printed like the
// others, whatever kind of run it was, and named at the end.
func TestTooFewBlocks(t *testing.T) {
	run := syntheticRun(t, scenarioAt(t, "testdata/bare.yaml"))
	for _, trial := range run.Trials {
		if trial.Treatment.Transport() == "ws" && trial.Block > 2 {
			breaking(results.Sound)(trial)
		}
	}
	for _, short := range []bool{false, true} {
		run.Header.Plan.Short = short
		dir := t.TempDir()
		write(t, filepath.Join(dir, "bare.jsonl"), run)
		for _, args := range [][]string{{"bare.jsonl"}, {"claims", "bare.jsonl"}} {
			got := cli(t, dir, "", args...)
			if got.code != exitTooFew || !strings.Contains(got.stderr, "ws (2 of 7 sound)") || got.stdout == "" {
				t.Errorf("short %v, %q: exit %d, want %d; stdout %d bytes; stderr should name what is short of blocks: %s", short, args, got.code, exitTooFew, len(got.stdout), got.stderr)
			}
		}
	}
}

func TestBadInput(t *testing.T) {
	dir := feedFile(t)
	good, err := os.ReadFile(filepath.Join(dir, "feed.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	head, _, _ := bytes.Cut(good, []byte("\n"))
	for name, text := range map[string][]byte{
		"empty.jsonl":    nil,
		"foreign.jsonl":  []byte("{\"hello\": 1}\n"),
		"cut.jsonl":      head[:len(head)/2],
		"newer.jsonl":    append(bytes.Replace(head, []byte(`"schema":2`), []byte(`"schema":99`), 1), '\n'),
		"scenario.jsonl": append(bytes.Replace(head, []byte(`question:`), []byte(`quest:`), 1), '\n'),
		"file":           nil,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		name string
		args []string
		code int
		says string // in stderr
	}{
		{"no file named", nil, exitUsage, "no result file"},
		{"unknown flag", []string{"-frobnicate"}, exitUsage, "frobnicate"},
		{"missing file", []string{"nowhere.jsonl"}, exitUsage, "nowhere.jsonl"},
		{"empty file", []string{"empty.jsonl"}, exitUsage, "empty"},
		{"foreign file", []string{"foreign.jsonl"}, exitUsage, "foreign.jsonl"},
		{"header cut", []string{"cut.jsonl"}, exitUsage, "header"},
		{"newer schema", []string{"newer.jsonl"}, exitUsage, "newer program"},
		{"broken scenario", []string{"scenario.jsonl"}, exitUsage, "feed.yaml:1"},
		{"each is named", []string{"empty.jsonl", "nowhere.jsonl"}, exitUsage, "nowhere.jsonl"},
		{"a subcommand too", []string{"claims", "foreign.jsonl"}, exitUsage, "foreign.jsonl"},
		{"compare one", []string{"compare", "feed.jsonl"}, exitUsage, "two result files, OLD and NEW"},
		{"no sentence", []string{"-plot", "{mark: pie}", "feed.jsonl"}, exitUsage, "unknown mark"},
		{"unknown format", []string{"export", "-format", "xml", "feed.jsonl"}, exitUsage, "bench, csv or tsv"},
		{"folder is a file", []string{"-out", "file", "feed.jsonl"}, exitFailed, "-out"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := cli(t, dir, "", c.args...)
			if got.code != c.code || !strings.Contains(got.stderr, c.says) {
				t.Errorf("plots %q: exit %d, want %d; stderr should say %q:\n%s", c.args, got.code, c.code, c.says, got.stderr)
			}
			if got.stdout != "" {
				t.Errorf("plots %q printed a result:\n%s", c.args, got.stdout)
			}
		})
	}
}

func TestHelpHasAnExample(t *testing.T) {
	for name := range commands {
		args := strings.Fields(name + " -h")
		got := cli(t, ".", "", args...)
		if got.code != exitOK || !strings.Contains(got.stdout, "Example") || !strings.Contains(got.stdout, "plots "+name) {
			t.Errorf("plots %q: exit %d:\n%s", args, got.code, got.stdout)
		}
	}
	if got := cli(t, ".", "", "-version"); got.code != exitOK || !strings.HasPrefix(got.stdout, "plots ") {
		t.Errorf("-version: %+v", got)
	}
}

func TestInterrupted(t *testing.T) {
	t.Chdir(feedFile(t))
	ctx, stop := context.WithCancel(context.Background())
	stop()
	var stdout, stderr bytes.Buffer
	if code := run(ctx, []string{"feed.jsonl"}, strings.NewReader(""), &stdout, &stderr); code != exitFailed || !strings.Contains(stderr.String(), "stopped") {
		t.Errorf("exit %d: %s", code, stderr.String())
	}
}

// An unfinished file is drawn like another, and says so.
func TestIncompleteRun(t *testing.T) {
	run := syntheticRun(t, scenarioAt(t, "testdata/bare.yaml"))
	run.End = nil
	dir := t.TempDir()
	write(t, filepath.Join(dir, "bare.jsonl"), run)
	if got := cli(t, dir, "", "bare.jsonl"); got.code != exitOK || !strings.Contains(got.stdout, "incomplete") {
		t.Errorf("exit %d:\n%s", got.code, got.stdout)
	}
}

// A claim about what was not run is open, not an error.
func TestClaimOnWhatWasNotRun(t *testing.T) {
	run := syntheticRun(t, scenarioAt(t, "testdata/bare.yaml"))
	run.Header.Plan.Treatments = slices.DeleteFunc(run.Header.Plan.Treatments, func(tr results.Treatment) bool { return tr.Transport() != "longpoll" })
	run.Trials = slices.DeleteFunc(run.Trials, func(trial *results.Trial) bool { return trial.Treatment.Transport() != "longpoll" })
	dir := t.TempDir()
	write(t, filepath.Join(dir, "bare.jsonl"), run)
	got := cli(t, dir, "", "bare.jsonl")
	if got.code != exitOK || !strings.Contains(got.stdout, "1 holds, 4 cannot be told") {
		t.Errorf("exit %d:\n%s%s", got.code, got.stdout, got.stderr)
	}
}
