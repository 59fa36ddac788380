package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"

	"pushbench/results"
)

// programs are what a trial starts.
type programs struct {
	servers, fleet string
	built          bool // servers was, for this run
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

// describeBuild says what was built, from the build itself or else from the
// checkout that it was built in.
func describeBuild(ctx context.Context) results.Build {
	b := results.Build{Go: runtime.Version()}
	dirty := false
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			switch s.Key {
			case "vcs.revision":
				b.Revision = s.Value
			case "vcs.modified":
				dirty = s.Value == "true"
			}
		}
	}
	if b.Revision == "" {
		head, err := exec.CommandContext(ctx, "git", "rev-parse", "HEAD").Output()
		if err != nil {
			return b // built outside a checkout
		}
		b.Revision = strings.TrimSpace(string(head))
		// What is not tracked yet is no part of the revision either, and results
		// of earlier runs must not make the source look changed.
		status, err := exec.CommandContext(ctx, "git", "status", "--porcelain", "--untracked-files=no",
			"--", ":/", ":(top,exclude)results/reference").Output()
		dirty = err != nil || len(status) > 0
	}
	if dirty {
		b.Revision += "+dirty"
	}
	return b
}

// version is the program's name and build, for -version.
func version() string {
	b := describeBuild(context.Background())
	if b.Revision == "" {
		b.Revision = "(unknown revision)"
	}
	return fmt.Sprintf("loadgen %s, %s", b.Revision, b.Go)
}

// sameBuild reports how the build that began a run differs from the present one, nil
// if it does not: what two builds measured is not one run.
func sameBuild(old, now results.Build) error {
	if old == now {
		return nil
	}
	return fmt.Errorf("it was begun by revision %q with %s, and this is %q with %s", old.Revision, old.Go, now.Revision, now.Go)
}
