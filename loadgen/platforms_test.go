//go:build !race

// The race detector has nothing to find here, and makes minutes of seconds: make lint
// runs this.

package main

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pushbench/servers/test/need"
)

// On these everything builds, tests too: CPUs of 32 bits beside those of 64, and macOS
// beside Linux. What else there is differs in nothing that this module knows of.
var platforms = []string{"linux/386", "linux/arm", "darwin/arm64"}

// elsewhere is all that the compiler has to say where the project is not built.
const elsewhere = "undefined: pushbench_is_built_on_Linux_and_macOS__on_Windows_use_WSL__see_README_What_a_host_needs"

// Every package and every test of this module has types that fit on every platform:
// a constant that an int of 32 bits does not hold, a call that only Linux has. Where it
// is not built, that is said and nothing else.
func TestPlatforms(t *testing.T) {
	need.Go(t)
	if err := need.Sources(module + "/..."); err != nil {
		t.Fatal(err)
	}
	for _, platform := range platforms {
		t.Run(platform, func(t *testing.T) {
			for _, err := range typeErrors(t, platform, "-test", module+"/...") {
				t.Error(err)
			}
		})
	}
	t.Run("windows/amd64", func(t *testing.T) {
		var said []string
		for _, err := range typeErrors(t, "windows/amd64", module+"/servers", module+"/results") {
			if _, message, _ := strings.Cut(err.Error(), ": "); !slices.Contains(said, message) {
				said = append(said, message)
			}
		}
		if len(said) != 1 || said[0] != elsewhere {
			t.Errorf("the compiler says %q, want only %q", said, elsewhere)
		}
	})
}

// unit is a package as go list tells of it, one that is made anew for a test included.
type unit struct {
	ImportPath string
	Dir        string
	GoFiles    []string
	Imports    []string
	ImportMap  map[string]string
	Module     *struct{ Main bool }
}

// typeErrors are the errors that the go command would find in this module, building for
// the platform. Of what it needs only declarations are looked at, which is why this takes
// seconds where a compiler takes minutes.
func typeErrors(t *testing.T, platform string, args ...string) (errs []error) {
	t.Helper()
	system, cpu, _ := strings.Cut(platform, "/")
	cmd := exec.Command("go", append([]string{"list", "-e", "-deps", "-json=ImportPath,Dir,GoFiles,Imports,ImportMap,Module"}, args...)...)
	cmd.Env = append(os.Environ(), "GOOS="+system, "GOARCH="+cpu, "CGO_ENABLED=0")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("list packages: %v", err)
	}
	done := map[string]*types.Package{"unsafe": types.Unsafe}
	failed := map[string]bool{}
	files := token.NewFileSet()
	for in := json.NewDecoder(strings.NewReader(string(out))); ; { // what a package imports comes before it
		var u unit
		if err := in.Decode(&u); err == io.EOF {
			return errs
		} else if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(u.ImportPath, ".test") || u.ImportPath == "unsafe" { // the main program of a test is made by go test
			continue
		}
		if slices.ContainsFunc(u.Imports, func(path string) bool { return failed[path] }) { // so that the go command stops here
			failed[u.ImportPath] = true
			continue
		}
		ours := u.Module != nil && u.Module.Main
		var parsed []*ast.File
		for _, name := range u.GoFiles {
			f, err := parser.ParseFile(files, filepath.Join(u.Dir, name), nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			parsed = append(parsed, f)
		}
		conf := types.Config{
			Importer: importing(func(path string) (*types.Package, error) {
				if mapped, ok := u.ImportMap[path]; ok {
					path = mapped
				}
				if p := done[path]; p != nil {
					return p, nil
				}
				return nil, fmt.Errorf("there is no package %s", path)
			}),
			IgnoreFuncBodies: !ours,
			Sizes:            types.SizesFor("gc", cpu),
			Error: func(err error) {
				if ours {
					failed[u.ImportPath] = true
					errs = append(errs, err)
				}
			},
		}
		done[u.ImportPath], _ = conf.Check(u.ImportPath, files, parsed, nil) // its errors have been taken
	}
}

// importing is a function as a types.Importer.
type importing func(path string) (*types.Package, error)

func (f importing) Import(path string) (*types.Package, error) { return f(path) }
