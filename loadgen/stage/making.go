package stage

import (
	"cmp"
	"context"
	"debug/buildinfo"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

// making is what some servers of other people take, and how it is made of a host that
// has it: once, before the first trial.
type making struct {
	what  string
	lacks func() error                                // what the host lacks, in one line; nil: nothing
	make  func(ctx context.Context, dir string) error // nil: nothing has to be made
	// versions adds what of other people is in what was made, and in which version.
	versions func(ctx context.Context, dir string, to map[string]string)
}

// rivalsProgram is the program of the module servers/rivals, with the libraries that its
// go.mod names.
var rivalsProgram = making{
	what:  "the rivals' program",
	lacks: func() error { return cmp.Or(command("go"), sources()) },
	make: func(ctx context.Context, dir string) error {
		from, err := folder()
		if err != nil {
			return err
		}
		return run(ctx, from, "the modules that servers/rivals/go.mod names have to be in the module cache, or to be had: `go mod download` there says which is not",
			"go", "build", "-o", filepath.Join(dir, rivalsName), ".")
	},
	versions: func(_ context.Context, dir string, to map[string]string) {
		info, err := buildinfo.ReadFile(filepath.Join(dir, rivalsName))
		if err != nil {
			return // it was not made
		}
		for _, d := range info.Deps {
			if d.Replace == nil { // by ours
				to[d.Path] = d.Version
			}
		}
	},
}

// rivalsName is the program's in the folder.
const rivalsName = "rivals"

// nodeServer is the script for Node, with the package that its lock names.
var nodeServer = making{
	what:  "the server for Node",
	lacks: func() error { return cmp.Or(errors.Join(command("node"), command("npm")), sources()) },
	make: func(ctx context.Context, dir string) error {
		from, err := folder()
		if err != nil {
			return err
		}
		dir = filepath.Join(dir, "node")
		if err := os.CopyFS(dir, os.DirFS(filepath.Join(from, "node"))); err != nil {
			return err
		}
		return run(ctx, dir, "the package that servers/rivals/node/package-lock.json names has to be in npm's cache, or to be had",
			"npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline")
	},
	versions: func(ctx context.Context, dir string, to map[string]string) {
		text, err := os.ReadFile(filepath.Join(dir, "node", "node_modules", "ws", "package.json"))
		var ws struct{ Version string }
		if err != nil || json.Unmarshal(text, &ws) != nil {
			return
		}
		to["npm ws"] = ws.Version
		if out, err := exec.CommandContext(ctx, "node", "--version").Output(); err == nil {
			to["node"] = strings.TrimSpace(string(out))
		}
	},
}

// makings is what these servers take; all that there is, where none is named.
func makings(servers []string) (all []*making) {
	for name, kind := range Servers {
		if (servers == nil || slices.Contains(servers, name)) && kind.Takes != nil && !slices.Contains(all, kind.Takes) {
			all = append(all, kind.Takes)
		}
	}
	slices.SortFunc(all, func(a, b *making) int { return strings.Compare(a.what, b.what) })
	return all
}

// Lacks is what the host lacks of what these servers take, or of what any takes where
// none is named; nil: nothing.
func Lacks(servers ...string) error {
	var lacking []string
	for _, m := range makings(servers) {
		if err := m.lacks(); err != nil {
			lacking = append(lacking, m.what+" takes "+strings.ReplaceAll(err.Error(), "\n", " and "))
		}
	}
	if lacking == nil {
		return nil
	}
	return errors.New(strings.Join(lacking, "; "))
}

// Make makes in a folder what these servers take.
func Make(ctx context.Context, dir string, servers ...string) error {
	if len(servers) == 0 {
		return nil
	}
	for _, m := range makings(servers) {
		if m.make == nil {
			continue // it is there already
		}
		if err := m.make(ctx, dir); err != nil {
			return fmt.Errorf("make %s: %w", m.what, err)
		}
	}
	return nil
}

// Versions is what these servers are of, once Make has made in a folder what they take:
// each with its version.
func Versions(ctx context.Context, dir string, servers ...string) map[string]string {
	if len(servers) == 0 {
		return nil
	}
	all := map[string]string{}
	for _, m := range makings(servers) {
		m.versions(ctx, dir, all)
	}
	return all
}

// command asks for a program.
func command(name string) error {
	if _, err := exec.LookPath(name); err != nil {
		return fmt.Errorf("the command %s, which is not in PATH", name)
	}
	return nil
}

// folder is where the sources of the rivals are.
var folder = sync.OnceValues(func() (string, error) {
	out, err := exec.Command("go", "list", "-f", "{{.Dir}}", "pushbench/servers").Output()
	if err != nil {
		return "", errors.New("the folder servers/rivals of this module's sources: run loadgen from inside the module")
	}
	return filepath.Join(strings.TrimSpace(string(out)), "rivals"), nil
})

func sources() error {
	_, err := folder()
	return err
}

// run runs a command in a folder; where it fails the error has what it said, and what
// may mend it.
func run(ctx context.Context, dir, mend string, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s(%s)", strings.Join(cmd.Args, " "), err, out, mend)
	}
	return nil
}
