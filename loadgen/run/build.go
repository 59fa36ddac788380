package run

import (
	"context"
	"debug/buildinfo"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"

	"pushbench/loadgen/stage"
	"pushbench/results"
)

// programs are what a trial starts.
type programs struct {
	servers, fleet string
	rivals         string   // the folder with what servers of other people take
	others         []string // these, by name
	built          bool     // servers was, for this run
}

// build makes the servers' program in dir, unless one is given, so that every
// trial starts the same binary. The fleet is this very program.
func build(ctx context.Context, dir, given string) (programs, error) {
	self, err := os.Executable()
	if err != nil {
		return programs{}, fmt.Errorf("find this program, which is the fleet too: %w (is /proc mounted?)", err)
	}
	p := programs{servers: given, fleet: self, built: given == ""}
	if given != "" {
		if p.servers, err = exec.LookPath(given); errors.Is(err, fs.ErrPermission) {
			return programs{}, fmt.Errorf("-servers: %w; %s", err, programs{servers: given}.forbidden())
		} else if err != nil {
			return programs{}, fmt.Errorf("-servers: %w", err)
		}
		return p, nil
	}
	p.servers = filepath.Join(dir, "servers")
	cmd := exec.CommandContext(ctx, "go", "build", "-o", p.servers, "pushbench/servers")
	if out, err := cmd.CombinedOutput(); err != nil {
		return programs{}, fmt.Errorf("build the servers: %w\n%s(run loadgen from inside the module, or give the built program with -servers)", err, out)
	}
	return p, nil
}

// describeBuild says how this program and the servers' were built, of what the rivals
// were, and what of the environment changes how they run.
func describeBuild(ctx context.Context, p programs) results.Build {
	b := results.Build{Go: runtime.Version(), Revision: revision(ctx)}
	if info, ok := debug.ReadBuildInfo(); ok {
		b.Loadgen = settings(info)
	}
	if info, err := buildinfo.ReadFile(p.servers); err == nil { // else it is no program of Go's, and nothing is known of it
		b.Servers = settings(info)
		if r := stamped(info); r != "" && r != b.Revision {
			b.Servers[otherRevision] = r
		}
	}
	b.Rivals = stage.Versions(ctx, p.rivals, p.others...)
	b.Environment = inherited()
	return b
}

// revision is that of the source, from the build itself or else from the checkout
// that it was built in.
func revision(ctx context.Context) string {
	if info, ok := debug.ReadBuildInfo(); ok {
		if r := stamped(info); r != "" {
			return r
		}
	}
	head, err := exec.CommandContext(ctx, "git", "rev-parse", "HEAD").Output()
	if err != nil {
		return "" // built outside a checkout
	}
	// What is not tracked yet is no part of the revision either, and results
	// of earlier runs must not make the source look changed.
	status, err := exec.CommandContext(ctx, "git", "status", "--porcelain", "--untracked-files=no",
		"--", ":/", ":(top,exclude)results/reference").Output()
	return marked(strings.TrimSpace(string(head)), err != nil || len(status) > 0)
}

// stamped is the revision that a build carries; "" where it carries none.
func stamped(info *debug.BuildInfo) string {
	revision, dirty := "", false
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			revision = s.Value
		case "vcs.modified":
			dirty = s.Value == "true"
		}
	}
	return marked(revision, dirty)
}

func marked(revision string, dirty bool) string {
	if revision != "" && dirty {
		revision += "+dirty"
	}
	return revision
}

// otherRevision is the setting of a servers' program that was built of another source
// than this one.
const otherRevision = "revision"

// settings are how a program was built: what GOFLAGS and `go env -w` have changed is
// in them too. What it was built of has a field of its own.
func settings(info *debug.BuildInfo) map[string]string {
	all := map[string]string{"go": info.GoVersion}
	for _, s := range info.Settings {
		if s.Value != "" && s.Key != "vcs" && !strings.HasPrefix(s.Key, "vcs.") {
			all[s.Key] = s.Value
		}
	}
	return all
}

// inherited is the settings of the C library that a program may be linked with. Those
// of Go's runtime are kept from the parties.
func inherited() map[string]string {
	found := make(map[string]string)
	for _, name := range []string{"LD_PRELOAD", "GLIBC_TUNABLES"} {
		if value := os.Getenv(name); value != "" {
			found[name] = value
		}
	}
	return found
}

// doubtsOf are the warnings of a build whose figures are not those that a server has
// in use.
func doubtsOf(b results.Build) (doubts []string) {
	for _, program := range []struct {
		name     string
		settings map[string]string
	}{{"loadgen, which is the subscribers,", b.Loadgen}, {"the servers' program", b.Servers}} {
		if how := slowed(program.settings); len(how) > 0 {
			doubts = append(doubts, fmt.Sprintf("%s was built with %s: its CPU time and latencies are not those of a usual build; see GOFLAGS and `go env GOFLAGS`",
				program.name, strings.Join(how, ", ")))
		}
	}
	if r := b.Servers[otherRevision]; r != "" {
		doubts = append(doubts, fmt.Sprintf("the servers' program is of revision %s, and loadgen of %s", r, b.Revision))
	}
	for _, name := range slices.Sorted(maps.Keys(b.Environment)) {
		doubts = append(doubts, fmt.Sprintf("%s=%s is in the environment of servers and subscribers, and may change what they take", name, b.Environment[name]))
	}
	return doubts
}

// slowed is what of a build's settings makes it slow.
func slowed(settings map[string]string) (how []string) {
	for _, flag := range []string{"-race", "-asan", "-msan", "-cover"} {
		if settings[flag] == "true" {
			how = append(how, flag)
		}
	}
	for flag := range strings.FieldsSeq(settings["-gcflags"]) {
		if packages, first, found := strings.Cut(flag, "="); found && !strings.HasPrefix(packages, "-") { // all=-N
			flag = first
		}
		if flag == "-N" || flag == "-l" {
			how = append(how, "-gcflags="+flag)
		}
	}
	return how
}

// sameBuild reports how the build that began a run differs from the present one, nil
// if it does not: what two builds measured is not one run. What a record does not say
// is no difference.
func sameBuild(old, now results.Build) error {
	var differ []string
	for _, d := range old.Differences(now) {
		if d.Old != "" || d.New != "" {
			differ = append(differ, d.String())
		}
	}
	if differ == nil {
		return nil
	}
	return fmt.Errorf("it was begun by another build (%s)", strings.Join(differ, "; "))
}
