package run

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"pushbench/results"
	"pushbench/servers/test/need"
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

// How each program was built is in the record, and what makes it slow is warned of,
// whichever way it was asked for.
func TestDescribeBuild(t *testing.T) {
	need.Go(t)
	dir := t.TempDir()
	for name, text := range map[string]string{"go.mod": "module slow\n\ngo 1.26\n", "main.go": "package main\n\nfunc main() {}\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, test := range []struct {
		goflags string
		args    []string
		want    map[string]string
		doubts  []string
	}{
		{"", nil, map[string]string{"-cover": "", "-gcflags": "", "GOOS": runtime.GOOS, "GOARCH": runtime.GOARCH, "go": runtime.Version()}, nil},
		{"-gcflags=-N", []string{"-ldflags=-s"}, map[string]string{"-gcflags": "-N", "-ldflags": "-s"}, []string{"built with -gcflags=-N: its CPU time"}},
		{"-cover", []string{"-gcflags=slow=-l -N"}, map[string]string{"-cover": "true", "-gcflags": "slow=-l -N"}, []string{"built with -cover, -gcflags=-l, -gcflags=-N: its CPU time"}},
	} {
		program := filepath.Join(dir, "program")
		cmd := exec.Command("go", append(append([]string{"build", "-o", program}, test.args...), ".")...)
		cmd.Dir, cmd.Env = dir, append(os.Environ(), "GOFLAGS="+test.goflags, "GOWORK=off")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		b := describeBuild(t.Context(), programs{servers: program})
		for key, want := range test.want {
			if got := b.Servers[key]; got != want {
				t.Errorf("GOFLAGS=%s %q: %s is %q, want %q", test.goflags, test.args, key, got, want)
			}
		}
		b.Loadgen, b.Environment = nil, nil // which are those of go test
		doubts := doubtsOf(b)
		if len(doubts) != len(test.doubts) {
			t.Errorf("GOFLAGS=%s %q: doubts %q", test.goflags, test.args, doubts)
			continue
		}
		for i, want := range test.doubts {
			if !strings.Contains(doubts[i], "the servers' program was "+want) {
				t.Errorf("GOFLAGS=%s %q: doubt %q lacks %q", test.goflags, test.args, doubts[i], want)
			}
		}
	}
	if b := describeBuild(t.Context(), programs{servers: filepath.Join(dir, "go.mod")}); b.Servers != nil {
		t.Errorf("of what is no program it knows %v", b.Servers)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if b := describeBuild(t.Context(), programs{servers: self}); b.Environment == nil || b.Loadgen["go"] != runtime.Version() || b.Servers["go"] != runtime.Version() {
		t.Errorf("of this program it knows %+v", b)
	}
}

func TestBuildDoubts(t *testing.T) {
	for name, value := range map[string]string{"LD_PRELOAD": "x.so", "GLIBC_TUNABLES": "", "GODEBUG": "gctrace=0"} {
		t.Setenv(name, value)
	}
	b := results.Build{
		Revision:    "a",
		Loadgen:     map[string]string{"-race": "true", "-trimpath": "true"},
		Servers:     map[string]string{"-gcflags": "all=-N -l", "revision": "b"},
		Environment: inherited(),
	}
	want := []string{
		"loadgen, which is the subscribers, was built with -race: its CPU time and latencies are not those of a usual build; see GOFLAGS and `go env GOFLAGS`",
		"the servers' program was built with -gcflags=-N, -gcflags=-l: its CPU time and latencies are not those of a usual build; see GOFLAGS and `go env GOFLAGS`",
		"the servers' program is of revision b, and loadgen of a",
		"LD_PRELOAD=x.so is in the environment of servers and subscribers, and may change what they take",
	}
	if diff := cmp.Diff(want, doubtsOf(b)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if list := doubtsOf(results.Build{Loadgen: map[string]string{"-race": "false", "-gcflags": "-m -d=N"}}); list != nil {
		t.Errorf("of nothing it doubts %q", list)
	}
}

// Ctrl-C while the servers are built is Ctrl-C, and no failure of theirs.
func TestInterruptedWhileBuilding(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	out := filepath.Join(t.TempDir(), "out")
	var stdout, stderr strings.Builder
	code := Report(&stderr, Measure(ctx, Options{Out: out, Files: []string{"../../scenarios/smoke.yaml"}}, &stdout, &stderr))
	if code != ExitInterrupted || stdout.String() != "" || stderr.String() != "loadgen: interrupted before the first trial\n" {
		t.Errorf("exit code %d; it said\n%s%s", code, &stdout, &stderr)
	}
	if _, err := os.Stat(out); err == nil {
		t.Error("the directory of results was made")
	}
}

// Only the build that began a run goes on with it.
func TestSameBuild(t *testing.T) {
	began := results.Build{Go: "go1.26.8", Revision: "a+dirty", Loadgen: map[string]string{"GOAMD64": "v1"}, Environment: map[string]string{}}
	older := began
	older.Loadgen, older.Environment = nil, nil
	for _, now := range []results.Build{began, older} { // what is not known is no difference
		if err := sameBuild(began, now); err != nil {
			t.Error(err)
		}
	}
	for want, change := range map[string]func(*results.Build){
		"go: go1.26.8, then go1.27":            func(b *results.Build) { b.Go = "go1.27" },
		"revision: a+dirty, then a":            func(b *results.Build) { b.Revision = "a" },
		"loadgen -race: not said, then true":   func(b *results.Build) { b.Loadgen = map[string]string{"GOAMD64": "v1", "-race": "true"} },
		"environment GOGC: not said, then off": func(b *results.Build) { b.Environment = map[string]string{"GOGC": "off"} },
	} {
		now := began
		change(&now)
		if err := sameBuild(began, now); err == nil || err.Error() != "it was begun by another build ("+want+")" {
			t.Errorf("%+v: %v", now, err)
		}
	}
	s := newSession(t, 2, Options{}, made)
	if err := s.run(t.Context()); err != nil && !errors.As(err, new(ExitError)) {
		t.Fatal(err)
	}
	text, err := os.ReadFile(s.path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(s.path, bytes.Replace(text, []byte(runtime.Version()), []byte("go1.0"), 1), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := s.again(t, Options{Resume: true}).run(t.Context()); err == nil || !strings.Contains(err.Error(), "go: go1.0, then "+runtime.Version()) {
		t.Errorf("resumed by another build: %v", err)
	}
}
