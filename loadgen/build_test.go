package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"pushbench/loadgen/internal/need"
	"pushbench/results"
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

// Only the build that began a run goes on with it.
func TestSameBuild(t *testing.T) {
	began := results.Build{Go: "go1.26.8", Revision: "a+dirty"}
	if err := sameBuild(began, began); err != nil {
		t.Error(err)
	}
	for _, now := range []results.Build{{Go: "go1.27", Revision: "a+dirty"}, {Go: "go1.26.8", Revision: "a"}} {
		if err := sameBuild(began, now); err == nil || !strings.Contains(err.Error(), fmt.Sprintf("this is %q with %s", now.Revision, now.Go)) {
			t.Errorf("%+v: %v", now, err)
		}
	}
	s := newSession(t, 2, options{}, made)
	if err := s.run(t.Context()); err != nil && !errors.As(err, new(exitError)) {
		t.Fatal(err)
	}
	text, err := os.ReadFile(s.path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(s.path, bytes.Replace(text, []byte(runtime.Version()), []byte("go1.0"), 1), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := s.again(t, options{resume: true}).run(t.Context()); err == nil || !strings.Contains(err.Error(), "with go1.0, and this is") {
		t.Errorf("resumed by another build: %v", err)
	}
}
