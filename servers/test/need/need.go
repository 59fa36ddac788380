// Package need is for tests: it finds or builds what a test cannot do without.
// What the host lacks is said and skipped; where REQUIRE_ALL=1 is set, as in
// .ci/run, nothing may be skipped and it fails.
package need

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// That skips the test, or fails it under REQUIRE_ALL=1, unless the host has
// what it needs.
func That(t testing.TB, have bool, what string) {
	t.Helper()
	switch {
	case have:
	case os.Getenv("REQUIRE_ALL") == "1":
		t.Fatalf("needs %s, and REQUIRE_ALL=1 lets nothing be skipped", what)
	default:
		t.Skipf("needs %s", what)
	}
}

// Host skips the test unless the host is of a kind that the test is about, which no
// program that could be installed makes it: a kernel built so, CPUs that can do so.
// REQUIRE_ALL=1 asks for all that can be installed, and so it skips there too.
func Host(t testing.TB, is bool, kind string) {
	t.Helper()
	if !is {
		t.Skipf("not on this host: %s", kind)
	}
}

// Program returns a function that builds a main package of this module into dir
// when a test first asks for it, and says where it is.
func Program(dir, pkg string) func(testing.TB) string {
	build := sync.OnceValues(func() (string, error) {
		path := filepath.Join(dir, filepath.Base(pkg))
		if out, err := exec.Command("go", "build", "-buildvcs=false", "-o", path, pkg).CombinedOutput(); err != nil {
			return "", fmt.Errorf("build %s: %w\n%s", pkg, err, out)
		}
		return path, Sources(pkg)
	})
	return func(t testing.TB) string {
		t.Helper()
		Go(t)
		path, err := build()
		if err != nil {
			t.Fatal(err)
		}
		return path
	}
}

// Go asks for the go command.
func Go(t testing.TB) {
	t.Helper()
	_, err := exec.LookPath("go")
	That(t, err == nil, "the go command")
}

// Modules asks that all which a module beside this one needs is in the module cache:
// nothing is downloaded for a test. Dir is the module's, of whose files go test takes
// note.
func Modules(t testing.TB, dir string) {
	t.Helper()
	Go(t)
	cmd := exec.Command("go", "list", "-deps", "./...")
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "GOPROXY=off")
	out, err := cmd.CombinedOutput()
	That(t, err == nil, fmt.Sprintf("the modules of %s, which `go mod download` there has:\n%s", dir, out))
	if err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if err == nil {
			_, err = os.Stat(path)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
}

// Sources looks at the files of this module that packages are made of, which go
// test takes note of: else it would give a result from its cache after a change
// in a package that the test builds or lists but does not import.
func Sources(pkgs string) error {
	const files = `{{if and .Module .Module.Main}}{{$dir := .Dir}}{{range .GoFiles}}{{$dir}}/{{.}}{{"\n"}}{{end}}{{end}}`
	out, err := exec.Command("go", "list", "-deps", "-e", "-f", files, pkgs).Output()
	if err != nil {
		return fmt.Errorf("list the files of %s: %w", pkgs, err)
	}
	for file := range strings.SplitSeq(strings.TrimSpace(string(out)), "\n") {
		if _, err := os.Stat(file); err != nil {
			return err
		}
	}
	return nil
}
