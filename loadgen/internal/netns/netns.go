// Package netns is for tests: it tells network namespaces apart, and who still
// holds one (namespaces(7)), as /proc shows it on Linux.
package netns

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// Of is the network namespace that a process is in.
func Of(t testing.TB, pid int) string {
	t.Helper()
	return At(t, fmt.Sprintf("/proc/%d/ns/net", pid))
}

// At is the network namespace that a path of /proc stands for.
func At(t testing.TB, path string) string {
	t.Helper()
	space, err := os.Readlink(path)
	if err != nil {
		t.Fatal(err)
	}
	return space
}

// Holders are the threads and descriptors that keep a namespace.
func Holders(t testing.TB, space string) (found []string) {
	t.Helper()
	for _, pattern := range []string{"/proc/[0-9]*/task/[0-9]*/ns/net", "/proc/[0-9]*/fd/*"} {
		paths, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			if at, err := os.Readlink(path); err == nil && at == space { // else it has ended meanwhile
				found = append(found, path)
			}
		}
	}
	return found
}
