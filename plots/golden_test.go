package main

import (
	"bytes"
	"context"
	"path/filepath"
	"strings"
	"testing"

	committed "pushbench/servers/test/golden"
)

// home is the folder of this package, in which tests begin.
var home, _ = filepath.Abs(".")

// golden compares with testdata/name, wherever a test has gone.
func golden(t *testing.T, name, got string) {
	t.Helper()
	committed.Compare(t, filepath.Join(home, "testdata", name), got)
}

// result is what a command line led to.
type result struct {
	code           int
	stdout, stderr string
}

// cli runs the program in dir.
func cli(t *testing.T, dir, stdin string, args ...string) result {
	t.Helper()
	t.Chdir(dir)
	var stdout, stderr bytes.Buffer
	code := run(context.Background(), args, strings.NewReader(stdin), &stdout, &stderr)
	return result{code, stdout.String(), stderr.String()}
}

// feedFile writes the synthetic feed run, lived in, and returns its folder.
func feedFile(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	run := syntheticRun(t, scenarioAt(t, "testdata/feed.yaml"))
	liveIn(run)
	write(t, filepath.Join(dir, "feed.jsonl"), run)
	return dir
}
