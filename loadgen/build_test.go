package main

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"pushbench/loadgen/internal/need"
)

func TestBuild(t *testing.T) {
	need.Go(t)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	p, err := build(t.Context(), dir, "")
	if err != nil {
		t.Fatal(err)
	}
	if p.fleet != self || p.servers != filepath.Join(dir, "servers") {
		t.Errorf("programs %+v", p)
	}
	if out, err := exec.Command(p.servers, "-version").Output(); err != nil || !strings.HasPrefix(string(out), "servers ") {
		t.Errorf("what was built says %q, %v", out, err)
	}
}

func TestGivenServers(t *testing.T) {
	if p, err := build(t.Context(), t.TempDir(), "sh"); err != nil || !filepath.IsAbs(p.servers) {
		t.Errorf("programs %+v, error %v; want sh where PATH has it", p, err)
	}
	if _, err := build(t.Context(), t.TempDir(), "no-such-program"); err == nil || !strings.Contains(err.Error(), "-servers: ") || !errors.Is(err, exec.ErrNotFound) {
		t.Errorf("error %v", err)
	}
}

// Ctrl-C while the servers are built is Ctrl-C, and no failure of theirs.
func TestInterruptedWhileBuilding(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	out := filepath.Join(t.TempDir(), "out")
	var stdout, stderr strings.Builder
	code := run(ctx, []string{"-out", out, "../scenarios/smoke.yaml"}, nil, &stdout, &stderr)
	if code != exitInterrupted || stdout.String() != "" || stderr.String() != "loadgen: interrupted before the first trial\n" {
		t.Errorf("exit code %d; it said\n%s%s", code, &stdout, &stderr)
	}
	if _, err := os.Stat(out); err == nil {
		t.Error("the directory of results was made")
	}
}
